"""Whoever watches a run hears at once that trading was stopped, and why."""

from __future__ import annotations

import pytest

from tests.builders import NOW
from trader.model.events import StateMoved
from trader.model.trading import TradingState
from trader.running.states import StatesTold

ACTIVE, HALTED = TradingState.ACTIVE, TradingState.HALTED
STRANGER = StateMoved(NOW, HALTED, "order 77 is not ours", "reconcile.external")


class Voice:
    def __init__(self):
        self.said = []

    def critical(self, sentence):
        self.said.append(("critical", sentence))

    def note(self, sentence):
        self.said.append(("note", sentence))


@pytest.mark.req("K1")
def test_a_halt_is_told_once_as_critical_with_its_reason():
    voice = Voice()
    states = StatesTold(voice, ACTIVE)

    states.look(ACTIVE, [])
    states.look(HALTED, [STRANGER])
    states.look(HALTED, [STRANGER])

    assert voice.said == [("critical", "trading is halted: order 77 is not ours, by reconcile.external")]


def test_a_state_whose_reason_is_forgotten_is_told_all_the_same():
    voice = Voice()
    states = StatesTold(voice, ACTIVE)

    states.look(TradingState.REDUCING, [])
    states.look(ACTIVE, [])

    assert voice.said == [("critical", "trading is reducing"), ("note", "trading is active")]


def test_a_kill_is_the_watchdogs_to_tell():
    voice = Voice()
    states = StatesTold(voice, ACTIVE)

    states.look(TradingState.KILLED, [])
    assert voice.said == []
    states.look(HALTED, [STRANGER])

    assert voice.said == [("critical", "trading is halted: order 77 is not ours, by reconcile.external")]
