"""The kill switch at the gateway: at every point from which something could still be sent."""

from __future__ import annotations

import pytest

from tests.backtest.worlds import World, job_of
from tests.gateway.paper import a_core, fills_of, proposer
from trader.model.events import OrderChanged, StateMoved
from trader.model.orders import OrderStatus
from trader.model.trading import TradingState
from trader.state.memory import MemoryJournal

JOB = job_of(World(bars=80, act_share=40))


class Switch:
    """Pressed when somebody says so, or at the so-manieth look."""

    def __init__(self, at_look=None):
        self.pressed, self.looks, self.at_look = "", 0, at_look

    def __call__(self):
        self.looks += 1
        if self.at_look is not None and self.looks >= self.at_look:
            self.pressed = "a hand"
        return self.pressed


def until_an_order(core, propose):
    """Cycles until one is about to be decided in which something would be bought."""
    while True:
        cycle = core.begin()
        wishes = propose(cycle.snapshot)
        if wishes.proposals:
            return cycle, wishes
        core.submit(cycle.id, wishes)
        core.finish(cycle.id, "complete")


def sent(journal):
    return [e for e in journal.replay() if isinstance(e, OrderChanged) and e.status is OrderStatus.SENT]


@pytest.mark.req("K1", "NF1")
def test_pressed_before_the_decision_nothing_is_approved():
    switch, journal = Switch(), MemoryJournal()
    core = a_core(JOB, journal, killed=switch)
    cycle, wishes = until_an_order(core, proposer(JOB))
    switch.pressed = "a hand"

    decision = core.submit(cycle.id, wishes)

    assert decision.verdicts
    assert not decision.intents
    assert not sent(journal)
    assert core.books.ledger.state is TradingState.KILLED


@pytest.mark.req("K1", "NF1")
def test_pressed_after_the_decision_the_last_look_sees_it():
    journal = MemoryJournal()
    unpressed = Switch()
    core = a_core(JOB, journal, killed=unpressed)
    cycle, wishes = until_an_order(core, proposer(JOB))
    unpressed.at_look = unpressed.looks + 2  # the look before deciding passes, the one before sending does not

    decision = core.submit(cycle.id, wishes)

    assert decision.intents
    assert not sent(journal)
    reasons = {e.reason for e in journal.replay() if isinstance(e, OrderChanged)}
    assert reasons == {"killed: a hand"}


@pytest.mark.req("K1")
def test_without_the_switch_the_same_cycle_sends():
    """The control: the two above would have sent."""
    journal = MemoryJournal()
    core = a_core(JOB, journal, killed=Switch())
    cycle, wishes = until_an_order(core, proposer(JOB))

    core.submit(cycle.id, wishes)

    assert sent(journal)


@pytest.mark.req("K1")
def test_pressed_between_cycles_what_works_is_cancelled_and_nothing_fills():
    switch, journal = Switch(), MemoryJournal()
    core = a_core(JOB, journal, killed=switch)
    cycle, wishes = until_an_order(core, proposer(JOB))
    core.submit(cycle.id, wishes)
    core.finish(cycle.id, "complete")
    assert core.books.ledger.working

    switch.pressed = "a hand"
    core.books.look_again()

    assert not core.books.ledger.working
    while not core.exhausted:
        cycle = core.begin()
        core.submit(cycle.id, proposer(JOB)(cycle.snapshot))
        core.finish(cycle.id, "complete")
    assert not fills_of(journal.replay())


@pytest.mark.req("K1", "STOP")
def test_a_kill_outlives_the_process_and_the_flag():
    switch, journal = Switch(), MemoryJournal()
    core = a_core(JOB, journal, killed=switch)
    switch.pressed = "a hand"
    core.books.look_again()

    again = a_core(JOB, journal)

    assert again.books.ledger.state is TradingState.KILLED
    moved = [e for e in journal.replay() if isinstance(e, StateMoved)]
    assert [(e.reason, e.by) for e in moved] == [("a hand", "kill switch")]
