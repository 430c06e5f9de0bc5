"""When entries stop, every working BUY ends, maker or market: in a decision and at a new process's start."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.backtest.worlds import World, job_of
from tests.builders import ALPHA, BTC, ETH, NOW, a_book, a_performance, a_snapshot, an_intent, an_order
from tests.gateway.paper import a_core, fills_of, proposer
from trader.desk import dispose
from trader.model.decision import Proposals
from trader.model.events import OrderChanged, StateMoved
from trader.model.orders import OrderStatus, OrderType
from trader.model.trading import Side, TradingState
from trader.state.memory import MemoryJournal

JOB = job_of(World(bars=80, act_share=40))
NOTHING = Proposals("snapshot-1", NOW)
STOPPED = [TradingState.REDUCING, TradingState.HALTED, TradingState.KILLED]


def a_busy_book(**changes):
    """A market BUY, a maker BUY and a SELL at work."""
    book = a_book(working={(ALPHA, BTC): 100}, claimed={(ALPHA, ETH): 1}, **changes)
    maker = an_order(an_intent(client_order_id="maker", order_type=OrderType.LIMIT_MAKER))
    return replace(book, working={**book.working, "maker": maker})


def cancels_of(book):
    return dispose(a_core(JOB, MemoryJournal()).books.desk, a_snapshot(), book, NOTHING).cancels


@pytest.mark.req("DD1")
def test_a_trip_ends_every_working_buy_and_no_sell():
    fallen = a_busy_book(performance=a_performance("0.005", "1"))

    assert cancels_of(fallen) == ("t247-buy-alpha-BTC-USD", "maker") == fallen.working_buys


@pytest.mark.req("DD1")
@pytest.mark.parametrize("state", STOPPED)
def test_so_does_a_state_in_which_nothing_is_entered(state):
    assert cancels_of(a_busy_book(state=state)) == ("t247-buy-alpha-BTC-USD", "maker")
    assert cancels_of(a_busy_book(state=TradingState.ACTIVE)) == ()


@pytest.mark.req("DD1", "STOP")
@pytest.mark.parametrize("state", STOPPED)
def test_a_new_process_ends_what_was_working_when_entries_stopped(state):
    journal, propose = MemoryJournal(), proposer(JOB)
    core = a_core(JOB, journal)
    bought = None
    while bought is None:
        cycle = core.begin()
        decision = core.submit(cycle.id, propose(cycle.snapshot))
        bought = next((intent for intent in decision.intents if intent.side is Side.BUY), None)
        core.finish(cycle.id, "complete")
    assert bought.order_type is OrderType.MARKET
    journal.append([StateMoved(cycle.snapshot.as_of, state, "test", "operator")])

    again = a_core(JOB, journal)
    again.begin()

    ended = [e.client_order_id for e in journal.replay() if isinstance(e, OrderChanged) and e.status is
             OrderStatus.CANCELLED]  # fmt: skip
    assert ended == [bought.client_order_id]
    assert not again.books.ledger.working
    assert fills_of(journal.replay()) == []
