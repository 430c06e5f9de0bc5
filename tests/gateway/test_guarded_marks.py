"""Breakers measure from fresh and accepted prices alone; where there is none of what is held, nothing is entered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.builders import NOW, a_health, a_quote, an_intent
from tests.gateway.doubted import BTC, ETH, Doubts, Rig, at, buy, since
from trader.gateway import marking
from trader.gateway.marking import guarded_mid
from trader.model.events import CashMoved, Marked, StateMoved
from trader.model.trading import RiskReason, Side, TradingState
from trader.risk.rules.stale_quote import StaleQuote
from trader.state.ledger import Ledger
from trader.state.memory import MemoryJournal

SPIKE = Doubts({(BTC, 5): 140.0}, suspect=at(BTC, 5))
PLUNGE = Doubts({(BTC, 5): 40.0}, suspect=at(BTC, 5))
CRASH = Doubts(since(5, 70.0), suspect=at(BTC, 5))
SILENCE = Doubts(missing=at(BTC, 5, 6))


@pytest.mark.req("NF1", "O1")
@pytest.mark.parametrize(
    ("quote", "health", "believed"),
    [
        pytest.param(a_quote(), a_health(), True, id="fresh and accepted"),
        pytest.param(None, a_health(), False, id="none"),
        pytest.param(a_quote(), a_health(suspect=True), False, id="suspect"),
        pytest.param(replace(a_quote(), bid=Decimal("100.1"), ask=Decimal(100)), a_health(), False, id="crossed"),
        pytest.param(replace(a_quote(), bid=Decimal("NaN")), a_health(), False, id="no number"),
        pytest.param(a_quote(time=NOW - timedelta(seconds=4.999)), a_health(), True, id="just young enough"),
        pytest.param(a_quote(time=NOW - timedelta(seconds=5)), a_health(), False, id="as old as too old"),
        pytest.param(a_quote(time=NOW + timedelta(microseconds=1)), a_health(), False, id="from the future"),
    ],
)
def test_which_price_is_believed(quote, health, believed):
    assert guarded_mid(quote, health, NOW, Decimal(5)) == (Decimal(100) if believed else None)


def states(doubts: Doubts, cycles: int = 12) -> list[TradingState]:
    """The trading state after each cycle, of an account that holds from the first one on."""
    rig = Rig(doubts).holding()
    found = [rig.ledger.state]
    while rig.n < cycles:
        rig.cycle()
        found.append(rig.ledger.state)
    return found


@pytest.mark.req("NF1", "DD1")
@pytest.mark.parametrize("doubts", [pytest.param(SPIKE, id="up"), pytest.param(PLUNGE, id="down")])
def test_a_bad_tick_neither_sets_the_peak_nor_trips(doubts):
    rig = Rig(doubts).holding()
    rig.until(5)
    before = rig.ledger.performance
    rig.cycle()

    assert rig.ledger.performance == before
    assert rig.ledger.unmarked == (BTC,)
    rig.until(10)
    assert rig.ledger.unmarked == ()
    assert (rig.ledger.state, rig.ledger.performance.peak) == (TradingState.ACTIVE, before.peak)


def believe_anything(quote, health, now, max_age_seconds):
    return None if quote is None else quote.mid


@pytest.mark.parametrize("doubts", [pytest.param(SPIKE, id="up"), pytest.param(PLUNGE, id="down")])
def test_without_the_guard_a_bad_tick_trips(doubts, monkeypatch):
    """Negative control: the very same account, marked by any quote."""
    monkeypatch.setattr(marking, "guarded_mid", believe_anything)

    assert TradingState.REDUCING in states(doubts)


@pytest.mark.req("NF1", "DD1")
def test_a_crash_that_the_next_marks_confirm_trips_in_that_very_cycle():
    found = states(CRASH)

    assert found[4:7] == [TradingState.ACTIVE, TradingState.ACTIVE, TradingState.REDUCING]


def test_a_guard_that_never_believes_again_would_miss_the_crash(monkeypatch):
    """Negative control."""
    monkeypatch.setattr(marking, "guarded_mid", lambda *asked: None)

    assert TradingState.REDUCING not in states(CRASH)


def refused(decision) -> list[tuple[RiskReason, str | None]]:
    return [(one.risk_reason, one.field) for verdict in decision.verdicts for one in verdict.objections]


@pytest.mark.req("NF1")
@pytest.mark.parametrize(
    "doubts",
    [
        pytest.param(SILENCE, id="missing"),
        pytest.param(Doubts(old=at(BTC, 5, 6)), id="old"),
        pytest.param(Doubts(suspect=at(BTC, 5, 6)), id="suspect"),
    ],
)
def test_without_a_price_of_what_is_held_nothing_is_entered_anywhere(doubts):
    rig = Rig(doubts).holding()
    rig.until(5)
    decisions = [rig.cycle(buy(ETH, 5.0)) for _ in range(3)]

    assert [(RiskReason.STALE_QUOTE, "mark") in refused(one) for one in decisions] == [True, True, False]
    assert [len(one.intents) for one in decisions] == [0, 0, 1]
    assert rig.ledger.state is TradingState.ACTIVE, "it halts while it lasts, and latches nothing"


def test_a_rule_that_does_not_ask_for_marks_would_let_it_pass(monkeypatch):
    """Negative control."""
    asked = StaleQuote.check
    monkeypatch.setattr(StaleQuote, "check", lambda rule, wish, book: asked(rule, wish, replace(book, unmarked=())))
    rig = Rig(SILENCE).holding()
    rig.until(5)

    assert rig.cycle(buy(ETH, 5.0)).intents


@pytest.mark.req("NF1")
def test_nor_does_anything_that_was_approved_before_leave_for_an_entry():
    rig = Rig(SILENCE).holding()
    look = rig.core.books._last_look
    rig.until(5)
    assert look(an_intent()) is None
    rig.cycle()

    assert look(an_intent()) == f"no fresh and accepted price of {BTC}, which is held"
    assert look(an_intent(Side.SELL)) is None


@pytest.mark.req("NF1", "EXITS")
def test_exits_go_on_without_a_price_of_something_else():
    rig = Rig(Doubts(since(5, 80.0, ETH), missing=at(BTC, 5, 6))).holding(BTC, ETH)
    rig.until(5)
    decision = rig.cycle()

    assert [(one.symbol, one.side) for one in decision.intents] == [(ETH, Side.SELL)]


@pytest.mark.req("NF1")
def test_what_is_not_held_needs_no_mark():
    rig = Rig(SILENCE)
    rig.until(5)

    assert rig.cycle(buy(ETH, 5.0)).intents


@pytest.mark.req("NF1", "STOP")
@pytest.mark.parametrize("doubts", [SPIKE, PLUNGE, CRASH, SILENCE])
def test_a_restart_before_every_cycle_changes_nothing(doubts):
    lasting, restarted = Rig(doubts).holding(), Rig(doubts).holding()
    while lasting.n < 10:
        lasting.cycle()
        restarted.restart()
        restarted.cycle()
        for name in ("performance", "unmarked", "state", "positions", "last_fill_at", "last_stop_at"):
            assert getattr(restarted.ledger, name) == getattr(lasting.ledger, name), name


class Forgetful(MemoryJournal):
    """Forgets which marks were none."""

    def replay(self):
        return [replace(one, unmarked=()) if isinstance(one, Marked) else one for one in super().replay()]


def entered_after_a_restart_within_the_cycle(rig: Rig) -> bool:
    rig.holding()
    rig.until(5)
    rig.core.begin()
    rig.restart()
    return bool(rig.cycle(buy(ETH, 5.0)).intents)


@pytest.mark.req("NF1", "STOP")
def test_a_restart_within_a_cycle_knows_that_there_was_no_mark():
    assert not entered_after_a_restart_within_the_cycle(Rig(SILENCE))


def test_a_journal_that_forgot_it_would_let_it_pass():
    """Negative control."""
    rig = Rig(SILENCE)
    rig.journal = Forgetful()
    rig.restart()

    assert entered_after_a_restart_within_the_cycle(rig)


@pytest.mark.req("NF1", "DD1")
def test_a_deposit_without_a_mark_is_neither_profit_nor_loss():
    rig = Rig(SILENCE).holding()
    rig.until(6)
    before = rig.ledger.performance
    rig.core.books.execution.record(CashMoved(rig.core.books.now, Decimal(5_000)))

    assert rig.ledger.performance.nav == before.nav
    rig.until(9)
    assert abs(rig.ledger.performance.nav / before.nav - 1) < Decimal("1E-20")
    assert rig.ledger.performance.peak == before.peak


@pytest.mark.req("NF1")
def test_the_latch_stays_though_the_price_comes_back():
    rig = Rig(Doubts({(BTC, 5): 70.0, (BTC, 6): 70.0})).holding()
    rig.until(9)
    moved = [event for event in rig.events() if isinstance(event, StateMoved)]

    assert [(one.state, one.reason) for one in moved] == [(TradingState.REDUCING, "drawdown")]
    rig.restart()
    assert rig.ledger.state is TradingState.REDUCING


def test_a_mark_that_is_none_changes_nothing_but_that_it_is_none():
    ledger = Ledger()
    ledger.apply(Marked(NOW, Decimal(1), (BTC,)))
    assert ledger.unmarked == (BTC,)
    before = ledger.performance

    ledger.apply(Marked(NOW + timedelta(days=9), Decimal(99), (BTC,)))
    assert ledger.performance is before
