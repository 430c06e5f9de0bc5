"""The law of conservation: whatever is asked and whatever the market does, no money comes into being or is lost."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulator.worlds import ABC, a_venue, limit, market, minutes, place
from trader.simulator.audit import audit
from trader.simulator.bounds import BadSettings
from trader.simulator.ledger import Ledger, Overdrawn, Owner
from trader.simulator.placing import cancel, create, edit
from trader.simulator.restating import restate

TWIN = "ABC-USDC"
prices = st.integers(9_000, 11_000).map(lambda cents: Decimal(cents) / 100)
sizes = st.integers(1, 40_000).map(lambda lots: Decimal(lots) / 1000)
sides = st.sampled_from(["BUY", "SELL"])
rarely = st.sampled_from([False, False, False, True])


@st.composite
def bars(draw):
    open_, close = float(draw(prices)), float(draw(prices))
    high, low = max(open_, close, float(draw(prices))), min(open_, close, float(draw(prices)))
    return open_, high, low, close, float(draw(st.integers(1, 400))) / 4


def text(number):
    return format(number, "f")


def a_bracket(size, price, trigger):
    fields = {"base_size": text(size), "limit_price": text(price), "stop_trigger_price": text(trigger)}
    return {"trigger_bracket_gtc": fields}


def a_stop(size, price, trigger, direction):
    fields = {"base_size": text(size), "limit_price": text(price), "stop_price": text(trigger)}
    return {"stop_limit_stop_limit_gtc": {**fields, "stop_direction": f"STOP_DIRECTION_STOP_{direction}"}}


configurations = st.one_of(
    st.builds(lambda s, p, post: limit(text(s), text(p), post_only=post), sizes, prices, rarely),
    st.builds(lambda s, p: {"sor_limit_ioc": {"base_size": text(s), "limit_price": text(p)}}, sizes, prices),
    st.builds(lambda s, p: limit(text(s), text(p), tif="fok"), sizes, prices),
    st.builds(lambda s, p: limit(text(s), text(p), tif="gtd", end_time="2026-01-05T12:04:30Z"), sizes, prices),
    st.integers(100, 900_000).map(lambda cents: market(quote=text(Decimal(cents) / 100))),
    sizes.map(lambda size: market(base=text(size))),
    st.builds(a_bracket, sizes, prices, prices),
    st.builds(a_stop, sizes, prices, prices, st.sampled_from(["UP", "DOWN"])),
)
placing = st.tuples(st.just("place"), configurations, sides, st.sampled_from([ABC, ABC, TWIN]))


def with_legs(configuration, above, below):
    legs = {"limit_price": text(100 + above), "stop_trigger_price": text(100 - below)}
    return configuration, {"trigger_bracket_gtc": legs}


distances = st.integers(1, 400).map(lambda cents: Decimal(cents) / 100)
bracketed = st.tuples(st.just("attach"), st.builds(with_legs, configurations, distances, distances))
events = st.lists(
    st.one_of(
        placing,
        placing,
        placing,
        bracketed,
        st.tuples(st.just("cancel"), st.integers(0, 20)),
        st.tuples(st.just("edit"), st.integers(0, 20), prices, sizes),
        st.tuples(st.just("wait"), st.floats(0, 3)),
        st.tuples(st.just("restate"), st.integers(0, 20), st.one_of(st.none(), prices)),
        st.tuples(st.just("promise"), st.integers(1, 9)),
        st.tuples(st.just("deposit"), st.integers(1, 1000)),
    ),
    min_size=8,
    max_size=25,
)
knobs = st.fixed_dictionaries(
    {
        "pending_seconds": st.sampled_from([0, 45]),
        "cancel_seconds": st.sampled_from([0, 70]),
        "edit_seconds": st.sampled_from([0, 70]),
        "abc": st.sampled_from(["50", "0"]),
        "price_protection": st.sampled_from([Decimal("0.0005"), Decimal("0.05")]),
    }
)


def do(venue, event):
    match event:
        case ("place", configuration, side, product_id):
            create(venue, f"mine-{len(venue.orders)}", product_id, side, configuration)
        case ("attach", (configuration, legs)):
            create(venue, f"mine-{len(venue.orders)}", ABC, "BUY", configuration, legs)
        case ("cancel", number) if venue.orders:
            cancel(venue, list(venue.orders)[number % len(venue.orders)])
        case ("edit", number, price, size) if venue.orders:
            edit(venue, list(venue.orders)[number % len(venue.orders)], text(price), text(size))
        case ("wait", count):
            minutes(venue, count)
        case ("deposit", amount):
            venue.deposit("USD", Decimal(amount))
        case ("promise", size):  # bought, and all there is rests for sale: a reversal must take from that
            place(venue, market(base=text(size)))
            there = venue.ledger.available("ABC").quantize(Decimal("0.001"), ROUND_DOWN)
            place(venue, limit(text(there), "150"), "SELL")
        case ("restate", number, price) if venue.fills:
            before = (dict(venue.ledger.balances), dict(venue.ledger.holds), len(venue.fills))
            try:
                restate(venue, venue.fills[number % len(venue.fills)].entry_id, price)
            except BadSettings:  # not his to take, or restated before: then nothing was done
                assert (dict(venue.ledger.balances), dict(venue.ledger.holds), len(venue.fills)) == before


@settings(max_examples=120, deadline=None)
@given(st.lists(bars(), min_size=5, max_size=20), events, knobs)
def test_money_is_conserved_after_every_event(market_bars, happenings, knobs):
    venue = a_venue(*market_bars, **knobs)
    venue.deposit("USDC", Decimal(3_000))
    for event in happenings:
        do(venue, event)
        assert audit(venue) == []
    minutes(venue, 30)
    assert audit(venue) == []
    assert all(venue.ledger.available(currency) >= 0 for currency in ("USD", "USDC", "ABC"))


def bought_and_promised():
    """Ten bought, nothing else there, and two sales that promise six and four of them."""
    venue = a_venue(abc="0")
    place(venue, market(base="10"))
    sales = [place(venue, limit(size, "120"), "SELL") for size in ("6", "4")]
    return venue, sales


def test_a_reversal_takes_what_is_promised_from_the_newest_promise_on():
    venue, (older, newer) = bought_and_promised()
    venue.deposit("ABC", Decimal(7))

    restate(venue, venue.fills[0].entry_id)

    assert audit(venue) == []
    assert (older.status, newer.status) == ("OPEN", "CANCELLED")
    assert newer.cancel_message == "Balance was taken back by the venue"
    assert venue.ledger.total("ABC") == 7 + 10 - venue.fills[0].base


def test_a_reversal_of_everything_leaves_no_promise():
    venue, sales = bought_and_promised()

    for row in list(venue.fills):
        restate(venue, row.entry_id)

    assert audit(venue) == []
    assert {order.status for order in sales} == {"CANCELLED"}
    assert (venue.ledger.total("ABC"), venue.ledger.total("USD")) == (0, 10_000)


def test_what_was_sold_already_cannot_be_taken_and_a_correction_of_it_can():
    venue = a_venue(abc="0")
    place(venue, market(base="10"))
    place(venue, market(base="10"), "SELL")
    first, before = venue.fills[0], dict(venue.ledger.balances)

    with pytest.raises(BadSettings, match=r"would take [\d.]+ ABC, and the account has 0; deposit [\d.]+ first"):
        restate(venue, first.entry_id)
    assert (dict(venue.ledger.balances), audit(venue)) == (before, [])

    restate(venue, first.entry_id, first.price + 1)
    assert audit(venue) == []
    assert venue.ledger.total("USD") == before[Owner.CUSTOMER, "USD"] - first.base


def test_a_fill_is_restated_once_and_at_a_price():
    venue, _ = bought_and_promised()
    entry = venue.fills[0].entry_id
    with pytest.raises(BadSettings, match="price is -1; wanted a number above 0"):
        restate(venue, entry, Decimal(-1))
    rows = restate(venue, entry, Decimal(101))
    with pytest.raises(BadSettings, match="was reversed before; a fill is restated once"):
        restate(venue, entry)
    with pytest.raises(BadSettings, match="is a CORRECTION; wanted the entry_id of a FILL"):
        restate(venue, rows[1].entry_id)
    assert audit(venue) == []


class ForgetfulFees(Ledger):
    """Takes the fee and gives it to nobody."""

    def move(self, currency, source, target, amount):
        super().move(currency, source, target, amount)
        if target is Owner.FEES:
            self.balances[Owner.FEES, currency] -= Decimal("1e-16")


class GenerousStreet(Ledger):
    """Hands over a little more than was bought, in good double entry: only the fills can tell."""

    def move(self, currency, source, target, amount):
        extra = Decimal("1e-8") if source is Owner.STREET and currency == "ABC" else 0
        super().move(currency, source, target, amount + extra)


class StickyHolds(Ledger):
    """Does not quite let go of a hold."""

    def hold(self, order_id, currency, amount):
        super().hold(order_id, currency, amount)
        self._held[currency] += Decimal("1e-8")


@pytest.mark.parametrize("ledger", [ForgetfulFees, GenerousStreet, StickyHolds])
def test_a_planted_leak_is_caught(ledger):
    venue = a_venue(ledger=ledger())
    place(venue, market(quote="100"))

    assert audit(venue)


class ForgetfulOfBase(Ledger):
    """Promises dollars, and nothing else: a bracket would rest on what can be sold a second time."""

    def hold(self, order_id, currency, amount):
        if currency == "USD":
            super().hold(order_id, currency, amount)


def test_an_order_that_holds_nothing_is_caught():
    venue = a_venue(ledger=ForgetfulOfBase())
    legs = {"limit_price": "105", "stop_trigger_price": "95"}
    order = create(venue, "parent", ABC, "BUY", market(base="1"), {"trigger_bracket_gtc": legs})

    assert order.status == "FILLED"
    assert audit(venue) == [f"order {order.attached_id}: holds 0, not 1"]


def test_nothing_can_be_promised_twice():
    venue = a_venue()
    place(venue, limit("60", "99"))

    with pytest.raises(Overdrawn):
        venue.ledger.hold("another", "USD", Decimal(9000))
    assert place(venue, limit("60", "99")).reason == "INSUFFICIENT_FUND"


def test_the_same_seed_and_the_same_asking_give_the_same_fills():
    def played():
        venue = a_venue((100, 103, 97, 101, 40), (101, 101, 95, 96, 40))
        for configuration, side in (
            (market(quote="123.45"), "BUY"),
            (limit("2", "98"), "BUY"),
            (limit("3", "102"), "SELL"),
        ):
            place(venue, configuration, side)
        minutes(venue, 10)
        return venue.fills

    assert played() == played()
    assert {fill.product_id for fill in played()} == {ABC}
