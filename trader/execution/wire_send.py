"""
From a stored intent to bytes on the wire, and no byte twice.

Stored, previewed where asked, looked at a last time, `sent` committed, sent;
then the answer is committed and the order read back.  Only what the venue
certainly has not got is sent again, as it stands and behind a new last look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from trader.execution.lifecycle import Life
from trader.execution.wire_intake import Intake
from trader.execution.wire_record import WireRecord
from trader.execution.wiring import WirePolicy, wire_order
from trader.model.events import OrderChanged, WireStored
from trader.model.money import ZERO
from trader.model.orders import OrderIntent, OrderStatus, Position
from trader.model.trading import Side, TradingState
from trader.model.wire import ProductState, WireOrder
from trader.ports import Acknowledged, NotAccepted, OutcomeUnknown, Refused, Wire, WireDown

RESENDS = 1
RESEND_SECONDS = 1.0
STEP_ASIDE_SECONDS = (0.1, 0.2, 0.4, 0.8)
"""How often, and after which waits, a stop that was asked to end is looked at."""
CANCELS_AT_ONCE = 100
WAITS = 2
"""Times the settling: so long an exit waits for its stop to end, and is asked for anew after that."""
ENDING = "its stop was asked to end"
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
        self.waiting: dict[str, datetime] = {}
        """Exits whose stop was asked to end and has not yet, by our ids, and since when they wait."""

    @property
    def unwanted(self) -> set[str]:
        """Orders to cancel as soon as the venue's name for them is known."""
        return self._record.unwanted

    def send(self, intent: OrderIntent) -> None:
        """Send *intent*, which is stored; whatever comes of it is committed."""
        life = self._record.lives.lives[intent.client_order_id]
        if intent.side is Side.SELL and not intent.protects:
            in_the_way = self._step_aside(intent)
            if in_the_way.startswith(ENDING) and self._may_wait(intent):
                return
            self.waiting.pop(intent.client_order_id, None)
            if in_the_way:
                self._record.move(life, OrderStatus.NOT_SENT, in_the_way)
                return
        wire = self.as_sent(intent)
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

    def _may_wait(self, intent: OrderIntent) -> bool:
        """A venue may take its time to end a stop: given up at once, an exit would never leave there."""
        clock = self._record.clock
        since = self.waiting.setdefault(intent.client_order_id, clock.now())
        return clock.passed(since) < WAITS * self._policy.settle

    def send_waiting(self, freshen: Callable[[Sequence[str]], None]) -> None:
        """Send the exits whose stop has ended meanwhile, and give up those that wait for too long or must not leave."""
        lives = self._record.lives.live
        for client_id in list(self.waiting):
            life = lives.get(client_id)
            if life is None:
                del self.waiting[client_id]
                continue
            if _over(self._stops_of(life.intent)):
                freshen((life.intent.symbol,))
                self.send(life.intent)
                continue
            why = self._last_look(life.intent)
            if why is None and not self._may_wait(life.intent):
                why = f"{ENDING} and still rests at the venue"
            if why is not None:
                del self.waiting[client_id]
                self._record.move(life, OrderStatus.NOT_SENT, why)

    def as_sent(self, intent: OrderIntent) -> WireOrder | str:
        """
        *intent* as the venue would get it now, or why it cannot be sent.  An exit is for no more than is left: its stop
        may have sold some.
        """
        product = self.products.get(intent.symbol)
        if product is None:
            return "the venue does not list it"
        if intent.side is Side.SELL and not intent.protects:
            free = self._free(intent)
            if free <= ZERO:
                return f"none of {intent.size} {intent.symbol} is left to be sold"
            intent = replace(intent, size=min(intent.size, free))
        return wire_order(intent, product, self._policy, self._record.clock.now())

    def _free(self, intent: OrderIntent) -> Decimal:
        """What is held of what *intent* sells and no other exit at the venue may be selling already."""
        held = self._record.ledger.positions.get(key_of(intent))
        selling = (one for one in self._record.lives.live.values() if one.at_venue and not one.intent.protects)
        others = (one.left for one in selling if one.intent.side is Side.SELL and key_of(one.intent) == key_of(intent))
        return ZERO if held is None else held.size - sum(others, ZERO)

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
        self.unwanted.update(one for one in client_order_ids if one in lives and lives[one].at_venue)

    def cancel_unwanted(self) -> None:
        """Ask the venue to end every unwanted order it has a name for; asked again until each is over."""
        lives, unwanted = self._record.lives.live, self.unwanted
        unwanted.intersection_update(lives)
        if self._record.ledger.state is TradingState.HALTED:
            unwanted -= {one for one in unwanted if self._must_stay(lives[one])}
        named = (lives[one].order_id for one in sorted(unwanted))
        ids = [order_id for order_id in named if order_id and order_id not in self._intake.finder.others]
        for first in range(0, len(ids), CANCELS_AT_ONCE):
            self._wire.cancel(ids[first : first + CANCELS_AT_ONCE])

    def _must_stay(self, life: Life) -> bool:
        """A stop is not asked to end any more once nothing may take its place, unless it is for more than is held."""
        return life.intent.protects and sells_no_more_than(life, self._record.ledger.positions.get(key_of(life.intent)))

    def _step_aside(self, intent: OrderIntent) -> str:
        """
        End the stop that protects what *intent* sells; why it may not be sold now, or empty.  No stop is asked to end
        for an exit that could not leave anyway, nor where nobody could see whether it has.
        """
        record, stops = self._record, self._stops_of(intent)
        kept = self._why_kept(intent) if stops else ""
        if kept:
            return kept
        if not _over(stops):
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
        return "" if _over(stops) else f"{ENDING} and still rests at the venue"

    def _stops_of(self, intent: OrderIntent) -> list[Life]:
        live = self._record.lives.live.values()
        return [one for one in live if one.intent.protects and key_of(one.intent) == key_of(intent)]

    def _why_kept(self, intent: OrderIntent) -> str:
        """What keeps *intent* here, so far as can be known before its stop has ended: what is there, and a look."""
        wire = self.as_sent(intent)
        if isinstance(wire, str):
            return wire
        try:
            self._intake.take_in()
        except WireDown as down:
            return f"its stop stays, for the venue cannot be read: {down}"
        return self._last_look(intent) or ""


def _over(lives: Sequence[Life]) -> bool:
    return all(life.status.terminal for life in lives)


def sells_no_more_than(stop: Life, held: Position | None) -> bool:
    """Whether *stop* may stay for what is *held*, whatever else speaks against it."""
    return held is not None and stop.left <= held.size


def key_of(intent: OrderIntent) -> tuple[str, str]:
    """Whose position in what."""
    return intent.strategy, intent.symbol
