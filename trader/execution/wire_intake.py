"""
Taking in what the venue says: orders found, fills, ends, strangers, balances.

Nothing is believed because it was answered once.  A fill counts by its own
row, once; an order is over when the venue says so and every fill of it is in
(RELIABILITY T9, T15).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from trader.execution.lifecycle import Life
from trader.execution.wire_absent import Absence
from trader.execution.wire_record import WireRecord
from trader.execution.wiring import WirePolicy, differences
from trader.model.events import Event, ExternalSeen, IntentStored, OrderChanged, OrderFilled
from trader.model.money import ZERO
from trader.model.orders import Fill, OrderIntent, OrderStatus
from trader.model.trading import Side
from trader.model.wire import FillKind, VenueFill, VenueOrder, VenueStatus
from trader.ports import Wire

OVERLAP = timedelta(seconds=120)
"""Lists lag: every scan begins so long before the last one ended."""
SKEW = timedelta(seconds=60)

ENDS: Mapping[VenueStatus, OrderStatus] = {
    VenueStatus.FILLED: OrderStatus.FILLED,
    VenueStatus.CANCELLED: OrderStatus.CANCELLED,
    VenueStatus.EXPIRED: OrderStatus.EXPIRED,
    VenueStatus.FAILED: OrderStatus.REJECTED,
}

NEVER_WORKED = (OrderStatus.REJECTED, OrderStatus.NOT_SENT)
"""Ends after which a list that lags cannot be why an order is shown as working."""

FollowUp = Callable[[Life], OrderIntent | None]
"""The intent that goes on where an order ended unfilled; committed with its end."""


class Intake:
    """What the venue says of one account, made events."""

    def __init__(
        self, record: WireRecord, wire: Wire, policy: WirePolicy, follow_up: FollowUp, since: datetime
    ) -> None:
        self._record, self._wire, self._policy, self._follow_up = record, wire, policy, follow_up
        self._taken_at = self._opened_at = since
        self._absence = Absence(record, policy)
        self._verified: set[str] = set()
        self.following: list[OrderIntent] = []
        """Intents that go on where another ended: stored, and still to be sent."""
        self.astray: tuple[str, ...] = ()
        """The venue's ids of orders of ours that work there although they are over here: to be cancelled."""

    def take_in(self) -> None:
        """
        Read orders and fills and commit what is new.

        Raises WireDown where the venue could not be read; what was committed before that stays.
        """
        record, now = self._record, self._record.clock.now()
        for life in list(record.lives.live.values()):
            if life.status is OrderStatus.SENT:
                record.move(life, OrderStatus.UNKNOWN, "no answer is recorded")
        there, self.astray = self._orders(now), ()
        self._find(there.values())
        self._take_fills(self._wire.fills(self._since() - SKEW), there)
        self._end(there)
        self._absence.judge(now, there.values())
        self._meet(there.values())
        self._taken_at = now

    def _since(self) -> datetime:
        sent = [life.sent_at for life in self._record.lives.live.values() if life.sent_at is not None]
        return min([self._taken_at - OVERLAP, *(time - SKEW for time in sent)])

    def _orders(self, now: datetime) -> dict[str, VenueOrder]:
        """Every order since the last time, and every one of ours that a late list leaves out."""
        there = {order.order_id: order for order in self._wire.orders(self._since(), now + SKEW)}
        for life in self._record.lives.live.values():
            if life.order_id and life.order_id not in there:
                order = self._wire.order(life.order_id)
                if order is not None:
                    there[order.order_id] = order
        return there

    def _find(self, there: Iterable[VenueOrder]) -> None:
        """Give the orders of unknown outcome that are there their names, and see that each is what was sent."""
        by_client_id: dict[str, list[VenueOrder]] = {}
        for order in there:
            by_client_id.setdefault(order.client_order_id, []).append(order)
        for client_id, life in list(self._record.lives.live.items()):
            found = by_client_id.get(client_id, [])
            if len(found) > 1:
                ids = ", ".join(sorted(order.order_id for order in found))
                self._record.differ(f"orders of {client_id}", 1, ids)
            elif found and life.status is OrderStatus.UNKNOWN and not differences_of(life, found[0]):
                self._record.move(life, OrderStatus.OPEN, "found at the venue", found[0].order_id)
            elif found and life.order_id and life.order_id != found[0].order_id:
                self._renamed(life, found[0].order_id)
            if found:
                self.verify(life, found[0])

    def _renamed(self, life: Life, order_id: str) -> None:
        """It is there under another id than it was acknowledged as: under that it can be cancelled and is followed."""
        now, client_id, told = self._record.clock.now(), life.intent.client_order_id, life.order_id
        unknown = OrderChanged(now, client_id, OrderStatus.UNKNOWN, reason=f"acknowledged as order {told}")
        found = OrderChanged(now, client_id, OrderStatus.OPEN, order_id, "found at the venue")
        moved = (found,) if life.status is OrderStatus.UNKNOWN else (unknown, found)
        self._record.differ(f"order id of {client_id}", told, order_id, *moved)

    def verify(self, life: Life, there: VenueOrder) -> None:
        """An order that is not what was sent is not ours to believe: unknown, and the account halts."""
        client_id = life.intent.client_order_id
        if client_id in self._verified:
            return
        wrong = differences_of(life, there)
        if not wrong:
            self._verified.add(client_id)
            return
        if life.status is OrderStatus.OPEN:
            self._record.move(life, OrderStatus.UNKNOWN, f"not what was sent: {wrong[0]}")
        self._record.differ(f"order {there.order_id}", "; ".join(wrong), "see there")

    def _take_fills(self, rows: Iterable[VenueFill], there: Mapping[str, VenueOrder]) -> None:
        lives, events, late = self._record.lives, dict[str, Event](), list[Life]()
        for row in rows:
            if row.order_id in lives.external:
                continue
            known = lives.fills.get(row.entry_id)
            if known is not None or row.entry_id in events:
                if known is not None and (known.size, known.price, known.fee_usd) != (row.size, row.price, row.fee_usd):
                    self._record.differ(f"fill {row.entry_id}", _said(known), _said(row))
                continue
            life = lives.of_order(row.order_id) or self._stranger(row.order_id, there)
            if life is None:
                continue
            if row.kind is not FillKind.FILL:
                self._record.differ(f"fill {row.entry_id}", "a fill is final", row.kind.value)
            else:
                events[row.entry_id] = OrderFilled(fill_of(life.intent, row))
                late += [life] if life.status.terminal else []
        if late:
            first = late[0]
            what = f"order {first.intent.client_order_id}"
            self._record.differ(what, first.status.value, "it was filled since", *events.values())
        elif events:
            self._record.record(*events.values())
        for life in lives.live.values():
            if life.left < ZERO:
                self._record.differ(f"filled size of {life.order_id}", life.intent.size, life.filled)

    def _stranger(self, order_id: str, there: Mapping[str, VenueOrder]) -> Life | None:
        """The intent behind an order id we were never told; None where it is not ours."""
        order = there.get(order_id) or self._wire.order(order_id)
        if order is None:
            return None
        life = self._record.lives.lives.get(order.client_order_id)
        if life is None:
            self._meet([order])
        elif life.status is OrderStatus.UNKNOWN:
            self._record.move(life, OrderStatus.OPEN, "found by its fill", order_id)
        elif not life.order_id:
            self._record.differ(f"order {order_id}", life.status.value, "it was filled")
        return life

    def _end(self, there: Mapping[str, VenueOrder]) -> None:
        """End the orders the venue has ended, once all their fills are in."""
        for life in list(self._record.lives.live.values()):
            order = there.get(life.order_id)
            if order is None or life.status is not OrderStatus.OPEN or not order.status.final:
                continue
            if order.filled_size != life.filled:
                continue
            self.end(life, ENDS[order.status], order.reason, order.order_id)

    def end(self, life: Life, status: OrderStatus, reason: str, order_id: str = "") -> None:
        """Commit that *life* is over, and with it the intent that goes on in its place, if one does."""
        now = self._record.clock.now()
        events: list[Event] = [OrderChanged(now, life.intent.client_order_id, status, order_id, reason)]
        child = self._follow_up(life)
        if child is not None:
            events.append(IntentStored(now, child))
            self.following.append(child)
        self._record.record(*events)

    def _meet(self, there: Iterable[VenueOrder]) -> None:
        """Take note of orders that are not ours, or not any more; one that nobody has claimed halts."""
        lives = self._record.lives
        for order in there:
            life = lives.lives.get(order.client_order_id)
            if life is not None:
                self._over_here(life, order)
                continue
            before = lives.external.get(order.order_id)
            old = order.status.final and order.created_at < self._opened_at
            if order == before or (before is None and old):
                continue
            seen = ExternalSeen(self._record.clock.now(), order)
            if order.order_id in lives.claimed:
                self._record.record(seen)
            else:
                self._record.differ(f"order {order.order_id}", "not ours", f"{order.side.value} {order.symbol}", seen)

    def _over_here(self, life: Life, order: VenueOrder) -> None:
        """What was proven absent, refused or never sent must not work, nor a second order of what is over."""
        ended_there = life.order_id == order.order_id and life.status not in NEVER_WORKED
        if order.status.final or not life.status.terminal or ended_there:
            return
        self.astray = (*self.astray, order.order_id)
        self._record.differ(f"order {order.order_id}", f"{life.intent.client_order_id} {life.status.value}", "it works")


def differences_of(life: Life, there: VenueOrder) -> list[str]:
    """What the venue has otherwise than *life* was sent."""
    return [] if life.wire is None else differences(life.wire, there)


def fill_of(intent: OrderIntent, row: VenueFill) -> Fill:
    """The execution of *intent* that *row* tells of."""
    against = row.price - intent.reference_price if intent.side is Side.BUY else intent.reference_price - row.price
    return Fill(
        fill_id=row.entry_id,
        client_order_id=intent.client_order_id,
        time=row.time,
        symbol=intent.symbol,
        side=intent.side,
        size=row.size,
        price=row.price,
        fee_usd=row.fee_usd,
        liquidity=row.liquidity,
        strategy=intent.strategy,
        reason=intent.reason,
        exit_reason=intent.exit_reason,
        slippage_usd=against * row.size,
    )


def _said(fill: Fill | VenueFill) -> str:
    return f"{fill.size} at {fill.price}, fee {fill.fee_usd}"
