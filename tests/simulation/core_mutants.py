"""
The gateway's core and books with one thing wrong, in the manner of `mutants`.
"""

from __future__ import annotations

from typing import Any

import pytest

from trader.execution import wire_engine
from trader.execution.wire_engine import WireExecution
from trader.execution.wire_send import Sender
from trader.gateway.books import Books
from trader.gateway.core import TradingCore
from trader.gateway.recovery import Recovered
from trader.model.events import StateMoved
from trader.model.trading import TradingState

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
    patch.setattr(Sender, "cancel_everything", lambda self: None)


@fault
def nobody_looks_between_cycles(patch: Patch) -> None:
    patch.setattr(Books, "look_again", lambda self: None)


# Taking up


@fault
def what_was_on_its_way_is_not_taken_up(patch: Patch) -> None:
    patch.setattr(WireExecution, "take_up", lambda self: None)


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


CORE_KILLERS: dict[str, int | str] = {
    "kill_is_not_heeded": "a maker entry under kill",  # I-1
    "kill_is_recorded_and_ends_nothing": "a maker entry under kill",  # I-1
    "nobody_looks_between_cycles": "a maker entry under kill",  # I-1
    "what_was_on_its_way_is_not_taken_up": 5,  # L-1
    "an_instant_is_decided_again_after_a_death": 79,  # I-3
    "what_is_missing_is_not_ours": "a withdrawal before anybody has looked",  # I-14
    "a_cycle_does_not_take_in": "a withdrawal before anybody has looked",  # I-14
    "a_second_submission_is_decided_too": "an entry and its exit",  # I-3
    "a_cycle_that_is_over_may_be_answered": "an entry and its exit",  # I-3
}
