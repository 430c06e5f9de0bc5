"""
The gateway's core and books with one thing wrong, in the manner of `mutants`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.simulation import core_process
from trader import exits, integrator
from trader.execution import engine, wire_engine
from trader.execution.wire_engine import WireExecution
from trader.gateway import books, marking, recovery
from trader.gateway.admission import Admission
from trader.gateway.books import Books
from trader.gateway.core import TradingCore
from trader.gateway.recovery import Recovered
from trader.gateway.witness import NONE, Witness
from trader.model.decision import Decision
from trader.model.events import CycleBegan, Decided, Event, Marked, StateMoved, StopTrailed
from trader.model.trading import Side, TradingState
from trader.risk.breakers.drawdown import Drawdown
from trader.risk.rules.cooldown import Cooldown
from trader.risk.rules.pacing import Pacing
from trader.running import answers
from trader.running.answers import Answer, Answers
from trader.running.venue import FeeWatch
from trader.state import ledger, unsold
from trader.state.ledger import Ledger
from trader.state.unsold import Unsold

Patch = pytest.MonkeyPatch
CORE_FAULTS: dict[str, Any] = {}


def fault(plant: Any) -> Any:
    CORE_FAULTS[plant.__name__] = plant
    return plant


# Kill


@fault
def kill_is_not_heeded(patch: Patch) -> None:
    patch.setattr(Books, "heed_kill", lambda self: self.ledger.state is TradingState.KILLED)


@fault
def kill_is_recorded_and_ends_nothing(patch: Patch) -> None:
    def heed_kill(self: Books) -> bool:
        if self._killed() and self.ledger.state is not TradingState.KILLED:
            assert self.wired is not None
            self.execution.record(StateMoved(self.wired.clock.now(), TradingState.KILLED, "kill", "kill switch"))
        return self.ledger.state is TradingState.KILLED

    patch.setattr(Books, "heed_kill", heed_kill)
    patch.setattr(WireExecution, "_end_what_must_not_work", lambda self: self.sender.cancel_unwanted())


@fault
def nobody_looks_between_cycles(patch: Patch) -> None:
    patch.setattr(Books, "look_again", lambda self: None)


# Taking up


@fault
def what_was_on_its_way_is_not_taken_up(patch: Patch) -> None:
    patch.setattr(WireExecution, "take_up", lambda self: None)


@fault
def the_venue_was_read_when_it_was_last_marked(patch: Patch) -> None:
    patch.setattr(recovery, "UNREAD_AT_MOST", timedelta(0))


@fault
def an_instant_is_decided_again_after_a_death(patch: Patch) -> None:
    patch.setattr(Recovered, "is_over_at", lambda self, now: False)


@fault
def what_is_missing_is_not_ours(patch: Patch) -> None:
    def foreign(balances: Any, ours: Any) -> dict[str, Any]:
        return {
            currency: rest
            for currency in sorted(balances.keys() | ours.keys())
            if (rest := (balances[currency].total if currency in balances else 0) - ours.get(currency, 0))
        }

    patch.setattr(wire_engine, "foreign", foreign)


# The cycle


@fault
def a_cycle_does_not_take_in(patch: Patch) -> None:
    whole = Books.settle

    def settle(self: Books, k: int) -> Any:
        wired, self.wired = self.wired, None
        try:
            return whole(self, k)
        finally:
            self.wired = wired

    patch.setattr(Books, "settle", settle)


@fault
def a_second_attempt_does_not_take_in(patch: Patch) -> None:
    whole = Books.settle

    def settle(self: Books, k: int) -> Any:
        return [] if self.settled == k else whole(self, k)

    patch.setattr(Books, "settle", settle)


@fault
def a_fill_told_late_turns_the_cooldown_back(patch: Patch) -> None:
    patch.setattr(ledger, "latest", lambda before, now: now)


@fault
def a_second_submission_is_decided_too(patch: Patch) -> None:
    whole = TradingCore.submit

    def submit(self: TradingCore, cycle_id: str, proposals: Any) -> Any:
        self.current(cycle_id).decision = None
        return whole(self, cycle_id, proposals)

    patch.setattr(TradingCore, "submit", submit)


@fault
def a_cycle_that_is_over_may_be_answered(patch: Patch) -> None:
    def current(self: TradingCore, cycle_id: str) -> Any:
        assert self.cycle is not None
        return self.cycle

    patch.setattr(TradingCore, "current", current)


# The record


def _append_with(patch: Patch, change: Callable[[Sequence[Event]], Sequence[Event]], keeps: bool = True) -> None:
    """What `begin` commits, changed; *keeps* the snapshot."""
    whole = Witness.append

    def append(self: Witness, events: Sequence[Event], snapshots: Mapping[str, str] = NONE) -> None:
        if any(isinstance(event, CycleBegan) for event in events):
            events, snapshots = change(events), snapshots if keeps else NONE
        whole(self, events, snapshots)

    patch.setattr(Witness, "append", append)


@fault
def a_cycle_begins_and_nobody_notes_it(patch: Patch) -> None:
    _append_with(patch, lambda events: [event for event in events if not isinstance(event, CycleBegan)])


@fault
def what_a_cycle_finds_is_not_noted(patch: Patch) -> None:
    _append_with(patch, lambda events: [event for event in events if isinstance(event, CycleBegan)])


@fault
def the_mark_is_kept_in_memory(patch: Patch) -> None:
    _append_with(patch, lambda events: [event for event in events if not isinstance(event, Marked)])


@fault
def the_snapshot_is_not_kept(patch: Patch) -> None:
    _append_with(patch, lambda events: events, keeps=False)


@fault
def the_weather_is_not_noted(patch: Patch) -> None:
    whole = Books.weather

    def weather(self: Books, k: int) -> list[Event]:
        whole(self, k)
        return []

    patch.setattr(Books, "weather", weather)


@fault
def attempts_share_a_name(patch: Patch) -> None:
    patch.setattr(TradingCore, "_cycle_id", lambda self, as_of: f"{as_of:%Y%m%dT%H%M%SZ}-{self.books.account.tag}")


@fault
def an_interrupted_cycle_stays_open(patch: Patch) -> None:
    whole = Books._take_up

    def take_up(self: Books, found: Recovered, now: datetime) -> None:
        found.open_cycle = ""
        whole(self, found, now)

    patch.setattr(Books, "_take_up", take_up)


@fault
def a_start_is_dated_back_to_the_last_mark(patch: Patch) -> None:
    patch.setattr(Books, "clock_time", property(lambda self: self.now))


@fault
def a_decision_leaves_no_record(patch: Patch) -> None:
    whole = WireExecution.record

    def record(self: WireExecution, *events: Event) -> None:
        whole(self, *(event for event in events if not isinstance(event, Decided)))

    patch.setattr(WireExecution, "record", record)


@fault
def a_refusal_keeps_its_reasons_to_itself(patch: Patch) -> None:
    whole = engine.make_decided

    def decided(now: Any, cycle_id: Any, proposals: Any, reports: Any, verdicts: Any, superseded: Any) -> Any:
        bare = tuple(replace(one, objections=()) for one in verdicts)
        return whole(now, cycle_id, proposals, reports, bare, superseded)

    patch.setattr(engine, "make_decided", decided)


# What is decided, and on what


@fault
def nobody_submits_and_nobody_exits(patch: Patch) -> None:
    whole = TradingCore.finish

    def finish(self: TradingCore, cycle_id: str, status: str, *args: Any, **named: Any) -> Any:
        cycle = self.current(cycle_id)
        if cycle.decision is None:
            cycle.decision = Decision(cycle.snapshot.as_of, cycle_id)
        return whole(self, cycle_id, status, *args, **named)

    patch.setattr(TradingCore, "finish", finish)


@fault
def a_venue_that_cannot_be_read_is_decided_on(patch: Patch) -> None:
    patch.setattr(Books, "is_cut_off", False)


@fault
def every_price_is_believed(patch: Patch) -> None:
    patch.setattr(marking, "guarded_mid", lambda quote, health, now, age: quote.mid if quote is not None else None)


@fault
def doubtful_prices_are_marked_as_if_they_were_not(patch: Patch) -> None:
    whole = marking.Marking.value

    def value(self: Any, *args: Any) -> list[Event]:
        return [replace(one, unmarked=()) if isinstance(one, Marked) else one for one in whole(self, *args)]

    patch.setattr(marking.Marking, "value", value)


@fault
def stops_trail_what_nobody_believes(patch: Patch) -> None:
    whole = marking.trailed

    def trailed(positions: Any, highs: Any, products: Any, policy: Any, time: Any) -> Any:
        return whole(positions, {symbol: Decimal(10) ** 9 for _, symbol in positions} | highs, products, policy, time)

    patch.setattr(marking, "trailed", trailed)


@fault
def a_stop_trails_down_as_well(patch: Patch) -> None:
    whole = marking.trailed

    def trailed(positions: Any, *args: Any) -> Any:
        return whole({key: replace(one, trail_price=None) for key, one in positions.items()}, *args)

    patch.setattr(marking, "trailed", trailed)


@fault
def a_trailing_stop_is_kept_in_memory(patch: Patch) -> None:
    _append_with(patch, lambda events: [event for event in events if not isinstance(event, StopTrailed)])


@fault
def a_trailing_stop_ends_nothing(patch: Patch) -> None:
    whole = exits._reason

    def reason(position: Any, snapshot: Any, policy: Any) -> Any:
        return whole(replace(position, trail_price=None), snapshot, policy)

    patch.setattr(exits, "_reason", reason)


@fault
def fees_are_asked_for_once(patch: Patch) -> None:
    patch.setattr(FeeWatch, "ask", lambda self: None)


@fault
def entries_leave_by_any_clock(patch: Patch) -> None:
    patch.setattr(core_process, "unsure", lambda clock: "")


@fault
def whatever_the_venue_says_is_its_time(patch: Patch) -> None:
    def hear(self: Answers, answer: Answer) -> None:
        self._kept.clear()
        self._kept.extend((answer, answer))

    patch.setattr(Answers, "hear", hear)


@fault
def what_an_answer_says_never_ages(patch: Patch) -> None:
    patch.setattr(Answer, "at", lambda self, ticks, wall, speed: (self.early, self.late))


@fault
def what_all_answers_contain_is_certain(patch: Patch) -> None:
    def all_of_them(spans: Sequence[Any]) -> Any:
        if len(spans) < 2:
            return None
        found = max(early for early, _ in spans), min(late for _, late in spans)
        return found if found[0] <= found[1] else None

    patch.setattr(answers, "all_but_one", all_of_them)


@fault
def the_door_lets_everybody_in(patch: Patch) -> None:
    patch.setattr(Admission, "admit", lambda self, proposals, snapshot: proposals)


@fault
def cut_off_once_is_cut_off_for_ever(patch: Patch) -> None:
    whole = WireExecution._reading

    def reading(self: WireExecution, read: Any) -> bool:
        down = self.down
        fine = whole(self, read)
        self.down = self.down or down
        return fine

    patch.setattr(WireExecution, "_reading", reading)


# What is remembered over a death


def _recover_with(patch: Patch, forget: Callable[[Ledger], None]) -> None:
    whole = books.recover

    def recover(journal: Any, ledger: Ledger, *args: Any) -> Recovered:
        found = whole(journal, ledger, *args)
        forget(ledger)
        return found

    patch.setattr(books, "recover", recover)


@fault
def a_death_ends_the_cooldown(patch: Patch) -> None:
    _recover_with(patch, lambda ledger: (ledger.last_fill_at.clear(), ledger.last_stop_at.clear()))  # type: ignore[func-returns-value]


@fault
def a_death_forgives_the_drawdown(patch: Patch) -> None:
    def forget(ledger: Ledger) -> None:
        ledger.performance = replace(ledger.performance, peak=ledger.performance.nav)

    _recover_with(patch, forget)


@fault
def a_death_makes_active(patch: Patch) -> None:
    def forget(ledger: Ledger) -> None:
        ledger.state = TradingState.ACTIVE

    _recover_with(patch, forget)


@fault
def a_death_forgets_who_may_be_traded(patch: Patch) -> None:
    _recover_with(patch, lambda ledger: ledger.membership.clear())


@fault
def a_death_forgets_what_was_to_be_sold(patch: Patch) -> None:
    _recover_with(patch, lambda ledger: ledger.unsold.sizes.clear())


# What a strategy asked to sell


@fault
def what_did_not_leave_is_forgotten(patch: Patch) -> None:
    patch.setattr(Unsold, "ended", lambda self, order, status, held: None)


@fault
def what_was_refused_for_now_is_forgotten(patch: Patch) -> None:
    patch.setattr(unsold, "PASSES", frozenset())


@fault
def what_gave_way_to_a_stop_is_forgotten(patch: Patch) -> None:
    patch.setattr(unsold, "OUR_EXITS", frozenset())


@fault
def what_was_sold_otherwise_is_still_to_be_sold(patch: Patch) -> None:
    patch.setattr(Unsold, "sold", lambda self, key, left: None)


@fault
def what_is_out_of_reach_is_forgotten(patch: Patch) -> None:
    patch.setattr(Unsold, "_asked", lambda self, key, size: self.sizes.pop(key, None))


@fault
def a_second_thought_does_not_count(patch: Patch) -> None:
    whole = Unsold.stored

    def stored(self: Unsold, intent: Any, working: Any) -> None:
        if intent.side is Side.SELL:
            whole(self, intent, working)

    patch.setattr(Unsold, "stored", stored)


@fault
def who_bought_since_sells_all_the_same(patch: Patch) -> None:
    whole = Unsold.ended

    def ended(self: Unsold, *args: Any) -> None:
        self.outdated.clear()
        whole(self, *args)

    patch.setattr(Unsold, "ended", ended)


@fault
def an_older_word_wins(patch: Patch) -> None:
    patch.setattr(integrator, "_has_a_newer_word", lambda wish, asked: False)


@fault
def all_of_it_is_asked_for_again(patch: Patch) -> None:
    whole = exits.ExitWish
    patch.setattr(exits, "ExitWish", lambda strategy, symbol, reason, size=None: whole(strategy, symbol, reason))


@fault
def a_rest_too_small_is_asked_for_for_ever(patch: Patch) -> None:
    whole = Unsold.decided

    def decided(self: Unsold, event: Any, *args: Any) -> None:
        before = dict(self.sizes)
        whole(self, event, *args)
        self.sizes |= {key: size for key, size in before.items() if key not in self.sizes}

    patch.setattr(Unsold, "decided", decided)


# Rules whose promises the audit keeps


@fault
def no_cooldown(patch: Patch) -> None:
    patch.setattr(Cooldown, "check", lambda self, proposal, book: None)


@fault
def no_pacing(patch: Patch) -> None:
    patch.setattr(Pacing, "check", lambda self, proposal, book: None)


@fault
def no_drawdown_breaker(patch: Patch) -> None:
    patch.setattr(Drawdown, "check", lambda self, book: None)


@fault
def the_drawdown_breaker_is_nervous(patch: Patch) -> None:
    whole = Drawdown.check
    patch.setattr(Drawdown, "check", lambda self, book: whole(replace(self, max_drawdown_pct=Decimal("0.3")), book))
    patch.setattr(Drawdown, "nav_floor", lambda self, performance: performance.peak)


CORE_KILLERS: dict[str, int | str] = {
    "kill_is_not_heeded": "a maker entry under kill",  # I-1
    "kill_is_recorded_and_ends_nothing": "a maker entry under kill",  # I-1
    "nobody_looks_between_cycles": "a maker entry under kill",  # I-1
    "what_was_on_its_way_is_not_taken_up": 5,  # L-1
    "an_instant_is_decided_again_after_a_death": "a cycle decided and taken over",  # I-3
    "what_is_missing_is_not_ours": "a withdrawal before anybody has looked",  # I-14
    "a_cycle_does_not_take_in": "a withdrawal before anybody has looked",  # I-10
    "a_second_attempt_does_not_take_in": "a cycle begun twice",  # I-10
    "a_fill_told_late_turns_the_cooldown_back": "a fill that is told after a later one",  # I-11
    "a_second_submission_is_decided_too": "an entry and its exit",  # I-3
    "a_cycle_that_is_over_may_be_answered": "an entry and its exit",  # I-16
    "a_cycle_begins_and_nobody_notes_it": "an entry and its exit",  # I-16
    "what_a_cycle_finds_is_not_noted": "an entry and its exit",  # I-18
    "the_mark_is_kept_in_memory": "an entry and its exit",  # I-18
    "the_snapshot_is_not_kept": "an entry and its exit",  # I-16
    "the_weather_is_not_noted": "an entry and its exit",  # I-18
    "attempts_share_a_name": "a cycle begun twice",  # I-16
    "an_interrupted_cycle_stays_open": "a death between decision and first byte",  # I-16
    "a_start_is_dated_back_to_the_last_mark": "an entry and its exit",  # I-16
    "a_decision_leaves_no_record": "an entry and its exit",  # I-16
    "a_refusal_keeps_its_reasons_to_itself": "an order is lost",  # I-16
    "nobody_submits_and_nobody_exits": 7,  # I-16
    "a_venue_that_cannot_be_read_is_decided_on": 1,  # I-10
    "every_price_is_believed": 14,  # I-20
    "doubtful_prices_are_marked_as_if_they_were_not": 14,  # I-20
    "stops_trail_what_nobody_believes": 14,  # I-20
    "a_stop_trails_down_as_well": 7,  # T21
    "a_trailing_stop_is_kept_in_memory": 7,  # I-18
    "a_trailing_stop_ends_nothing": 7,  # I-16
    "fees_are_asked_for_once": 44,  # I-2
    "entries_leave_by_any_clock": 41,  # I-10
    "whatever_the_venue_says_is_its_time": 297,  # I-10
    "what_an_answer_says_never_ages": 2553,  # I-10
    "what_all_answers_contain_is_certain": 1833,  # I-10
    "the_door_lets_everybody_in": 0,  # I-16
    "cut_off_once_is_cut_off_for_ever": 1,  # L-1
    "a_death_ends_the_cooldown": "kill while sending",  # I-18
    "a_death_forgives_the_drawdown": "a death right after a purchase in the app is noted",  # I-18
    "a_death_makes_active": "a death right after a purchase in the app is noted",  # I-18
    "the_venue_was_read_when_it_was_last_marked": "a purchase while nobody answers, and a death",  # I-4
    "a_death_forgets_who_may_be_traded": 44,  # I-18
    "a_death_forgets_what_was_to_be_sold": "a stop that was never there",  # I-16
    "what_did_not_leave_is_forgotten": "an exit refused",  # I-16
    "what_was_refused_for_now_is_forgotten": "an exit while the venue cannot be read",  # I-16
    "what_gave_way_to_a_stop_is_forgotten": 7,  # I-16
    "what_was_sold_otherwise_is_still_to_be_sold": 8,  # I-8
    "what_is_out_of_reach_is_forgotten": "half an exit and the stop of the rest are lost",  # I-16
    "a_second_thought_does_not_count": "an exit refused and a second thought",  # I-16
    "who_bought_since_sells_all_the_same": 167,  # I-16
    "an_older_word_wins": "an exit refused and half of it asked for",  # I-16
    "all_of_it_is_asked_for_again": 0,  # I-16
    "a_rest_too_small_is_asked_for_for_ever": 15,  # I-16
    "no_cooldown": "two strategies in one symbol",  # I-11
    "no_pacing": 48,  # I-12
    "no_drawdown_breaker": "a rise and half a fall",  # I-20
    "the_drawdown_breaker_is_nervous": 0,  # I-20
}
