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
from trader.execution.wire_find import Finder
from trader.execution.wire_record import WireRecord
from trader.execution.wiring import WirePolicy
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

LATEST = 2
"""Times the settling: so much later than an order's end a fill of it is not late any more, but missing."""

FollowUp = Callable[[Life], OrderIntent | None]
"""The intent that goes on where an order ended unfilled; committed with its end."""


class Intake:
    """What the venue says of one account, made events."""

    def __init__(
        self, record: WireRecord, wire: Wire, policy: WirePolicy, follow_up: FollowUp, since: datetime
    ) -> None:
        self._record, self._wire, self._policy, self._follow_up = record, wire, policy, follow_up
        self._taken_at = self._opened_at = since
        self.finder, self._absence = Finder(record, policy), Absence(record, policy)
        self._short: dict[str, datetime] = {}
        self._nowhere: dict[str, datetime] = {}
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
        found = self.finder.find(there)
        self._take_fills(self._wire.fills(self._since(self._behind(there)) - SKEW), there)
        self._end(there)
        self._absence.judge(now, found)
        self._meet(there.values())
        self._taken_at = now

    def _since(self, lives: Iterable[Life]) -> datetime:
        """From when on to ask: since the last time, and since the oldest of *lives* was sent."""
        sent = [life.sent_at - SKEW for life in lives if life.sent_at is not None]
        return min([self._taken_at - OVERLAP, *sent])

    def _behind(self, there: Mapping[str, VenueOrder]) -> Iterable[Life]:
        """Orders that have filled further than the books know, or may have: their fills may be older than a look."""
        for life in self._record.lives.live.values():
            order = there.get(life.order_id)
            if order is None or order.filled_size != life.filled:
                yield life

    def _orders(self, now: datetime) -> dict[str, VenueOrder]:
        """Every order since the last time, what works, and every one of ours that a late list leaves out."""
        live = self._record.lives.live.values()
        unnamed = (life for life in live if life.status is OrderStatus.UNKNOWN)
        there = {order.order_id: order for order in self._wire.orders(self._since(unnamed), now + SKEW)}
        for life in live:
            if life.order_id and life.order_id not in there:
                order = self._wire.order(life.order_id)
                if order is not None:
                    there[order.order_id] = order
        return there

    def _take_fills(self, rows: Iterable[VenueFill], there: Mapping[str, VenueOrder]) -> None:
        lives, events, late = self._record.lives, dict[str, Event](), list[Life]()
        for row in rows:
            if row.order_id in lives.external or row.order_id in self.finder.others:
                continue
            known = lives.fills.get(row.entry_id)
            if known is not None or row.entry_id in events:
                if known is not None and (known.size, known.price, known.fee_usd) != (row.size, row.price, row.fee_usd):
                    self._dispute(row, _said(known), _said(row))
                continue
            life = lives.of_order(row.order_id) or self._stranger(row.order_id, there)
            if life is None:
                continue
            if row.kind is not FillKind.FILL:
                self._dispute(row, "a fill is final", row.kind.value)
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

    def _dispute(self, row: VenueFill, ours: str, theirs: str) -> None:
        """A row that says otherwise than we know: told once for all, for it will be read again for a day."""
        what = f"fill {row.entry_id}"
        if self._record.lives.disputed.get(what) != theirs:
            self._record.differ(what, ours, theirs)

    def _looked_up(self, order_id: str) -> VenueOrder | None:
        """The order behind a row that no list has; where there is none, it is asked for while it may only be late."""
        now = self._record.clock.now()
        since = self._nowhere.setdefault(order_id, now)
        if now - since > LATEST * self._policy.settle:
            return None
        order = self._wire.order(order_id)
        if order is not None:
            del self._nowhere[order_id]
        return order

    def _stranger(self, order_id: str, there: Mapping[str, VenueOrder]) -> Life | None:
        """The intent behind an order id we were never told; None where it is not ours."""
        order = there.get(order_id) or self._looked_up(order_id)
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
        now = self._record.clock.now()
        for client_id, life in list(self._record.lives.live.items()):
            order = there.get(life.order_id)
            if order is None or order.order_id in self.finder.others or not order.status.final:
                continue
            if order.filled_size != life.filled:
                if now - self._short.setdefault(client_id, now) >= LATEST * self._policy.settle:
                    self._record.differ(f"fills of {client_id}", life.filled, order.filled_size)
                continue
            self._short.pop(client_id, None)
            if life.status is OrderStatus.UNKNOWN:  # it was told that it is not what was sent; its end and fills are
                self._record.move(life, OrderStatus.OPEN, "over at the venue", order.order_id)
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
            if life is None and not order.client_order_id:
                life = lives.of_order(order.order_id)
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
        """What is over here without the venue's having ended it must not work nor fill, nor a second order of it."""
        if not life.status.terminal or (life.ended_there and life.order_id == order.order_id):
            return
        works = not order.status.final
        if works:
            self.astray = (*self.astray, order.order_id)
        elif order.filled_size <= life.filled:
            return
        ours, theirs = f"{life.intent.client_order_id} {life.status.value}", f"filled {order.filled_size}"
        self._record.differ(f"order {order.order_id}", ours, "it works" if works else theirs)


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
