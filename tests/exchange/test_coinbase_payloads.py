"""
What was recorded from the venue becomes our nouns, number for number.

The recordings lie outside the repository, under $TRADER_TEST_DATA; without them those tests are skipped.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.exchange.coinbase_worlds import an_order
from trader.coinbase.answers import ProductRow
from trader.exchange.coinbase_failures import Failed
from trader.exchange.coinbase_nouns import (
    balances_by_currency,
    fill_noun,
    order_noun,
    terms_noun,
    time_noun,
)
from trader.exchange.coinbase_orders import placed
from trader.exchange.coinbase_payloads import (
    Accounts,
    Fees,
    Fill,
    Fills,
    OneOrder,
    Order,
    Orders,
    Permissions,
    Products,
    ServerTime,
    read,
)
from trader.model.money import Liquidity
from trader.model.trading import Side
from trader.model.wire import FillKind, VenueStatus, WireKind
from trader.ports import Refused, WireDown

DATA = Path(os.environ.get("TRADER_TEST_DATA", "")) / "coinbase_payloads"
recordings = pytest.mark.skipif(
    not (os.environ.get("TRADER_TEST_DATA") and DATA.is_dir()),
    reason="no recorded payloads: set TRADER_TEST_DATA to a folder with coinbase_payloads",
)
LIVE, NAUTILUS = "live_ws_2026/rest_", "nautilus_trader/crates__adapters__coinbase__test_data__http_"
WHO = {
    "order_id": "0-1", "client_order_id": "mine", "product_id": "BTC-USD", "side": "BUY",
    "created_time": "2023-10-02T06:30:22.006953990Z",
}  # fmt: skip
"""What the collectors of some recordings left out."""


def recorded(name, model):
    answer = read(model, json.loads((DATA / f"{name}.json").read_text()))
    assert not isinstance(answer, Failed), answer
    return answer


@recordings
@pytest.mark.req("X1")
@pytest.mark.parametrize(
    ("name", "model", "rows"),
    [
        (f"{LIVE}accounts_2026-09-30", Accounts, 2),
        (f"{LIVE}list_orders_empty_2026-09-30", Orders, 0),
        (f"{LIVE}market_product_BTC-USD_2026-09-30", ProductRow, None),
        (f"{LIVE}time_2026-09-30", ServerTime, None),
        (f"{NAUTILUS}accounts", Accounts, 2),
        (f"{NAUTILUS}orders_list", Orders, 2),
        (f"{NAUTILUS}order", OneOrder, None),
        (f"{NAUTILUS}fills", Fills, 2),
        (f"{NAUTILUS}product", ProductRow, None),
        (f"{NAUTILUS}products", Products, None),
        ("ccxt/fetchClosedOrders_list_orders", Orders, 1),
        ("ccxt/fetchMyTrades_fills", Fills, 1),
        ("real_orders/market_buy_quote_2024-12-05", Order, None),
        ("real_orders/market_buy_quote_internal_error_msg_2023-08-04", Order, None),
    ],
)
def test_every_recording_is_understood(name, model, rows):
    answer = recorded(name, model)
    if rows is not None:
        assert len(next(value for value in vars(answer).values() if isinstance(value, tuple))) == rows
    for order in getattr(answer, "orders", [answer] if model is Order else []):
        assert order_noun(order).order_id == order.order_id
    for fill in getattr(answer, "fills", ()):
        assert fill_noun(fill).size > 0
    for product in getattr(answer, "products", [answer] if model is ProductRow else []):
        assert product.state.tradable is True


@recordings
def test_a_recorded_order_is_what_it_was():
    order = order_noun(recorded("real_orders/market_buy_quote_2024-12-05", Order))

    assert (order.kind, order.status, order.side) == ("", VenueStatus.FILLED, Side.BUY)
    assert (order.size, order.quote_size, order.limit_price) == (None, Decimal("1.5"), None)
    assert order.filled_size == Decimal("0.0000144833961948")
    assert order.filled_value_usd + order.fees_usd == Decimal("1.5")
    assert order.created_at == datetime(2024, 12, 5, 14, 1, 7, 278515, UTC)
    assert order.reason == ""


@recordings
def test_the_words_of_a_filled_order_do_not_change_its_status():
    order = order_noun(recorded("real_orders/market_buy_quote_internal_error_msg_2023-08-04", Order))

    assert (order.status, order.reason) == (VenueStatus.FILLED, "Internal error")


@recordings
@pytest.mark.parametrize("number", [0, 1])
def test_excerpts_are_understood_once_they_are_made_whole(number):
    row = json.loads((DATA / "real_orders/market_orders_zero_fee_gbp_2023.json").read_text())[number]
    order = order_noun(read(Order, {**WHO, **row}))

    assert order.fees_usd == 0
    assert order.filled_value_usd == Decimal(row["filled_value"])
    missing = read(Order, row)
    assert "order_id: field required" in missing.sentence
    assert missing.sentence.endswith("more") or "created_time" in missing.sentence


@recordings
def test_numbers_that_were_texts_lose_nothing():
    rows = json.loads((DATA / "real_orders/lifecycle_2023-02_numbers_were_parsed_by_author.json").read_text())
    row = {"total_fees": "0", "filled_value": "0", "filled_size": 0.000972, **rows["limit_buy_filled_better_price"]}
    order = order_noun(read(Order, {**row, **WHO}))

    assert (order.kind, order.size, order.limit_price) == (WireKind.LIMIT_GTC, Decimal("0.000972"), Decimal("23660"))
    assert order.filled_value_usd == Decimal("22.99424436")


@recordings
def test_a_recorded_order_that_was_to_end_says_when():
    rows = json.loads((DATA / "real_orders/lifecycle_2023-02_numbers_were_parsed_by_author.json").read_text())
    row = {"total_fees": "0", "filled_value": "0", "filled_size": "0", **rows["expired_gtd"], **WHO}

    order = order_noun(read(Order, row))

    assert (order.kind, order.status) == (WireKind.LIMIT_GTD, VenueStatus.EXPIRED)
    assert order.end_time == datetime(2023, 2, 3, 20, 12, 15, tzinfo=UTC)


@pytest.mark.parametrize("said", [{}, {"end_time": None}, {"end_time": ""}, {"end_time": "0001-01-01T00:00:00Z"}])
def test_an_order_without_an_end_has_none(said):
    terms = {"base_size": "1", "limit_price": "2", "post_only": False, **said}
    sums = {"total_fees": "0", "filled_value": "0", "filled_size": "0", "status": "OPEN"}

    order = order_noun(read(Order, {**sums, **WHO, "order_configuration": {"limit_limit_gtc": terms}}))

    assert (order.kind, order.end_time) == (WireKind.LIMIT_GTC, None)


@recordings
def test_the_recorded_refusal_is_a_refusal():
    rows = json.loads((DATA / "errors/rest_error_bodies.json").read_text())
    body = next(row["body"] for row in rows if row["status"] == 200)

    answer = placed(an_order("mine"), body)

    assert answer == Refused("INSUFFICIENT_FUND, PREVIEW_INSUFFICIENT_FUND: Insufficient balance in source account")


@recordings
def test_the_recorded_time_and_wallets():
    assert time_noun(recorded(f"{LIVE}time_2026-09-30", ServerTime)) == datetime(2026, 9, 30, 2, 37, 29, 298000, UTC)
    wallets = balances_by_currency(list(recorded(f"{NAUTILUS}accounts", Accounts).accounts))
    assert wallets["USD"].total == Decimal("10450.50")
    assert wallets["BTC"].hold == Decimal("0.005")


def fill(**more):
    row = {
        "entry_id": "e", "trade_id": "t", "order_id": "0-1", "trade_time": "2026-11-22T12:00:00.5Z",
        "trade_type": "FILL", "price": "0.255", "size": "0.9940357852882704", "commission": "0.0059642147117296",
        "product_id": "BTC-USD", "liquidity_indicator": "TAKER", "size_in_quote": True, "side": "BUY", **more,
    }  # fmt: skip
    return read(Fill, row)


def test_a_size_in_quote_becomes_base():
    noun = fill_noun(fill())

    assert noun.size == Decimal("3.89817955015008")
    assert abs(noun.size * noun.price - Decimal("0.9940357852882704")) < Decimal("1e-16")
    assert fill_noun(fill(size_in_quote=False)).size == Decimal("0.9940357852882704")


@pytest.mark.parametrize("kind", FillKind)
def test_each_kind_of_row_keeps_its_kind(kind):
    noun = fill_noun(fill(trade_type=kind.name, liquidity_indicator="MAKER"))

    assert (noun.kind, noun.liquidity) == (kind, Liquidity.MAKER)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"side": "UNKNOWN_ORDER_SIDE"}, "fill e: side 'UNKNOWN_ORDER_SIDE' is neither BUY nor SELL"),
        ({"price": "0"}, "fill e: price 0 and size"),
        ({"size": "-1"}, "and size -1 cannot be of an execution"),
    ],
)
def test_a_fill_that_cannot_be_is_a_sentence(more, words):
    with pytest.raises(WireDown, match=words):
        fill_noun(fill(**more))


def test_a_row_of_a_kind_nobody_knows_is_no_execution_and_spoils_no_other():
    assert fill_noun(fill(trade_type="GIFT")).kind is FillKind.OTHER


@pytest.mark.parametrize("more", [{"commission": ""}, {"price": ""}, {"size": None}, {"price": "NaN"}, {"size": "inf"}])
def test_a_fill_without_its_numbers_is_not_guessed(more):
    answer = fill(**more)

    assert isinstance(answer, Failed)
    assert next(iter(more)) in answer.sentence


def order(**more):
    row = {**WHO, "status": "OPEN", "filled_size": "", "filled_value": "", "total_fees": "", **more}
    return read(Order, row)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("PENDING", "pending"), ("QUEUED", "pending"), ("OPEN", "open"), ("EDIT_QUEUED", "open"),
        ("CANCEL_QUEUED", "cancel_queued"), ("FILLED", "filled"), ("CANCELLED", "cancelled"), ("EXPIRED", "expired"),
        ("FAILED", "failed"), ("UNKNOWN_ORDER_STATUS", "unknown"), ("NEW_IN_2027", "unknown"),
    ],
)  # fmt: skip
def test_a_status_we_do_not_know_is_never_final(status, expected):
    assert order_noun(order(status=status)).status == expected
    assert not VenueStatus.UNKNOWN.final


@pytest.mark.parametrize(
    ("configuration", "kind", "size"),
    [
        ({"sor_limit_ioc": {"base_size": "1", "limit_price": "2"}}, "limit_ioc", Decimal(1)),
        ({"limit_limit_gtd": {"base_size": "1", "limit_price": "2", "post_only": True}}, "limit_gtd", Decimal(1)),
        ({"limit_limit_fok": {"base_size": "1", "limit_price": "2"}}, "", Decimal(1)),
        ({"market_market_ioc": {"quote_size": "5", "base_size": ""}}, "", None),
        ({"scaled_limit_gtc": {"orders": [{"base_size": "1"}], "num_orders": 3}}, "", None),
        ({"sor_limit_ioc": None}, "", None),
        ({}, "", None),
        (None, "", None),
    ],
)
def test_each_configuration_is_read_for_what_it_is(configuration, kind, size):
    noun = order_noun(order(order_configuration=configuration, last_fill_time=None, new_in_2027={}))

    assert (noun.kind, noun.size, noun.filled_size) == (kind, size, Decimal(0))


def test_why_an_order_ended_is_kept():
    assert order_noun(order(reject_reason="HOLD_FAILURE", cancel_message="x")).reason == "HOLD_FAILURE"
    told = order_noun(
        order(reject_reason="REJECT_REASON_UNSPECIFIED", reject_message=None, cancel_message="User requested")
    )
    assert told.reason == "User requested"


def account(currency="USD", kind="ACCOUNT_TYPE_FIAT", value="1", hold="0.5"):
    amounts = {
        "available_balance": {"value": value, "currency": currency},
        "hold": {"value": hold, "currency": currency},
    }
    return {"uuid": "u", "currency": currency, "type": kind, **amounts}


def test_wallets_of_one_currency_count_together_and_a_vault_not_at_all():
    rows = [
        account(),
        account(value="2"),
        account(kind="ACCOUNT_TYPE_VAULT"),
        account("BTC", "ACCOUNT_TYPE_PERP_FUTURES"),
    ]
    wallets = balances_by_currency(list(read(Accounts, {"accounts": rows, "has_next": False}).accounts))

    assert {name: wallet.total for name, wallet in wallets.items()} == {"USD": Decimal(4)}


FLAGS = dict.fromkeys(
    ["is_disabled", "cancel_only", "limit_only", "post_only", "trading_disabled", "auction_mode"], False
)  # fmt: skip


def product(**more):
    row = {"product_id": "BTC-USD", "base_increment": "0.1", "price_increment": "", "quote_increment": "0.01", **more}
    return read(ProductRow, {**row, "base_min_size": "0.1", "status": "online", "price": "", **FLAGS, **more})


@pytest.mark.parametrize(
    ("more", "tradable"),
    [
        ({}, True),
        ({"view_only": None}, True),
        ({"status": ""}, False),
        ({"status": "offline"}, False),
        ({"is_disabled": True}, False),
        ({"trading_disabled": True}, False),
        ({"cancel_only": True}, False),
        ({"auction_mode": True}, False),
        ({"view_only": True}, False),
        ({"limit_only": True}, True),
        ({"post_only": True}, True),
    ],
)
def test_what_a_product_permits(more, tradable):
    state = product(**more).state

    assert (state.tradable, state.price_increment, state.base_max_size) == (tradable, Decimal("0.01"), None)
    assert (state.limit_only, state.post_only) == (more.get("limit_only", False), more.get("post_only", False))


def test_a_product_without_increments_or_flags_is_not_guessed():
    assert "neither a price_increment nor a quote_increment" in product(quote_increment="").sentence
    assert "is_disabled: input should be a valid boolean" in product(is_disabled="no").sentence


def test_terms_are_read_in_bps():
    fees = read(Fees, {"fee_tier": {"maker_fee_rate": "0.0040", "taker_fee_rate": "0.0065"}, "margin_rate": None})
    may = read(Permissions, {"can_view": True, "can_trade": False, "can_transfer": False, "portfolio_uuid": None})
    terms = terms_noun(fees, may)

    assert (terms.maker_bps, terms.taker_bps, terms.can_trade, terms.portfolio_id) == (40, 65, False, "")
