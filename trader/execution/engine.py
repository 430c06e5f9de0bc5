"""
Carrying a decision out: recorded first, then sent; the only caller of `Exchange.submit`.

Order of a send: decision and intents in one commit, a last look, `sent`
committed, bytes.  What the exchange answers is committed before anyone acts
on it.  Without an exchange (dry run) an intent ends as not sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from trader.model.decision import Decision, Proposals
from trader.model.events import Decided, Event, IntentStored, OrderChanged, OrderFilled, StateMoved
from trader.model.orders import Fill, OrderIntent, OrderStatus
from trader.model.quick import maker
from trader.ports import Acknowledged, Exchange, Journal, OutcomeUnknown
from trader.state.ledger import Ledger

make_change, make_decided = maker(OrderChanged), maker(Decided)

LastLook = Callable[[OrderIntent], str | None]
"""A reason not to send, or None.  Must do no I/O but reading flags."""


def nothing_forbids(intent: OrderIntent) -> str | None:
    """The last look of a backtest, where nobody can press anything in between."""
    return None


class ExecutionEngine:
    """One account's way to its exchange; *exchange* None is a dry run."""

    def __init__(
        self, journal: Journal, ledger: Ledger, exchange: Exchange | None, last_look: LastLook = nothing_forbids
    ) -> None:
        self._append, self._fold = journal.append, ledger.apply_all
        self._exchange = exchange
        self._last_look = last_look

    def record(self, *events: Event) -> None:
        """Commit *events*, then fold them into the ledger."""
        self._append(events)
        self._fold(events)

    def carry_out(self, decision: Decision, proposals: Proposals, cycle_id: str) -> None:
        """Record *decision* with its intents, then send what it planned."""
        now = decision.as_of
        events: list[Event] = [
            StateMoved(now, trip.state, trip.risk_reason.value, f"breaker {trip.breaker}", trip)
            for trip in decision.trips
        ]
        if decision.verdicts or decision.superseded or decision.trips or proposals.reports:
            events.append(
                make_decided(
                    now, cycle_id, proposals.proposals, proposals.reports, decision.verdicts, decision.superseded
                )
            )
        events += [IntentStored(now, intent) for intent in decision.intents]
        if events:
            self.record(*events)
        if decision.cancels:
            self.cancel(decision.cancels)
        self.send(decision.intents, now)

    def send(self, intents: Sequence[OrderIntent], now: datetime) -> None:
        """Send *intents*, which are stored already, each after a last look."""
        for intent in intents:
            self._send(intent, now)

    def cancel(self, client_order_ids: Sequence[str]) -> None:
        """Ask for the end of working orders and record what became of them."""
        if client_order_ids and self._exchange is not None:
            self._exchange.cancel(client_order_ids)
            self.take_news()

    def take_news(self) -> Sequence[Event]:
        """Record every fill and end the exchange has for us, in one commit; what was recorded."""
        events = self.unrecorded_news()
        if events:
            self.record(*events)
        return events

    def unrecorded_news(self) -> list[Event]:
        """Every fill and end the exchange has for us, as events that the caller must record."""
        if self._exchange is None:
            return []
        return [
            OrderFilled(item)
            if isinstance(item, Fill)
            else OrderChanged(item.time, item.client_order_id, OrderStatus(item.status), reason=item.reason)
            for item in self._exchange.news()
        ]

    def _send(self, intent: OrderIntent, now: datetime) -> None:
        order_id = intent.client_order_id
        if self._exchange is None:
            self.record(OrderChanged(now, order_id, OrderStatus.NOT_SENT, reason="dry run"))
            return
        forbidden = self._last_look(intent)
        if forbidden is not None:
            self.record(OrderChanged(now, order_id, OrderStatus.NOT_SENT, reason=forbidden))
            return
        self.record(make_change(now, order_id, OrderStatus.SENT))
        answer = self._exchange.submit(intent)
        if isinstance(answer, Acknowledged):
            change = make_change(now, order_id, OrderStatus.OPEN, order_id=answer.order_id)
        elif isinstance(answer, OutcomeUnknown):
            change = OrderChanged(now, order_id, OrderStatus.UNKNOWN, reason=answer.reason)
        else:
            change = OrderChanged(now, order_id, OrderStatus.REJECTED, reason=answer.reason)
        self.record(change)
