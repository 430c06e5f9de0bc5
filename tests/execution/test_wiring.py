"""What leaves for a venue: never more, never dearer than was approved, always on the increments."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.execution.wiring import WirePolicy, differences, wire_order
from trader.model.money import BPS, ONE
from trader.model.orders import OrderIntent, OrderType
from trader.model.trading import Side
from trader.model.wire import ProductState, VenueOrder, VenueStatus, WireKind, WireOrder

NOW = datetime(2025, 6, 1, tzinfo=UTC)
POLICY = WirePolicy()
BUY, SELL = Side.BUY, Side.SELL
PRODUCT = ProductState("BTC-USD", Decimal("0.00000001"), Decimal("0.01"), Decimal("0.00000001"))


def an_intent(side=BUY, order_type=OrderType.MARKET, **changes):
    intent = OrderIntent(
        "t247-BTC-USD-1-abc", NOW, "BTC-USD", side, "sma", Decimal("0.01"), order_type,
        Decimal(49_990) if order_type is OrderType.LIMIT_MAKER else None, Decimal(50_000),
        Decimal("504.5") if side is BUY else Decimal(0), Decimal(45_000),
    )  # fmt: skip
    return replace(intent, **changes)


steps = st.sampled_from([Decimal(1).scaleb(-n) for n in range(9)])
sizes = st.decimals("0.000001", "1000", places=8)
prices = st.decimals("0.0001", "100000", places=6)


@pytest.mark.req("ROUTE", "E1")
@given(steps, steps, sizes, prices, st.decimals("1.0061", "1.05", places=4), st.sampled_from(list(OrderType)))
def test_no_rounding_ever_makes_an_order_larger_or_dearer_than_was_approved(base, quote, size, price, factor, kind):
    side = SELL if kind is OrderType.STOP_LIMIT else BUY
    intent = an_intent(
        side, kind, size=size, reference_price=price, worst_case_usd=size * price * factor,
        limit_price=price, stop_price=price,
    )  # fmt: skip
    product = replace(PRODUCT, base_increment=base, price_increment=quote, base_min_size=base, quote_min_usd=Decimal(0))

    sent = wire_order(intent, product, POLICY, NOW)

    if isinstance(sent, str):
        return
    assert 0 < sent.size <= size
    assert sent.size % base == 0
    assert sent.limit_price % quote == 0
    if kind is OrderType.MARKET:
        assert sent.size * sent.limit_price * (ONE + POLICY.taker_bps * BPS) <= intent.worst_case_usd
    else:
        assert sent.limit_price <= price or sent.limit_price == quote


@pytest.mark.req("ROUTE")
@given(steps, prices)
def test_an_exit_sells_no_lower_than_its_bound(quote, price):
    product = replace(PRODUCT, price_increment=quote)

    sent = wire_order(an_intent(SELL, size=Decimal(1_000_000), reference_price=price), product, POLICY, NOW)

    assert isinstance(sent, WireOrder)
    assert sent.limit_price >= price * (ONE - POLICY.exit_slippage_bps * BPS)


@pytest.mark.req("ROUTE")
@pytest.mark.parametrize(
    ("intent", "kind", "post_only", "ends", "price", "stop"),
    [
        (an_intent(), WireKind.LIMIT_IOC, False, None, "50149.10", None),
        (an_intent(SELL), WireKind.LIMIT_IOC, False, None, "49250.00", None),
        (an_intent(BUY, OrderType.LIMIT_MAKER), WireKind.LIMIT_GTD, True, NOW + timedelta(minutes=1), "49990", None),
        (an_intent(SELL, OrderType.STOP_LIMIT), WireKind.STOP_LIMIT_GTC, False, None, "42750", "45000"),
    ],
    ids=["entry taken", "exit", "maker entry", "stop that rests"],
)
def test_what_each_kind_of_intent_leaves_as(intent, kind, post_only, ends, price, stop):
    sent = wire_order(intent, PRODUCT, POLICY, NOW)

    assert isinstance(sent, WireOrder)
    assert (sent.kind, sent.post_only, sent.end_time) == (kind, post_only, ends)
    assert sent.limit_price == Decimal(price)
    assert sent.stop_price == (None if stop is None else Decimal(stop))
    assert sent.client_order_id == intent.client_order_id


@pytest.mark.req("ROUTE")
@pytest.mark.parametrize(
    ("product", "says"),
    [
        ({"base_min_size": Decimal(1)}, "less than the smallest order of 1"),
        ({"base_max_size": Decimal("0.001")}, "more than the largest order of 0.001"),
        ({"quote_min_usd": Decimal(1_000)}, "less than the smallest order of 1000"),
        ({"price_increment": Decimal(100_000)}, "keeps within the approved worst case"),
        ({"base_increment": Decimal(1)}, "less than the smallest order"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_the_product_does_not_take_is_said_with_its_numbers(product, says):
    assert says in wire_order(an_intent(), replace(PRODUCT, **product), POLICY, NOW)


SENT = WireOrder("c", "BTC-USD", BUY, WireKind.LIMIT_IOC, Decimal("0.01"), Decimal(50_000))
THERE = VenueOrder(
    "o", "c", "BTC-USD", BUY, "limit_ioc", VenueStatus.OPEN, NOW, Decimal("0.010"), Decimal("50000.00")
)  # fmt: skip


@pytest.mark.req("X1", "X2")
def test_the_same_order_is_the_same_however_it_is_written():
    assert differences(SENT, THERE) == []


@pytest.mark.req("X1", "X2")
@pytest.mark.parametrize(
    ("told", "named"),
    [(0.75, False), (0, False), (1, True), (-1, True), (60, True), (None, True)],
)
def test_an_order_ends_at_the_second_it_was_sent_with(told, named):
    ends = NOW.replace(microsecond=250_000) + timedelta(minutes=5)
    there = None if told is None else NOW.replace(microsecond=0) + timedelta(minutes=5, seconds=told)

    found = differences(replace(SENT, end_time=ends), replace(THERE, end_time=there))

    assert [one.split()[0] for one in found] == ["end_time"] * named


@pytest.mark.req("X1", "X2")
@pytest.mark.parametrize(
    "change",
    [
        {"client_order_id": "d"}, {"symbol": "ETH-USD"}, {"side": SELL}, {"kind": ""}, {"size": Decimal("0.02")},
        {"size": None}, {"limit_price": Decimal(50_001)}, {"limit_price": None}, {"stop_price": Decimal(1)},
        {"post_only": True}, {"end_time": NOW},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_each_field_that_is_not_what_was_sent_is_named(change):
    found = differences(SENT, replace(THERE, **change))

    assert len(found) == 1
    assert next(iter(change)) in found[0]
