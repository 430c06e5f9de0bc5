"""
From a stored intent to bytes on the wire, and no byte twice.

Stored, previewed where asked, looked at a last time, `sent` committed, sent;
then the answer is committed and the order read back.  Only what the venue
certainly has not got is sent again, as it stands and behind a new last look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from trader.execution.lifecycle import Life
from trader.execution.wire_intake import Intake
from trader.execution.wire_record import WireRecord
from trader.execution.wiring import WirePolicy, wire_order
from trader.model.events import OrderChanged, WireStored
from trader.model.money import ZERO
from trader.model.orders import OrderIntent, OrderStatus
from trader.model.trading import Side
from trader.model.wire import ProductState, WireOrder
from trader.ports import Acknowledged, NotAccepted, OutcomeUnknown, Refused, Wire, WireDown

RESENDS = 1
RESEND_SECONDS = 1.0
STEP_ASIDE_SECONDS = (0.1, 0.2, 0.4, 0.8)
"""How often, and after which waits, a stop that was asked to end is looked at."""
CANCELS_AT_ONCE = 100
WOULD_CROSS = "LIMIT_PRICE_POST_ONLY"
"""Part of what the venue says of a maker entry whose price has come: it goes on at a new bid, or is taken."""


class Sender:
    """Sends intents and cancels orders; *products* are the venue's, refreshed by whoever asks it."""

    def __init__(
        self,
        record: WireRecord,
        wire: Wire,
        intake: Intake,
        policy: WirePolicy,
        last_look: Callable[[OrderIntent], str | None],
    ) -> None:
        self._record, self._wire, self._intake = record, wire, intake
        self._policy, self._last_look = policy, last_look
        self.products: Mapping[str, ProductState] = {}
        self.unwanted: set[str] = set()
        """Orders to cancel as soon as the venue's name for them is known."""

    def send(self, intent: OrderIntent) -> None:
        """Send *intent*, which is stored; whatever comes of it is committed."""
        life = self._record.lives.lives[intent.client_order_id]
        if intent.side is Side.SELL and not intent.protects:
            in_the_way = self._step_aside(intent)
            if in_the_way:
                self._record.move(life, OrderStatus.NOT_SENT, in_the_way)
                return
        product = self.products.get(intent.symbol)
        now = self._record.clock.now()
        wire = wire_order(intent, product, self._policy, now) if product is not None else "the venue does not list it"
        refused = wire if isinstance(wire, str) else self._previewed(wire)
        if isinstance(wire, str) or refused:
            ended = self._intake.end if WOULD_CROSS in refused else self._record.move
            ended(life, OrderStatus.NOT_SENT, refused)
            return
        for attempt in range(1 + RESENDS):
            forbidden = self._last_look(intent)
            if forbidden is not None:
                self._record.move(life, OrderStatus.NOT_SENT, forbidden)
                return
            if self._place(life, wire):
                return
            if attempt < RESENDS:
                self._record.clock.sleep(RESEND_SECONDS)
        self._record.move(life, OrderStatus.NOT_SENT, f"the venue did not take it {1 + RESENDS} times")

    def _previewed(self, wire: WireOrder) -> str:
        """Why the venue would refuse it; empty where it would not, or is not asked."""
        if not self._policy.preview:
            return ""
        try:
            return "; ".join(f"preview: {error}" for error in self._wire.preview(wire).errors)
        except WireDown as down:
            return "" if wire.side is Side.SELL else f"preview: {down}"

    def _place(self, life: Life, wire: WireOrder) -> bool:
        """Commit `sent`, look again, and send; False where the venue certainly has not got it."""
        record, client_id = self._record, wire.client_order_id
        now = record.clock.now()
        record.record(WireStored(now, wire), OrderChanged(now, client_id, OrderStatus.SENT))
        forbidden = self._last_look(life.intent)
        if forbidden is not None:  # a commit takes its time, and somebody may have pressed kill in it
            record.move(life, OrderStatus.NOT_SENT, forbidden)
            return True
        answer = self._wire.place(wire, lambda: self._last_look(life.intent) or "")
        if isinstance(answer, NotAccepted):
            record.move(life, OrderStatus.STORED, answer.reason)
            return False
        if isinstance(answer, Acknowledged):
            self._acknowledged(life, answer.order_id)
        elif isinstance(answer, Refused) and WOULD_CROSS in answer.reason:
            self._intake.end(life, OrderStatus.REJECTED, answer.reason)
        elif isinstance(answer, Refused):
            record.move(life, OrderStatus.REJECTED, answer.reason)
        elif isinstance(answer, OutcomeUnknown):
            record.move(life, OrderStatus.UNKNOWN, answer.reason)
        return True

    def _acknowledged(self, life: Life, order_id: str) -> None:
        """The venue says it has it: read it back, for an id used before is acknowledged just the same."""
        record = self._record
        client_id, owner, there = life.intent.client_order_id, record.lives.of_order(order_id), None
        whose = owner.intent.client_order_id if owner is not None else ""
        if order_id in record.lives.external:
            whose = "not ours"
        if not whose:
            with suppress(WireDown):  # taking in looks again
                there = self._wire.order(order_id)
            if there is not None and there.client_order_id != client_id:
                whose = there.client_order_id or "no client_order_id"
        if whose:
            record.move(life, OrderStatus.UNKNOWN, f"acknowledged as order {order_id}, which is another's")
            record.differ(f"order {order_id}", client_id, whose)
            return
        record.move(life, OrderStatus.OPEN, order_id=order_id)
        if there is not None:
            self._intake.finder.verify(life, there)

    def cancel(self, client_order_ids: Sequence[str]) -> None:
        """Ask for the end of working orders; one whose name is not known yet is cancelled once it is."""
        self.cancel_later(client_order_ids)
        self.cancel_unwanted()

    def cancel_later(self, client_order_ids: Iterable[str]) -> None:
        """Have working orders ended with the next `cancel_unwanted`."""
        lives = self._record.lives.live
        self.unwanted |= {one for one in client_order_ids if one in lives and lives[one].at_venue}

    def cancel_unwanted(self) -> None:
        """Ask the venue to end every unwanted order it has a name for; asked again until each is over."""
        lives = self._record.lives.live
        self.unwanted &= lives.keys()
        named = (lives[one].order_id for one in sorted(self.unwanted))
        ids = [order_id for order_id in named if order_id and order_id not in self._intake.finder.others]
        for first in range(0, len(ids), CANCELS_AT_ONCE):
            self._wire.cancel(ids[first : first + CANCELS_AT_ONCE])

    def _step_aside(self, intent: OrderIntent) -> str:
        """End the stop that protects what *intent* sells; why it may not be sold now, or empty."""
        record, key = self._record, (intent.strategy, intent.symbol)
        stops = [one for one in record.lives.live.values() if one.intent.protects and key_of(one.intent) == key]
        if stops:
            self.cancel([stop.intent.client_order_id for stop in stops])
        for seconds in STEP_ASIDE_SECONDS:
            if _over(stops):
                break
            try:
                self._intake.take_in()
            except WireDown as down:
                return f"its stop may still rest at the venue: {down}"
            if not _over(stops):
                record.clock.sleep(seconds)
        if not _over(stops):
            return "its stop was asked to end and still rests at the venue"
        held = record.ledger.positions.get(key)
        size = ZERO if held is None else held.size
        return "" if size >= intent.size else f"its stop has sold: {size} of {intent.size} left"


def _over(lives: Sequence[Life]) -> bool:
    return all(life.status.terminal for life in lives)


def key_of(intent: OrderIntent) -> tuple[str, str]:
    """Whose position in what."""
    return intent.strategy, intent.symbol
