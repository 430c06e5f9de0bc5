"""
Nothing is sent that was not committed, and nothing the exchange says is acted on before it is.

One trace holds the commits and the sends in the order they happened; the tests read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import pytest

from tests.builders import BTC, ETH, NOW, PRICE, THEMES, TIERS, a_buy, a_fill, a_verdict, an_intent, minutes
from trader.execution.engine import ExecutionEngine, LastLook, nothing_forbids
from trader.model.decision import Decision, Proposals, Trip
from trader.model.events import AccountOpened, Event, IntentStored, OrderChanged, OrderFilled
from trader.model.orders import Fill, OrderIntent, OrderStatus
from trader.model.trading import RiskReason, TradingState
from trader.ports import Acknowledged, Ended, OutcomeUnknown, Refused
from trader.state.ledger import Ledger
from trader.state.memory import MemoryJournal

Answer = Acknowledged | Refused | OutcomeUnknown
Trace = list[tuple[str, ...]]

ACCEPTED, REFUSED, SILENCE = Acknowledged("venue-1"), Refused("no such product"), OutcomeUnknown("timed out")
FIRST, SECOND = an_intent(client_order_id="t247-BTC-USD-1"), an_intent(client_order_id="t247-ETH-USD-1", symbol=ETH)
DECISION = Decision(NOW, "snapshot-1", verdicts=(a_verdict(a_buy(100)),), intents=(FIRST, SECOND))


class RecordingJournal(MemoryJournal):
    """Writes every commit to the trace, as what its events were."""

    def __init__(self, trace: Trace) -> None:
        super().__init__()
        self.trace = trace

    def append(self, events: Sequence[Event], snapshots: Mapping[str, str] = {}) -> None:
        super().append(events, snapshots)
        self.trace.append(("commit", *map(named, events)))


class FakeExchange:
    """Gives every order *answer* and tells *news* once; writes every call to the trace."""

    def __init__(self, trace: Trace, answer: Answer = ACCEPTED, news: Sequence[Fill | Ended] = ()) -> None:
        self.trace, self.answer, self.untold = trace, answer, list(news)

    def submit(self, intent: OrderIntent) -> Answer:
        self.trace.append(("submit", intent.client_order_id))
        return self.answer

    def cancel(self, client_order_ids: Sequence[str]) -> None:
        self.trace.append(("cancel", *client_order_ids))

    def news(self) -> Sequence[Fill | Ended]:
        told, self.untold = self.untold, []
        return told


class Hasty(ExecutionEngine):
    """The negative control: sends first and records afterwards."""

    def carry_out(self, decision: Decision, proposals: Proposals, cycle_id: str) -> None:
        for intent in decision.intents:
            self._exchange.submit(intent)
            self.record(IntentStored(decision.as_of, intent))


class Unannounced(ExecutionEngine):
    """The other negative control: the intent is stored, but SENT is committed after the send."""

    def _send(self, intent: OrderIntent, now: datetime) -> None:
        self._exchange.submit(intent)
        self.record(OrderChanged(NOW, intent.client_order_id, OrderStatus.SENT))


class World:
    """An engine with its ledger, journal and trace; without *answer* there is no exchange."""

    def __init__(
        self,
        answer: Answer | None = ACCEPTED,
        news: Sequence[Fill | Ended] = (),
        last_look: LastLook = nothing_forbids,
        kind: type[ExecutionEngine] = ExecutionEngine,
    ) -> None:
        self.trace: Trace = []
        self.ledger, self.journal = Ledger(), RecordingJournal(self.trace)
        exchange = None if answer is None else FakeExchange(self.trace, answer, news)
        self.engine = kind(self.journal, self.ledger, exchange, last_look)
        self.engine.record(AccountOpened(NOW, "PAPER", "main", Decimal(10_000), "1", "c"))
        self.trace.clear()

    def carry_out(self, decision: Decision = DECISION) -> Trace:
        self.engine.carry_out(decision, Proposals("snapshot-1", NOW), "cycle-1")
        return self.trace

    def reserved_usd(self) -> Decimal:
        return self.ledger.book(NOW, {BTC: PRICE, ETH: PRICE}, THEMES, TIERS).reserved_usd


def named(event: Event) -> str:
    if isinstance(event, IntentStored):
        return f"stored {event.intent.client_order_id}"
    return f"{event.status.value} {event.client_order_id}" if isinstance(event, OrderChanged) else type(event).__name__


def sent_uncommitted(trace: Trace) -> list[str]:
    """Orders whose bytes left before both their intent and their SENT were committed, or that left twice."""
    committed, left, wrong = set[str](), set[str](), list[str]()
    for what, *details in trace:
        if what == "commit":
            committed.update(details)
        elif what == "submit":
            (order,) = details
            if order in left or not {f"stored {order}", f"sent {order}"} <= committed:
                wrong.append(order)
            left.add(order)
    return wrong


@pytest.mark.req("X1")
@pytest.mark.parametrize(("answer", "status"), [(ACCEPTED, "open"), (REFUSED, "rejected"), (SILENCE, "unknown")])
def test_stored_then_sent_then_bytes_then_the_answer(answer, status):
    trace = World(answer).carry_out()

    first, second = FIRST.client_order_id, SECOND.client_order_id
    assert trace == [
        ("commit", "Decided", f"stored {first}", f"stored {second}"),
        ("commit", f"sent {first}"), ("submit", first), ("commit", f"{status} {first}"),
        ("commit", f"sent {second}"), ("submit", second), ("commit", f"{status} {second}"),
    ]  # fmt: skip
    assert sent_uncommitted(trace) == []


@pytest.mark.req("X1")
@pytest.mark.parametrize("kind", [Hasty, Unannounced])
def test_an_engine_that_sends_before_it_commits_is_caught(kind):
    assert sent_uncommitted(World(kind=kind).carry_out()) == [FIRST.client_order_id, SECOND.client_order_id]


@pytest.mark.req("X1")
@pytest.mark.parametrize(
    ("answer", "last_look", "reason"),
    [(None, nothing_forbids, "dry run"), (ACCEPTED, lambda intent: "kill switch", "kill switch")],
    ids=["without an exchange", "last look forbids"],
)
def test_what_may_not_be_sent_ends_as_not_sent(answer, last_look, reason):
    world = World(answer, last_look=last_look)

    assert [what for what, *_ in world.carry_out()] == ["commit"] * 3
    ends = [(event.status, event.reason) for event in world.journal.events if isinstance(event, OrderChanged)]
    assert ends == [(OrderStatus.NOT_SENT, reason)] * 2
    assert (world.ledger.working, world.reserved_usd()) == ({}, 0)


@pytest.mark.req("X1")
def test_every_order_gets_its_own_last_look():
    trace = World(last_look=lambda intent: "banned" if intent.symbol == BTC else None).carry_out()

    assert [details for what, *details in trace if what == "submit"] == [[SECOND.client_order_id]]


@pytest.mark.req("E2")
@pytest.mark.parametrize(("answer", "orders"), [(ACCEPTED, 2), (SILENCE, 2), (REFUSED, 0)])
def test_the_worst_case_stays_reserved_until_the_outcome_is_known(answer, orders):
    world = World(answer)
    world.carry_out()

    assert len(world.ledger.working) == orders
    assert world.reserved_usd() == orders * FIRST.worst_case_usd


def test_a_trip_is_committed_with_the_decision_and_before_it():
    trip = Trip("drawdown", TradingState.REDUCING, RiskReason.DRAWDOWN, Decimal(11), Decimal(10))
    world = World()

    assert world.carry_out(Decision(NOW, "snapshot-1", trips=(trip,))) == [("commit", "StateMoved", "Decided")]
    assert world.ledger.state is TradingState.REDUCING


def test_nothing_decided_is_nothing_committed():
    assert World().carry_out(Decision(NOW, "snapshot-1")) == []


def test_news_is_recorded_in_one_commit_and_told_once():
    fill = a_fill(client_order_id=FIRST.client_order_id)
    world = World(news=(fill, Ended(SECOND.client_order_id, "cancelled", NOW + minutes(1), "asked for")))
    world.carry_out(Decision(NOW, "snapshot-1", intents=(FIRST, SECOND)))
    world.trace.clear()

    recorded = world.engine.take_news()

    assert world.trace == [("commit", "OrderFilled", f"cancelled {SECOND.client_order_id}")]
    assert recorded[0] == OrderFilled(fill)
    assert (world.ledger.working, len(world.ledger.positions)) == ({}, 1)
    assert (world.engine.take_news(), len(world.trace)) == ([], 1)
