"""
What happened at the venue, committed before anybody acts on it.

Journal, ledger and lives move together: an event is durable first and folded
then, so that a process that dies in between finds itself where it was.
"""

from __future__ import annotations

from trader.execution.lifecycle import Life, Lifecycle
from trader.model.events import BooksDiffer, Event, IntentStored, OrderChanged, StateMoved
from trader.model.orders import OrderIntent, OrderStatus
from trader.model.trading import RiskReason, TradingState
from trader.ports import Clock, Journal
from trader.state.ledger import Ledger

STOPPED = (TradingState.HALTED, TradingState.KILLED)


class WireRecord:
    """The one way to write for everybody who deals with the venue of one account."""

    def __init__(self, journal: Journal, ledger: Ledger, clock: Clock, lives: Lifecycle) -> None:
        self._journal = journal
        self.ledger = ledger
        self.clock = clock
        self.lives = lives
        self.unwanted: set[str] = set()
        """Working orders that are to end; the venue is asked again until each is over."""
        self._told: set[tuple[str, str, str]] = set()

    def record(self, *events: Event) -> None:
        """Commit *events*, then fold them in."""
        self._journal.append(events)
        self.ledger.apply_all(events)
        self.lives.apply_all(events)

    def store(self, intent: OrderIntent) -> Life:
        """Commit an intent of our own making."""
        self.record(IntentStored(self.clock.now(), intent))
        return self.lives.lives[intent.client_order_id]

    def move(self, life: Life, status: OrderStatus, reason: str = "", order_id: str = "") -> None:
        """Commit that an order has moved."""
        self.record(OrderChanged(self.clock.now(), life.intent.client_order_id, status, order_id, reason))

    def differ(self, what: str, ours: object, theirs: object, *with_events: Event) -> None:
        """
        The venue says otherwise: recorded with both sides, once, and the account is halted; *with_events*, which say
        so, in the same commit, or a death in between would know of the one and never say the other.
        """
        said = (what, str(ours), str(theirs))
        if said in self._told:
            if with_events:
                self.record(*with_events)
            return
        self._told.add(said)
        now = self.clock.now()
        events: list[Event] = [*with_events, BooksDiffer(now, *said)]
        if self.ledger.state not in STOPPED:
            reason = f"{RiskReason.UNKNOWN_STATE.value}: {what}: {ours} here, {theirs} there"
            events.append(StateMoved(now, TradingState.HALTED, reason, "reconciliation"))
        self.record(*events)
