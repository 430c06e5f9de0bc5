"""Brackets: attached to a purchase or placed alone, they hold what they sell once, whichever leg comes first."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.simulator.worlds import ABC, a_venue, limit, market, minutes, place
from trader.simulator.audit import audit
from trader.simulator.placing import cancel, create, preview
from trader.simulator.refusal import Refusal


def legs(target="105", stop="95", **more):
    return {"trigger_bracket_gtc": {"limit_price": target, "stop_trigger_price": stop, **more}}


def bought(venue, configuration, attached=None, side="BUY"):
    return create(venue, f"mine-{len(venue.orders)}", ABC, side, configuration, attached or legs())


def child_of(venue, order):
    return venue.orders[order.attached_id]


def test_a_bracket_wakes_with_what_was_bought_and_holds_it_once():
    venue = a_venue(abc="0")
    order = bought(venue, market(base="2"))
    child = child_of(venue, order)

    assert (order.status, child.status, child.trigger_status) == ("FILLED", "OPEN", "STOP_PENDING")
    assert child.originating_id == order.order_id
    assert child.configuration["trigger_bracket_gtc"]["base_size"] == "2"
    assert (venue.ledger.held("ABC"), venue.ledger.available("ABC")) == (2, 0)
    assert place(venue, market(base="0.001"), "SELL").reason == "INSUFFICIENT_FUND"
    assert audit(venue) == []


def test_of_a_purchase_by_quote_whole_increments_are_held_and_the_dust_stays_free():
    venue = a_venue(abc="0")
    order = bought(venue, market(quote="100"))

    held = venue.ledger.held("ABC")
    assert held % Decimal("0.001") == 0
    assert 0 < order.filled_base - held < Decimal("0.001")


@pytest.mark.parametrize(
    ("bar", "price", "liquidity", "trigger"),
    [
        ((100, 106, 100, 106), Decimal(105), {"MAKER"}, "STOP_PENDING"),
        ((100, 100, 94, 94), None, {"TAKER"}, "STOP_TRIGGERED"),
    ],
)
def test_either_leg_sells_it_and_nothing_is_left_held(bar, price, liquidity, trigger):
    venue = a_venue(bar, abc="0")
    child = child_of(venue, bought(venue, market(base="1")))
    minutes(venue, 3)

    assert (child.status, child.trigger_status, venue.ledger.held("ABC")) == ("FILLED", trigger, 0)
    sold = [fill for fill in venue.fills if fill.side == "SELL"]
    assert {fill.liquidity for fill in sold} == liquidity
    assert price is None or {fill.price for fill in sold} == {price}
    assert sum(fill.base for fill in sold) == 1
    assert audit(venue) == []


def test_it_waits_queued_for_a_resting_order_and_then_has_its_size():
    venue = a_venue((100, 100, 98, 98, 400), (98, 98, 97, 98, 400))
    order = bought(venue, limit("1", "99"))
    child = child_of(venue, order)
    assert (child.status, venue.ledger.held("ABC")) == ("QUEUED", 0)

    minutes(venue, 3)
    assert (order.status, child.status, child.left_base) == ("FILLED", "OPEN", 1)


def test_of_a_part_filled_order_that_is_cancelled_it_takes_the_part():
    venue = a_venue((100, 100, 98, 98, 8), cancel_seconds=0)
    order = bought(venue, limit("40", "99"))
    minutes(venue, 2)
    assert 0 < order.filled_base < 40
    cancel(venue, order.order_id)

    assert child_of(venue, order).left_base == order.filled_base == venue.ledger.held("ABC")
    assert audit(venue) == []


def test_of_nothing_bought_it_ends_and_it_can_be_cancelled_while_it_waits():
    venue = a_venue(cancel_seconds=0)
    order, another = bought(venue, limit("1", "99")), bought(venue, limit("1", "98"))
    cancel(venue, order.order_id)
    assert (child_of(venue, order).status, child_of(venue, order).filled_base) == ("CANCELLED", 0)

    assert cancel(venue, another.attached_id) is None
    assert (child_of(venue, another).status, another.status) == ("CANCELLED", "OPEN")


def test_it_fails_where_the_base_is_gone_by_then():
    venue = a_venue((100, 100, 98, 98, 8), abc="0", cancel_seconds=0)
    order = bought(venue, limit("40", "99"))
    minutes(venue, 2)
    place(venue, market(base=str(order.filled_base)), "SELL")
    cancel(venue, order.order_id)

    child = child_of(venue, order)
    assert (child.status, child.reject_reason) == ("FAILED", "REJECT_REASON_INSUFFICIENT_FUNDS")
    assert audit(venue) == []


STOP = {"base_size": "1", "limit_price": "105", "stop_price": "104", "stop_direction": "STOP_DIRECTION_STOP_UP"}


@pytest.mark.parametrize(
    ("configuration", "side", "attached", "why"),
    [
        (market(base="1"), "BUY", legs(base_size="1"), "PREVIEW_ATTACHED_ORDER_SIZE_MUST_BE_NIL"),
        (market(base="1"), "BUY", limit(), "PREVIEW_INVALID_ORDER_CONFIG"),
        (market(base="1"), "SELL", legs(), "PREVIEW_INVALID_BRACKET_ORDER_SIDE"),
        ({"stop_limit_stop_limit_gtc": STOP}, "BUY", legs(), "PREVIEW_ATTACHED_ORDERS_ONLY_ALLOWED_ON_MARKET_LIMIT"),
        (market(base="1"), "BUY", legs(stop="0"), "PREVIEW_ATTACHED_ORDER_MUST_HAVE_POSITIVE_PRICES"),
        (market(base="1"), "BUY", legs(target="99"), "PREVIEW_INVALID_ATTACHED_TAKE_PROFIT_PRICE"),
        (market(base="1"), "BUY", legs(stop="101"), "PREVIEW_INVALID_ATTACHED_STOP_LOSS_PRICE"),
        (market(base="1"), "BUY", legs(target="105.001"), "PREVIEW_INVALID_ATTACHED_TAKE_PROFIT_PRICE_PRECISION"),
        (market(base="1"), "BUY", legs(stop="95.001"), "PREVIEW_INVALID_ATTACHED_STOP_LOSS_PRICE_PRECISION"),
        (limit("1", "97"), "BUY", legs(stop="98"), "PREVIEW_INVALID_ATTACHED_STOP_LOSS_PRICE"),
    ],
)
def test_a_bad_attachment_is_refused_by_create_and_preview_alike(configuration, side, attached, why):
    venue = a_venue()
    refused = bought(venue, configuration, attached, side)

    assert isinstance(refused, Refusal)
    assert refused.preview == why
    assert preview(venue, ABC, side, configuration, attached) == refused
    assert not venue.orders


def test_a_bracket_placed_alone_reserves_the_base_once_for_both_legs():
    venue = a_venue(abc="1")
    fields = {"base_size": "1", "limit_price": "105", "stop_trigger_price": "95"}
    order = place(venue, {"trigger_bracket_gtc": fields}, "SELL")

    assert (order.status, venue.ledger.held("ABC"), venue.ledger.available("ABC")) == ("OPEN", 1, 0)
    by_quote = {"trigger_bracket_gtc": {**fields, "base_size": "", "quote_size": "5"}}
    assert place(venue, by_quote, "SELL").reason == "QUOTE_SIZE_NOT_ALLOWED_FOR_BRACKET"


@pytest.mark.parametrize(
    "configuration",
    [
        {"twap_limit_gtd": {"base_size": "1", "limit_price": "99", "end_time": "2026-01-05T14:00:00Z"}},
        {"scaled_limit_gtc": {"base_size": "1", "num_orders": 3, "min_price": "90", "max_price": "99"}},
        {"sor_limit_fok": {"base_size": "1"}},
    ],
)
def test_kinds_that_are_not_simulated_are_refused_with_the_venues_code(configuration):
    refused = place(a_venue(), configuration)
    assert (refused.reason, refused.preview) == ("UNSUPPORTED_ORDER_CONFIGURATION", "PREVIEW_INVALID_ORDER_CONFIG")
