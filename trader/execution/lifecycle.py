"""
The life of every intent on a venue, folded from the record.

A second reader of the events, next to the ledger: the ledger knows what an
order means for the account, this knows what the venue calls it, what left, and
which fills were taken in.  Rebuilt from the journal it is what it was, and it
refuses a move that no order can make.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from trader.model.book import Key
from trader.model.events import (
    BooksDiffer,
    Event,
    ExternalClaimed,
    ExternalSeen,
    ForeignHeld,
    IntentStored,
    OrderChanged,
    OrderFilled,
    StopMissing,
    WireStored,
)
from trader.model.money import ZERO
from trader.model.orders import Fill, OrderIntent, OrderStatus, OrderType
from trader.model.wire import VenueOrder, WireOrder
from trader.state.latest import latest

STORED, SENT, UNKNOWN, OPEN = OrderStatus.STORED, OrderStatus.SENT, OrderStatus.UNKNOWN, OrderStatus.OPEN
FILLED, CANCELLED, EXPIRED = OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED
REJECTED, NOT_SENT = OrderStatus.REJECTED, OrderStatus.NOT_SENT

LEGAL: Final[Mapping[OrderStatus, frozenset[OrderStatus]]] = {
    STORED: frozenset({SENT, NOT_SENT}),
    SENT: frozenset({STORED, OPEN, UNKNOWN, REJECTED, NOT_SENT}),
    UNKNOWN: frozenset({OPEN, REJECTED}),
    OPEN: frozenset({UNKNOWN, FILLED, CANCELLED, EXPIRED, REJECTED}),
}
"""Where an order may go from where it is.  SENT back to STORED: the venue certainly has not got it; to NOT_SENT: the
look after the commit forbade it and no byte left.  From the others it goes nowhere."""


class IllegalMove(AssertionError):
    """The record says an order did what no order can do."""


@dataclass(slots=True)
class Life:
    """One intent on its way.  *filled* is the sum of the fills taken in, which is what counts, not what is said."""

    intent: OrderIntent
    status: OrderStatus = STORED
    wire: WireOrder | None = None
    order_id: str = ""
    sent_at: datetime | None = None
    left_by: datetime | None = None
    """When its answer came, or none had come: the host may have slept between the record and the first byte."""
    filled: Decimal = ZERO
    reason: str = ""
    """Why it came to *status*, where somebody said so."""
    ended_there: bool = False
    """The venue had it under our name for it and has ended it, so that a list which shows it at work only lags."""

    @property
    def left(self) -> Decimal:
        """Base size that has not been filled."""
        return (self.wire.size if self.wire is not None else self.intent.size) - self.filled

    @property
    def at_venue(self) -> bool:
        """The venue has it, or may have it."""
        return self.status in (SENT, UNKNOWN, OPEN)

    @property
    def rests(self) -> bool:
        """It may stay in the venue's book for long; any other is over as soon as the venue has looked at it."""
        return self.intent.protects or self.intent.order_type is OrderType.LIMIT_MAKER


@dataclass(slots=True)
class Lifecycle:
    """
    Every intent ever, by client order id; *live* are those that are not over.

    *owner* maps the venue's order ids to ours, *fills* the venue's fill ids to what they said, *external* the orders
    that are not ours, *foreign* is what the account holds that our fills did not bring, and *bare* are positions for
    which no stop rests there, with the reason.
    """

    lives: dict[str, Life] = field(default_factory=dict)
    live: dict[str, Life] = field(default_factory=dict)
    owner: dict[str, str] = field(default_factory=dict)
    fills: dict[str, Fill] = field(default_factory=dict)
    external: dict[str, VenueOrder] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)
    foreign: Mapping[str, Decimal] | None = None
    last_fill_at: datetime | None = None
    bare: dict[Key, str] = field(default_factory=dict)
    disputed: dict[str, str] = field(default_factory=dict)
    """What the venue said otherwise than the books, by what it was of, as it was last told."""

    def apply_all(self, events: Iterable[Event]) -> None:
        """Fold *events* in, oldest first; raises IllegalMove."""
        for event in events:
            if isinstance(event, IntentStored):
                self.lives[event.intent.client_order_id] = self.live[event.intent.client_order_id] = Life(event.intent)
            elif isinstance(event, OrderChanged):
                self._changed(event)
            elif isinstance(event, WireStored):
                self.lives[event.wire.client_order_id].wire = event.wire
            elif isinstance(event, OrderFilled):
                self._filled(event.fill)
            elif isinstance(event, ExternalSeen):
                self.external[event.order.order_id] = event.order
            elif isinstance(event, ExternalClaimed):
                self.claimed.add(event.order_id)
            elif isinstance(event, BooksDiffer):
                self.disputed[event.what] = event.theirs
            elif isinstance(event, ForeignHeld):
                self.foreign = event.amounts
            elif isinstance(event, StopMissing):
                self._stop_missing(event)

    def _changed(self, event: OrderChanged) -> None:
        life = self.lives[event.client_order_id]
        if event.status not in LEGAL.get(life.status, frozenset()):
            raise IllegalMove(f"{event.client_order_id}: {life.status.value} → {event.status.value}")
        life.ended_there = event.status.terminal and life.status is OPEN
        if event.status is SENT:
            life.sent_at = event.time
        elif life.status is SENT:
            life.left_by = event.time
        life.status, life.reason = event.status, event.reason
        if event.order_id:
            if life.order_id != event.order_id:
                self.owner.pop(life.order_id, None)
            life.order_id = event.order_id
            self.owner[event.order_id] = event.client_order_id
        if event.status.terminal:
            self.live.pop(event.client_order_id, None)

    def _stop_missing(self, event: StopMissing) -> None:
        self.bare.pop((event.strategy, event.symbol), None)
        if event.why:
            self.bare[event.strategy, event.symbol] = event.why

    def _filled(self, fill: Fill) -> None:
        self.fills[fill.fill_id] = fill
        self.last_fill_at = latest(self.last_fill_at, fill.time)
        life = self.lives.get(fill.client_order_id)
        if life is not None:
            life.filled += fill.size

    @property
    def unclaimed(self) -> list[VenueOrder]:
        """Orders that are not ours and nobody has claimed."""
        return [order for order_id, order in sorted(self.external.items()) if order_id not in self.claimed]

    def of_order(self, order_id: str) -> Life | None:
        """The intent the venue calls *order_id*."""
        owner = self.owner.get(order_id)
        return None if owner is None else self.lives[owner]
