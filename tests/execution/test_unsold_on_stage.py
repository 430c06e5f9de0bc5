"""A strategy's exit that a disturbance kept from leaving is asked for again by the next decision, until it is sold."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.builders import a_proposal, a_snapshot, a_universe_policy
from tests.execution.account import BTC
from tests.execution.test_wire_on_stage import Staged
from tests.execution.test_wire_on_stage import stage as stage
from trader.desk import Desk, dispose
from trader.model.decision import Proposals
from trader.model.events import IntentStored, StateMoved
from trader.model.market import Regime
from trader.model.orders import OrderStatus
from trader.model.trading import ExitReason, Side, TradingState
from trader.policy import ExecutionPolicy, ExitPolicy, RegimePolicy
from trader.registry import Registry
from trader.risk.engine import RiskEngine
from trader.risk.rules.min_notional import MinNotional
from trader.risk.rules.no_shorts import NoShorts
from trader.risk.rules.schema import Schema
from trader.risk.rules.stale_quote import StaleQuote
from trader.risk.rules.trading_state_gate import TradingStateGate

pytestmark = pytest.mark.slow

SMA = ("sma", BTC)
RULES = (Schema(), TradingStateGate(), StaleQuote(), NoShorts(), MinNotional())
DESK = Desk(
    Registry([], None), {}, RiskEngine(RULES), a_universe_policy(), RegimePolicy(dict.fromkeys(Regime, Decimal(1))),
    ExitPolicy(), ExecutionPolicy(),
)  # fmt: skip


class Deciding(Staged):
    """An account that decides every few seconds, and carries out what was decided."""

    def cycle(self, *wishes, quote_age=0.0):
        """What the next cycle decides, on a quote so many seconds old, and sends."""
        self.later(2)
        assert self.execution.sync(), self.execution.down
        now = self.clock.now()
        snapshot = a_snapshot({BTC: self.quote(BTC).mid}, as_of=now)
        if quote_age:
            self.later(quote_age)
            snapshot = a_snapshot({BTC: self.quote(BTC).mid}, as_of=self.clock.now(), quotes=snapshot.quotes)
        book = self.ledger.book(snapshot.as_of, {BTC: self.quote(BTC).mid}, {}, {})
        proposals = Proposals(snapshot.id, snapshot.as_of, wishes)
        decision = dispose(DESK, snapshot, book, proposals)
        self.execution.carry_out(decision, proposals, snapshot.id)
        return decision

    def hold_protected(self):
        bought = self.intent(1)
        self.until(lambda: self.life(bought).status.terminal and self.ledger.positions)
        self.until(lambda: any(life.intent.protects for life in self.execution.lives.live.values()))

    def exits(self):
        """Everything that was to be sold but by a resting stop: whether as asked first, and what became of it."""
        stored = [event.intent for event in self.journal.replay() if isinstance(event, IntentStored)]
        sold = [one for one in stored if one.side is Side.SELL and not one.protects]
        return [(one.exit_reason, self.life(one).status) for one in sold]


FIRST, AGAIN = None, ExitReason.SIGNAL
NOT_SENT, REJECTED, FILLED = OrderStatus.NOT_SENT, OrderStatus.REJECTED, OrderStatus.FILLED


def sell(pct=100.0):
    return a_proposal(Side.SELL, BTC, "sma", notional_pct=pct)


@pytest.fixture
def account(stage):
    account = Deciding(stage)
    account.hold_protected()
    return account


def slow_cancel(stage):
    stage.direct("/settings", cancel_seconds=4.0)


def bad_token(stage):
    stage.fault("unauthorized", "create_order", times=1)


def throttled_twice(stage):
    stage.fault("throttled", "create_order", times=2)


@pytest.mark.req("EXITS", "X1")
def test_an_exit_waits_for_a_stop_that_ends_slowly_and_leaves_as_soon_as_it_has(stage, account):
    slow_cancel(stage)
    account.cycle(sell())
    assert account.exits() == [(FIRST, OrderStatus.STORED)]
    assert account.execution.is_unsure, "it is looked at between cycles"
    assert account.cycle().intents == (), "it is not asked for a second time meanwhile"

    account.until(lambda: not account.ledger.positions, rounds=300)

    assert account.exits() == [(FIRST, FILLED)]
    assert account.agrees()


@pytest.mark.req("EXITS", "X1")
def test_one_that_waited_for_too_long_is_asked_for_again(stage, account):
    stage.direct("/settings", cancel_seconds=600.0)
    account.cycle(sell())
    account.later(61)
    account.execution.sync()

    assert account.exits() == [(FIRST, NOT_SENT)]
    assert account.ledger.unsold.sizes == {SMA: account.ledger.positions[SMA].size}


@pytest.mark.req("EXITS", "X1")
@pytest.mark.parametrize(
    ("disturbance", "ends"),
    [(bad_token, REJECTED), (throttled_twice, NOT_SENT)],
    ids=["one 401", "two 429s"],
)
def test_an_exit_that_did_not_leave_leaves_with_the_next_decision(stage, account, disturbance, ends):
    disturbance(stage)
    account.cycle(sell())
    assert account.exits() == [(FIRST, ends)]
    assert account.ledger.unsold.sizes == {SMA: account.ledger.positions[SMA].size}

    account.until(lambda: any(life.intent.protects for life in account.execution.lives.live.values()))
    account.cycle()
    account.until(lambda: not account.ledger.positions)

    assert account.exits() == [(FIRST, ends), (AGAIN, FILLED)]
    assert account.ledger.unsold.sizes == {}
    assert account.agrees()
    account.cycle()
    assert len(account.exits()) == 2, "it is asked for once more, and no more than that"


@pytest.mark.req("EXITS", "STOP")
def test_half_an_exit_that_did_not_leave_is_half_an_exit_after_a_restart(stage, account):
    held = account.ledger.positions[SMA].size
    throttled_twice(stage)
    account.cycle(sell(50.0))

    again = Deciding(stage, journal=account.journal)
    again.cycle()
    again.until(lambda: again.ledger.positions[SMA].size < held and not again.ledger.unsold.sizes)

    assert again.exits() == [(FIRST, NOT_SENT), (AGAIN, FILLED)]
    assert abs(again.ledger.positions[SMA].size - held / 2) <= Decimal("0.00000001")
    assert again.agrees()


@pytest.mark.req("EXITS", "ST1")
def test_one_that_a_stale_quote_forbade_leaves_when_there_is_a_price(account):
    account.cycle(sell(), quote_age=10)
    assert account.exits() == []

    account.cycle()
    account.until(lambda: not account.ledger.positions)

    assert account.exits() == [(AGAIN, FILLED)]


@pytest.mark.req("EXITS", "K1")
def test_halted_it_waits_and_leaves_once_trading_goes_on(stage, account):
    throttled_twice(stage)
    account.cycle(sell())
    account.execution.record(StateMoved(account.clock.now(), TradingState.HALTED, "by hand", "test"))
    for _ in range(2):
        assert account.cycle().intents == ()
    assert account.exits() == [(FIRST, NOT_SENT)]

    account.execution.record(StateMoved(account.clock.now(), TradingState.ACTIVE, "by hand", "test"))
    account.cycle()
    account.until(lambda: not account.ledger.positions)

    assert account.exits() == [(FIRST, NOT_SENT), (AGAIN, FILLED)]


@pytest.mark.req("EXITS")
def test_each_cycle_tries_once(stage, account):
    stage.fault("throttled", "create_order", times=100)
    account.cycle(sell())
    for tries in (1, 2):
        account.cycle()
        assert account.exits() == [(FIRST, NOT_SENT)] + [(AGAIN, NOT_SENT)] * tries
