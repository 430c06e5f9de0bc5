"""The venue in memory: whatever happens, money is conserved, and what is seen of it is late but never wrong."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.clock import START_MS, VirtualClock, at
from tests.simulation.prices import LISTINGS, a_path
from tests.simulation.venue import DUPLICATE, NO_FUNDS, TrueOrder, Venue, VenueHabits
from tests.simulation.weather import Profile
from tests.simulation.wire import SimulatedWire
from trader.model.market import asset_of
from trader.model.money import ZERO
from trader.model.trading import Side
from trader.model.wire import VenueStatus, WireKind, WireOrder
from trader.ports import Acknowledged, NotAccepted, OutcomeUnknown, WireDown

BTC = LISTINGS[0]
CASH = 100_000


def a_venue(mood: str = "storm", seed: int = 1, **habits) -> Venue:
    clock = VirtualClock()
    paths = {one.symbol: a_path(one, mood, START_MS, 400, Random(f"{seed}:{one.symbol}")) for one in LISTINGS}
    return Venue(clock, paths, BTC.price_increment * 100 * CASH, Random(seed), VenueHabits(**habits))


def an_order(name="o1", side=Side.BUY, size="0.1", off_bps=0, kind=WireKind.LIMIT_IOC, listing=BTC, venue=None, **more):
    mid = (venue.paths[listing.symbol] if venue else a_venue("still").paths[listing.symbol]).at(START_MS)
    price = (mid * (10_000 + off_bps) // 10_000) * listing.price_increment
    return WireOrder(
        name,
        listing.symbol,
        side,
        kind,
        listing.base_increment * int(float(size) / float(listing.base_increment)),
        price,
        **more,
    )


def audited(venue: Venue) -> None:
    """Balances are what came in plus what was executed, as fractions, to the last digit; nothing is owed."""
    cash = Fraction(CASH) + sum((Fraction(amount) for _, name, amount in venue.transfers if name == "USD"), Fraction())
    base = dict.fromkeys(venue.base, Fraction())
    for done in venue.executions:
        sign = 1 if done.order.wire.side is Side.BUY else -1
        cash -= sign * Fraction(done.size) * Fraction(done.price) + Fraction(done.fee)
        base[asset_of(done.order.wire.symbol)] += sign * Fraction(done.size)
    assert Fraction(venue.cash) == cash
    assert {name: Fraction(size) for name, size in venue.base.items()} == base
    assert venue.cash >= 0 and min(venue.base.values()) >= 0
    for order in venue.orders:
        assert order.filled == sum((one.size for one in order.executions), ZERO) <= order.wire.size
        assert (order.order_id in venue.working) == order.open


steps = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell", "rest", "stop", "cancel", "pass", "deposit", "again"]),
        st.integers(0, 2),
        st.integers(-300, 300),
        st.integers(1, 5_000),
    ),
    max_size=40,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(steps, st.integers(0, 5), st.sampled_from(["storm", "crash", "gap"]))
def test_money_is_conserved_after_every_event(todo, seed, mood):
    venue = a_venue(mood, seed, thin=0.3, zero_fill=0.1, race=0.5, cancel_ms=4_000)
    for number, (what, which, off_bps, usd) in enumerate(todo):
        listing = LISTINGS[which]
        size = max(float(listing.base_min_size), usd / float(listing.price))
        selling = what in ("sell", "stop")
        kind = {"rest": WireKind.LIMIT_GTC, "stop": WireKind.STOP_LIMIT_GTC}.get(what, WireKind.LIMIT_IOC)
        if what == "cancel" and venue.orders:
            venue.cancel(venue.orders[which % len(venue.orders)].order_id)
        elif what == "pass":
            venue.clock.pass_ms(usd * 20)
        elif what == "deposit":
            venue.transfer("USD", BTC.price_increment * off_bps * 100)
        elif what != "cancel":
            name = "o0" if what == "again" else f"o{number}"
            order = an_order(name, Side.SELL if selling else Side.BUY, size, off_bps, kind, listing, venue)
            venue.accept(
                WireOrder(
                    **{field: getattr(order, field) for field in WireOrder.__slots__}
                    | ({"stop_price": order.limit_price} if what == "stop" else {})
                )
            )
        audited(venue)
    venue.clock.pass_ms(600_000)
    audited(venue)


def test_an_id_makes_one_order_and_the_echo_is_of_the_first():
    venue = a_venue("still")
    first = venue.accept(an_order("mine", off_bps=50))

    assert venue.accept(an_order("mine", Side.SELL, off_bps=-50)) is first
    venue.habits.duplicate_refused = True
    assert venue.accept(an_order("mine", off_bps=50)) == DUPLICATE
    assert len(venue.orders) == 1


def test_what_is_held_cannot_be_spent_twice():
    venue = a_venue("still")

    assert isinstance(venue.accept(an_order("a", size="1.6", off_bps=-10, kind=WireKind.LIMIT_GTC)), TrueOrder)
    assert venue.accept(an_order("b", size="0.1", off_bps=-10, kind=WireKind.LIMIT_GTC)) == NO_FUNDS
    assert venue.accept(an_order("c", Side.SELL)) == NO_FUNDS


def test_a_cancelled_order_may_still_fill_before_it_ends():
    venue = a_venue("still", race=1.0, cancel_ms=4_000)
    order = venue.accept(an_order("a", off_bps=-10, kind=WireKind.LIMIT_GTC))

    assert venue.cancel(order.order_id) == ""
    venue.clock.pass_ms(5_000)

    assert order.status in (VenueStatus.CANCELLED, VenueStatus.FILLED)
    assert order.filled > 0


@pytest.mark.parametrize(
    ("fate", "answer", "there_at_once", "there_later"),
    [
        ("", Acknowledged, True, True),
        ("429", NotAccepted, False, False),
        ("refused_connection", NotAccepted, False, False),
        ("lost", OutcomeUnknown, False, False),
        ("500_before", OutcomeUnknown, False, False),
        ("502_after", OutcomeUnknown, True, True),
        ("response_lost", OutcomeUnknown, True, True),
        ("truncated", OutcomeUnknown, True, True),
        ("late", OutcomeUnknown, False, True),
    ],
)
def test_what_is_answered_and_what_is_true(fate, answer, there_at_once, there_later):
    venue = a_venue("still")
    wire = SimulatedWire(venue, venue.clock, Random(1), Profile("test"), script=[fate])

    said = wire.place(an_order("mine", off_bps=50))

    assert isinstance(said, answer)
    assert ("mine" in venue.by_client_id) is there_at_once
    venue.clock.pass_ms(120_000)
    assert ("mine" in venue.by_client_id) is there_later


def test_lists_show_an_order_late_but_whole():
    venue = a_venue("still", order_lag_ms=30_000, fill_lag_ms=30_000, seed=3)
    wire = SimulatedWire(venue, venue.clock, Random(1), Profile("test"), questions=["timeout"])
    order = venue.accept(an_order("mine", off_bps=50))
    order.seen_ms = venue.clock.ms + 20_000

    with pytest.raises(WireDown):
        wire.orders(at(START_MS), at(START_MS + 60_000))
    assert wire.orders(at(START_MS), at(START_MS + 60_000)) == []
    assert wire.order(order.order_id) is None
    venue.clock.pass_ms(40_000)
    assert [one.client_order_id for one in wire.orders(at(START_MS), at(START_MS + 60_000))] == ["mine"]
    assert sum(one.size for one in wire.fills(at(START_MS))) == order.filled > 0
