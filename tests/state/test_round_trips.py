"""What a round trip was bought and sold at: the fill's own price, or the mean of several weighted by size."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW
from trader.model.money import Liquidity
from trader.model.orders import Fill
from trader.model.trading import Side
from trader.state.round_trips import OpenTrip

AWKWARD = Decimal("0.33333333")
amounts = st.decimals("0.00000001", "1000000", places=8)
lots = st.lists(st.tuples(amounts, amounts), min_size=1, max_size=4)


def fill(side: Side, size: Decimal, price: Decimal) -> Fill:
    return Fill("f", "o", NOW, "BTC-USD", side, size, price, Decimal("0.01"), Liquidity.TAKER, "alpha")


def trip_of(bought: list[tuple[Decimal, Decimal]], sold: list[tuple[Decimal, Decimal]]):
    trip = OpenTrip(fill(Side.BUY, *bought[0]))
    for lot in bought[1:]:
        trip.bought(fill(Side.BUY, *lot))
    exits = [replace(fill(Side.SELL, *lot), time=NOW + timedelta(hours=1)) for lot in sold]
    for one in exits:
        trip.sold(one)
    return trip.closed(exits[-1])


def test_of_a_lone_fill_size_and_price_are_its_own():
    size, bought, sold = AWKWARD, Decimal("64123.45"), Decimal("65000.01")
    trip = trip_of([(size, bought)], [(size, sold)])

    assert (trip.size, trip.entry_price, trip.exit_price) == (size, bought, sold)
    assert trip.pnl_usd == size * sold - size * bought - Decimal("0.02")


@pytest.mark.req("X2")
@given(lots, lots)
def test_several_fills_are_averaged_by_size(bought: list[tuple[Decimal, Decimal]], sold: list[tuple[Decimal, Decimal]]):
    trip = trip_of(bought, sold)

    size, cost = sum(size for size, _ in bought), sum(size * price for size, price in bought)
    gone, proceeds = sum(size for size, _ in sold), sum(size * price for size, price in sold)
    assert trip.size == size
    assert abs(trip.entry_price - cost / size) <= abs(cost / size) * Decimal("1e-26")
    assert abs(trip.exit_price - proceeds / gone) <= abs(proceeds / gone) * Decimal("1e-26")
    assert trip.fees_usd == Decimal("0.01") * (len(bought) + len(sold))
