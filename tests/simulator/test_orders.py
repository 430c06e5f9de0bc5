"""Orders on the simulated venue: accepted, refused, filled, cancelled, edited, expired."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.simulator.worlds import ABC, NOON, a_venue, limit, market, minutes, place
from trader.simulator.audit import audit
from trader.simulator.placing import cancel, create, edit, preview
from trader.simulator.refusal import BadRequest, Refusal
from trader.simulator.restating import restate


def test_a_buy_by_quote_has_its_fee_inside_and_sixteen_decimals():
    venue = a_venue()

    order = place(venue, market(quote="100"))

    assert order.status == "FILLED"
    assert order.filled_quote + order.fees == 100
    assert order.filled_base.as_tuple().exponent == -16
    assert order.number_of_fills == 2
    assert all(fill.size_in_quote for fill in venue.fills)
    assert venue.ledger.available("USD") == 9900
    assert audit(venue) == []


def test_a_resting_buy_is_filled_in_parts_by_trades_that_go_through_it_and_pays_the_maker_fee():
    venue = a_venue((100, 100, 98, 98, 8), (98, 98, 98, 98, 80))
    order = place(venue, limit("3", "99"))
    assert venue.ledger.held("USD") == 3 * 99 * Decimal("1.006")

    minutes(venue, 1.7)
    assert order.status == "OPEN"
    assert 0 < order.filled_base < 3
    assert audit(venue) == []

    minutes(venue, 2)
    assert (order.status, order.filled_quote, order.fees) == ("FILLED", 297, Decimal("297") * Decimal("0.004"))
    assert venue.ledger.held("USD") == 0
    assert audit(venue) == []


def test_a_trade_at_the_limit_is_not_through_it():
    venue = a_venue((100, 100, 99, 100))
    order = place(venue, limit("1", "99"))

    minutes(venue, 2)

    assert order.filled_base == 0


UNSUPPORTED = "UNSUPPORTED_ORDER_CONFIGURATION"
BAD_CONFIG, BAD_END = "PREVIEW_INVALID_ORDER_CONFIG", "PREVIEW_INVALID_END_TIME"
CROSSES = "INVALID_LIMIT_PRICE_POST_ONLY"


@pytest.mark.parametrize(
    ("configuration", "side", "reason", "preview_reason"),
    [
        (limit("1", "99.001"), "BUY", "INVALID_PRICE_PRECISION", "PREVIEW_INVALID_PRICE_PRECISION"),
        (limit("1.0001", "99"), "BUY", "INVALID_SIZE_PRECISION", "PREVIEW_INVALID_SIZE_PRECISION"),
        (market(quote="10.001"), "BUY", "INVALID_SIZE_PRECISION", "PREVIEW_INVALID_QUOTE_SIZE_PRECISION"),
        (market(quote="0.5"), "BUY", "UNKNOWN_FAILURE_REASON", "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL"),
        (market(base="0.0001"), "SELL", "UNKNOWN_FAILURE_REASON", "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL"),
        (limit("2000000000000", "99"), "SELL", "UNKNOWN_FAILURE_REASON", "PREVIEW_INVALID_BASE_SIZE_TOO_LARGE"),
        (limit("200", "99"), "BUY", "INSUFFICIENT_FUND", "PREVIEW_INSUFFICIENT_FUND"),
        (limit("51", "120"), "SELL", "INSUFFICIENT_FUND", "PREVIEW_INSUFFICIENT_FUND"),
        (limit("1", "101", post_only=True), "BUY", CROSSES, f"PREVIEW_{CROSSES}"),
        (limit("1", "0"), "SELL", "INVALID_LIMIT_PRICE", "PREVIEW_INVALID_LIMIT_PRICE"),
        (limit("1", "NaN"), "BUY", "INVALID_REQUEST", "PREVIEW_NON_NUMERIC_ORDER_SIZE"),
        (limit("one", "99"), "BUY", "INVALID_REQUEST", "PREVIEW_NON_NUMERIC_ORDER_SIZE"),
        (limit(tif="gtd"), "BUY", "GTD_ORDERS_MUST_HAVE_END_TIME", BAD_END),
        (limit(tif="gtd", end_time="2026-01-05T11:00:00Z"), "BUY", "END_TIME_IS_IN_THE_PAST", BAD_END),
        (limit(tif="gtd", end_time="2036-01-05T11:00:00Z"), "BUY", "END_TIME_TOO_FAR_IN_FUTURE", BAD_END),
        ({"market_market_fok": {"base_size": "1"}}, "BUY", UNSUPPORTED, BAD_CONFIG),
        ({}, "BUY", UNSUPPORTED, BAD_CONFIG),
        ({"market_market_ioc": {}}, "BUY", UNSUPPORTED, BAD_CONFIG),
        ({"market_market_ioc": {"base_size": "1", "quote_size": "1"}}, "BUY", UNSUPPORTED, BAD_CONFIG),
        (market(quote="5"), "SELL", "QUOTE_ORDERS_NOT_ALLOWED_FOR_PRODUCT", BAD_CONFIG),
        (limit(), "HOLD", "INVALID_SIDE", "PREVIEW_INVALID_SIDE"),
    ],
)  # fmt: skip
def test_a_bad_order_is_refused_with_the_venues_code_by_create_and_preview_alike(
    configuration, side, reason, preview_reason
):
    venue = a_venue()

    refused = place(venue, configuration, side)

    assert (refused.reason, refused.preview) == (reason, preview_reason)
    assert preview(venue, ABC, side, configuration) == refused
    assert not venue.orders
    assert audit(venue) == []


@pytest.mark.parametrize(
    ("flag", "configuration", "reason"),
    [
        ("is_disabled", limit(), "UNTRADABLE_PRODUCT"),
        ("view_only", limit(), "UNTRADABLE_PRODUCT"),
        ("trading_disabled", limit(), "TRADING_DISABLED"),
        ("auction_mode", limit(), "PRODUCT_TRADING_HALTED"),
        ("cancel_only", limit(), "ORDER_ENTRY_DISABLED"),
        ("limit_only", market(quote="5"), "UNSUPPORTED_ORDER_CONFIGURATION"),
        ("post_only", limit(), "ORDER_ENTRY_DISABLED"),
    ],
)
def test_a_flag_closes_the_product_and_a_cancel_still_goes_through(flag, configuration, reason):
    venue = a_venue()
    resting = place(venue, limit())
    venue.change_listing(ABC, **{flag: True})

    assert place(venue, configuration).reason == reason
    assert cancel(venue, resting.order_id) is None


def test_numbers_must_come_as_strings():
    with pytest.raises(BadRequest) as caught:
        place(a_venue(), {"market_market_ioc": {"quote_size": 10.5}})
    assert caught.value.status == 400


def test_the_same_client_order_id_never_makes_a_second_order():
    venue = a_venue()
    first = place(venue, limit("1", "99"), client_order_id="twin")

    again = place(venue, market(quote="500"), client_order_id="twin")

    assert again is first
    assert list(venue.orders) == [first.order_id]


def test_the_other_way_a_repeated_client_order_id_is_refused():
    venue = a_venue(duplicates_refused=True)
    place(venue, limit(), client_order_id="twin")

    assert place(venue, limit(), client_order_id="twin").reason == "DUPLICATE_CLIENT_ORDER_ID"
    assert len(venue.orders) == 1


def test_a_refused_order_does_not_use_up_its_client_order_id():
    venue = a_venue()
    place(venue, limit("1000"), client_order_id="again")

    assert not isinstance(place(venue, limit("1"), client_order_id="again"), Refusal)


def test_an_ioc_takes_what_is_there_and_the_rest_is_cancelled():
    venue = a_venue(usd="100000000")
    depth = venue.depth(venue.listings[ABC])
    ioc = {"sor_limit_ioc": {"base_size": "100000", "limit_price": str(depth.asks[1].price)}}

    order = place(venue, ioc)

    assert order.status == "CANCELLED"
    assert order.filled_base == depth.asks[0].size + depth.asks[1].size
    assert venue.ledger.held("USD") == 0
    assert audit(venue) == []


def test_a_fok_is_all_or_nothing():
    venue = a_venue(usd="100000000")
    depth = venue.depth(venue.listings[ABC])
    price = str(depth.ask)

    whole = place(venue, limit("1", price, tif="fok"))
    assert whole.status == "FILLED"
    nothing = place(venue, limit("100000", price, tif="fok"))
    assert (nothing.status, nothing.filled_base) == ("CANCELLED", 0)


def test_price_protection_cancels_what_lies_too_far_from_the_mid():
    venue = a_venue(usd="100000000", price_protection=Decimal("0.0002"))

    order = place(venue, market(quote="10000000"))

    assert order.status == "CANCELLED"
    assert 0 < order.filled_quote + order.fees < 10_000_000
    assert venue.ledger.held("USD") == 0
    assert audit(venue) == []


def test_what_was_taken_is_gone_until_the_market_trades_again():
    venue = a_venue(usd="100000")
    before = venue.depth(venue.listings[ABC])
    place(venue, {"sor_limit_ioc": {"base_size": str(before.asks[0].size), "limit_price": str(before.ask)}})

    assert venue.depth(venue.listings[ABC]).ask > before.ask
    minutes(venue, 1)
    assert venue.depth(venue.listings[ABC]).ask == before.ask


def test_a_cancel_is_asynchronous_and_a_fill_can_win():
    venue = a_venue((100, 100, 90, 90), cancel_seconds=120)
    order = place(venue, limit("1", "99"))

    assert cancel(venue, order.order_id) is None
    assert (order.status, order.pending_cancel) == ("CANCEL_QUEUED", True)
    assert cancel(venue, order.order_id) == "DUPLICATE_CANCEL_REQUEST"
    minutes(venue, 3)

    assert order.status == "FILLED"
    assert cancel(venue, order.order_id) == "ORDER_IS_FULLY_FILLED"
    assert cancel(venue, "nobody") == "UNKNOWN_CANCEL_ORDER"
    assert audit(venue) == []


def test_a_cancelled_order_frees_its_hold():
    venue = a_venue()
    order = place(venue, limit("1", "99"))
    cancel(venue, order.order_id)
    minutes(venue, 1)

    assert (order.status, order.cancel_message) == ("CANCELLED", "User requested cancel")
    assert venue.ledger.available("USD") == 10_000


def test_an_order_waits_as_pending_where_that_is_asked_for():
    venue = a_venue(pending_seconds=30)
    order = place(venue, market(quote="10"))
    assert (order.status, venue.ledger.held("USD")) == ("PENDING", 10)

    minutes(venue, 1)
    assert order.status == "FILLED"


def test_an_accepted_order_can_still_fail_and_its_money_is_free_again():
    venue = a_venue(pending_seconds=30, waits_as="QUEUED", fails_with="HOLD_FAILURE")
    order = place(venue, limit())
    assert order.status == "QUEUED"

    minutes(venue, 1)
    assert (order.status, order.reject_reason) == ("FAILED", "HOLD_FAILURE")
    assert venue.ledger.available("USD") == 10_000
    assert audit(venue) == []


def test_a_pending_order_can_be_cancelled_before_it_reaches_the_book():
    venue = a_venue(pending_seconds=30, cancel_seconds=60)
    order = place(venue, market(quote="10"))

    assert cancel(venue, order.order_id) is None
    minutes(venue, 2)
    assert (order.status, order.filled_base) == ("CANCELLED", 0)


def test_a_gtd_order_expires():
    venue = a_venue()
    end = (NOON + timedelta(minutes=5)).isoformat()
    order = place(venue, limit("1", "90", tif="gtd", end_time=end))

    minutes(venue, 6)

    assert (order.status, order.cancel_message) == ("EXPIRED", "Order expired")
    assert venue.ledger.held("USD") == 0


def stop(size="1", limit_price="94", stop_price="95", up=False):
    direction = f"STOP_DIRECTION_STOP_{'UP' if up else 'DOWN'}"
    fields = {"base_size": size, "limit_price": limit_price, "stop_price": stop_price, "stop_direction": direction}
    return {"stop_limit_stop_limit_gtc": fields}


def bracket(target="105", trigger="95"):
    return {"trigger_bracket_gtc": {"base_size": "1", "limit_price": target, "stop_trigger_price": trigger}}


def test_a_stop_waits_triggers_and_sells():
    venue = a_venue((100, 100, 97, 97), (97, 97, 94.5, 94.5))
    order = place(venue, stop(), "SELL")
    minutes(venue, 2)
    assert (order.trigger_status, order.filled_base) == ("STOP_PENDING", 0)

    minutes(venue, 2)
    assert (order.trigger_status, order.status) == ("STOP_TRIGGERED", "FILLED")
    assert all(fill.price >= 94 for fill in venue.fills)
    assert audit(venue) == []


@pytest.mark.parametrize(
    ("configuration", "side", "why"),
    [
        (stop(stop_price="101", limit_price="94"), "SELL", "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"),
        (stop(stop_price="99", limit_price="101", up=True), "BUY", "PREVIEW_STOP_PRICE_BELOW_LAST_TRADE_PRICE"),
        (stop(stop_price="105", limit_price="101", up=True), "BUY", "PREVIEW_STOP_PRICE_ABOVE_LIMIT_PRICE"),
        (stop(stop_price="95", limit_price="96"), "SELL", "PREVIEW_STOP_PRICE_BELOW_LIMIT_PRICE"),
        (bracket(trigger="101"), "SELL", "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"),
    ],
)
def test_a_stop_lies_on_the_right_side(configuration, side, why):
    assert place(a_venue(), configuration, side).preview == why


def test_spot_may_not_take_stop_limits_at_all():
    assert place(a_venue(stop_limit_on_spot=False), stop(), "SELL").reason == "UNSUPPORTED_ORDER_CONFIGURATION"


def test_a_bracket_takes_its_profit_as_a_maker():
    venue = a_venue((100, 106, 100, 106))
    order = place(venue, bracket(), "SELL")
    minutes(venue, 3)

    assert order.status == "FILLED"
    assert {(fill.price, fill.liquidity) for fill in venue.fills} == {(Decimal(105), "MAKER")}


def test_a_bracket_stops_out_through_the_book():
    venue = a_venue((100, 100, 94, 94))
    order = place(venue, bracket(), "SELL")
    minutes(venue, 3)

    assert (order.status, order.trigger_status) == ("FILLED", "STOP_TRIGGERED")
    assert {fill.liquidity for fill in venue.fills} == {"TAKER"}
    assert audit(venue) == []


def test_an_edit_changes_price_size_and_hold():
    venue = a_venue()
    order = place(venue, limit("1", "99"))

    assert edit(venue, order.order_id, "98", "2") is None
    assert order.status == "EDIT_QUEUED"
    minutes(venue, 1)

    assert (order.status, order.terms.limit_price, order.left_base) == ("OPEN", 98, 2)
    assert venue.ledger.held("USD") == 2 * 98 * Decimal("1.006")
    assert audit(venue) == []


def test_an_edit_is_refused_with_the_venues_code():
    venue = a_venue()
    order, filled = place(venue, limit("1", "99")), place(venue, market(quote="10"))

    assert edit(venue, "nobody", "1", "1") == "ORDER_NOT_FOUND"
    assert edit(venue, filled.order_id, "98", "1") == "ONLY_OPEN_ORDERS_CAN_BE_EDITED"
    assert edit(venue, order.order_id, "99", "1") == "EDIT_REQUEST_EQUAL_TO_ORIGINAL_REQUEST"
    assert edit(venue, order.order_id, "98.001", "1") == "INVALID_EDITED_PRICE"
    assert edit(venue, order.order_id, "98", "0.0001") == "INVALID_EDITED_SIZE"
    assert edit(venue, order.order_id, "98", "5000") == "COMMANDER_REJECTED_EDIT_ORDER"


def test_a_reversal_and_a_correction_move_the_money_and_keep_the_trade_id():
    venue = a_venue()
    place(venue, market(base="1"))
    first = venue.fills[0]

    rows = restate(venue, first.entry_id, Decimal("100.5"))

    assert [row.trade_type for row in rows] == ["REVERSAL", "CORRECTION"]
    assert {row.trade_id for row in rows} == {first.trade_id}
    assert len({row.entry_id for row in venue.fills}) == 3
    assert audit(venue) == []


def test_increments_may_change_under_way():
    venue = a_venue()
    order = place(venue, limit("1.001", "99"))
    venue.change_listing(ABC, base_increment=Decimal("0.1"))

    assert place(venue, limit("1.001", "99")).reason == "INVALID_SIZE_PRECISION"
    assert cancel(venue, order.order_id) is None


def test_a_missing_wallet_is_an_http_error():
    venue = a_venue()
    venue.listings["ABC-EUR"] = replace(venue.listings[ABC], product_id="ABC-USD", quote="EUR")
    with pytest.raises(BadRequest, match="account is not available"):
        create(venue, "x", "ABC-EUR", "BUY", market(quote="5"))


@pytest.mark.parametrize(("share", "filled"), [("0.5", 5), ("0.1", 1)])
def test_a_trade_that_passes_gives_only_its_share(share, filled):
    """Each bar of 80 has eight trades of 10; one of them goes through the limit."""
    venue = a_venue((100, 100, 99, 99), (99, 99, 98.5, 99), print_share=Decimal(share))
    order = place(venue, limit("40", "98.9"))
    minutes(venue, 3)

    assert {fill.base for fill in venue.fills} == {Decimal(filled)}
    assert order.filled_base == filled * order.number_of_fills


def test_a_product_takes_only_so_many_open_orders():
    venue = a_venue(orders_open_max=2)
    first = place(venue, limit())
    place(venue, limit())
    assert place(venue, limit()).reason == "BREACHED_RISK_LIMIT"
    cancel(venue, first.order_id)
    minutes(venue, 1)
    assert not isinstance(place(venue, limit()), Refusal)
