"""A trailing stop through an account's life: raised by sound prices alone, kept by restarts, needing no notebook."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.gateway.doubted import BTC, Doubts, Rig, at, since
from trader.gateway import marking
from trader.model.events import StopTrailed
from trader.model.trading import ExitReason
from trader.state.ledger import Ledger
from trader.state.memory import MemoryJournal

pytestmark = pytest.mark.req("EXITS")
TRAIL = "policy.exits.trailing_stop_pct=5"
LOOSER = "policy.exits.trailing_stop_pct=14"
UP_AND_DOWN = Doubts({(BTC, 5): 120.0, (BTC, 6): 117.0, **since(7, 113.0)})
"""The stop comes to 114 at instant 5, and is fallen through at 7."""


def trail(rig: Rig) -> Decimal | None:
    return next(iter(rig.ledger.positions.values())).trail_price


def sold_at(rig: Rig) -> int | None:
    """The instant whose cycle sells by the trailing stop."""
    while rig.n < 12:
        intents = rig.cycle().intents
        if intents:
            assert [one.exit_reason for one in intents] == [ExitReason.TRAILING_STOP]
            return rig.n - 1
    return None


def held(doubts: Doubts, *overrides: str) -> Rig:
    return Rig(doubts, *(overrides or (TRAIL,))).holding()


def test_it_rises_with_the_price_and_sells_where_it_is_fallen_through():
    rig = held(UP_AND_DOWN)
    rig.until(3)
    begun = trail(rig)
    assert begun is not None and 95 <= begun < 96, "five per cent below what was paid"
    rig.until(6)
    assert trail(rig) == 114

    assert sold_at(rig) == 7


def test_the_sale_is_at_the_next_price_wherever_that_is():
    """The bars of this market stay at 100: from the stop at 114 that is a gap."""
    rig = held(UP_AND_DOWN)
    assert sold_at(rig) == 7
    rig.cycle()

    sale = rig.fills()[-1]
    assert (sale.exit_reason, rig.ledger.positions) == (ExitReason.TRAILING_STOP, {})
    assert 99 < sale.price < 100
    assert rig.ledger.last_stop_at == {BTC: sale.time}


def test_a_notebook_that_fails_does_not_keep_it_from_selling():
    rig = held(UP_AND_DOWN)
    rig.until(5)
    decisions = [rig.cycle(fails=True) for _ in range(3)]

    assert [len(one.intents) for one in decisions] == [0, 0, 1]


@pytest.mark.req("STOP")
@pytest.mark.parametrize("before", range(2, 8))
def test_a_restart_restores_it(before):
    lasting, restarted = held(UP_AND_DOWN), held(UP_AND_DOWN)
    lasting.until(before)
    restarted.until(before)
    restarted.restart()

    assert restarted.ledger.positions == lasting.ledger.positions
    assert sold_at(restarted) == sold_at(lasting) == 7


class Forgetful(MemoryJournal):
    """Keeps everything but trailing stops."""

    def replay(self):
        return [one for one in super().replay() if not isinstance(one, StopTrailed)]


def test_lost_on_a_restart_it_would_not_sell():
    """Negative control."""
    rig = Rig(UP_AND_DOWN, TRAIL)
    rig.journal = Forgetful()
    rig.restart()
    rig.holding().until(6)
    rig.restart()

    assert sold_at(rig) != 7


def test_a_looser_policy_after_a_restart_takes_nothing_back():
    rig = held(UP_AND_DOWN)
    rig.until(6)
    for override in (LOOSER, "policy.exits.trailing_stop_pct=null"):
        rig.job = Rig(UP_AND_DOWN, override).job
        rig.restart()
        assert trail(rig) == 114

    assert sold_at(rig) == 7


BAD_TICK = Doubts({(BTC, 5): 140.0}, suspect=at(BTC, 5))


@pytest.mark.req("O1")
@pytest.mark.parametrize("doubts", [BAD_TICK, Doubts({(BTC, 5): 140.0}, old=at(BTC, 5))], ids=["suspect", "old"])
def test_a_bad_tick_does_not_raise_it(doubts):
    rig = held(doubts)
    rig.until(5)
    before = trail(rig)
    rig.cycle()

    assert trail(rig) == before
    assert sold_at(rig) is None


def test_raised_by_a_bad_tick_it_would_sell_what_is_sound(monkeypatch):
    """Negative control."""
    monkeypatch.setattr(marking, "guarded_mid", lambda quote, *rest: quote.mid)

    assert sold_at(held(BAD_TICK)) == 6


def test_falling_with_the_price_it_would_never_sell(monkeypatch):
    """Negative control: a level that follows both ways."""
    rises = marking.trailed

    def follows(positions, highs, products, policy, time):
        fresh = {key: replace(position, trail_price=Decimal("0.01")) for key, position in positions.items()}
        return rises(fresh, highs, products, policy, time)

    def moved(self, event):
        key = (event.strategy, event.symbol)
        self.positions[key] = replace(self.positions[key], trail_price=event.trail_price)

    monkeypatch.setattr(marking, "trailed", follows)
    monkeypatch.setattr(Ledger, "_stop_trailed", moved)

    assert sold_at(held(UP_AND_DOWN)) is None


def test_without_the_policy_nothing_trails():
    rig = held(UP_AND_DOWN, "policy.exits.trailing_stop_pct=null")

    assert sold_at(rig) is None
    assert not [event for event in rig.events() if isinstance(event, StopTrailed)]
