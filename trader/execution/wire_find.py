"""
Which of the venue's orders are ours, and whether each is what was sent.

The one name that counts is our own: what bears it is ours, under whatever id the
venue acknowledged, and what bears another is not, whatever was acknowledged (T7).
"""

from __future__ import annotations

from collections.abc import Mapping

from trader.execution.lifecycle import Life
from trader.execution.wire_record import WireRecord
from trader.execution.wiring import WirePolicy, differences
from trader.model.events import OrderChanged
from trader.model.orders import OrderStatus
from trader.model.wire import VenueOrder

OPEN, UNKNOWN = OrderStatus.OPEN, OrderStatus.UNKNOWN


class Finder:
    """Gives live orders the names they have at the venue; *others* are ids that were said to be ours and are not."""

    def __init__(self, record: WireRecord, policy: WirePolicy) -> None:
        self._record, self._policy = record, policy
        self._verified: set[str] = set()
        self.others: frozenset[str] = frozenset()

    def find(self, there: Mapping[str, VenueOrder]) -> set[str]:
        """Look for every live order in *there*, by the venue's id; the client ids of those that were found."""
        by_client_id: dict[str, list[VenueOrder]] = {}
        for order in there.values():
            by_client_id.setdefault(order.client_order_id, []).append(order)
        found, self.others = set[str](), frozenset()
        for client_id, life in list(self._record.lives.live.items()):
            ours, named = by_client_id.get(client_id, []), there.get(life.order_id)
            if len(ours) > 1:
                self._record.differ(f"orders of {client_id}", 1, ", ".join(sorted(order.order_id for order in ours)))
            if ours:
                self._is_there(life, next((one for one in ours if one is named), ours[0]))
                found.add(client_id)
            elif named is not None and self._is_without_its_name(life, named):
                found.add(client_id)
        return found

    def _is_there(self, life: Life, order: VenueOrder) -> None:
        if life.status is UNKNOWN and (not life.order_id or not self._wrong(life, order)):
            self._record.move(life, OPEN, "found at the venue", order.order_id)
        elif life.order_id and life.order_id != order.order_id:
            self._renamed(life, order.order_id)
        self.verify(life, order)

    def _is_without_its_name(self, life: Life, order: VenueOrder) -> bool:
        """The id we were told leads to an order that does not bear our name; whether it is ours all the same."""
        client_id, theirs = life.intent.client_order_id, order.client_order_id
        if not theirs and client_id in self._verified:
            return True  # it bore our name before
        self.others |= {order.order_id}
        if life.status is OPEN:
            self._record.move(life, UNKNOWN, f"order {order.order_id} is not of this name")
        self._record.differ(f"order {order.order_id}", client_id, theirs or "no client_order_id")
        return False

    def _renamed(self, life: Life, order_id: str) -> None:
        """It is there under another id than it was acknowledged as: under that it can be cancelled and is followed."""
        now, client_id, told = self._record.clock.now(), life.intent.client_order_id, life.order_id
        unknown = OrderChanged(now, client_id, UNKNOWN, reason=f"acknowledged as order {told}")
        found = OrderChanged(now, client_id, OPEN, order_id, "found at the venue")
        moved = (found,) if life.status is UNKNOWN else (unknown, found)
        self._record.differ(f"order id of {client_id}", told, order_id, *moved)

    def verify(self, life: Life, order: VenueOrder) -> None:
        """An order that is not what was sent is not ours to believe: unknown, and the account halts."""
        client_id = life.intent.client_order_id
        if client_id in self._verified:
            return
        wrong = self._wrong(life, order)
        if not wrong:
            self._verified.add(client_id)
            return
        if life.status is OPEN:
            self._record.move(life, UNKNOWN, f"not what was sent: {wrong[0]}")
        self._record.differ(f"order {order.order_id}", "; ".join(wrong), "see there")

    def _wrong(self, life: Life, order: VenueOrder) -> list[str]:
        """What the venue has otherwise than *life* was sent; an order older than its sending is another's, too."""
        found = [] if life.wire is None else differences(life.wire, order)
        if life.sent_at is not None and order.created_at < life.sent_at - 2 * self._policy.settle:
            found.append(
                f"it was sent at {life.sent_at.isoformat()}, the venue has it since {order.created_at.isoformat()}"
            )
        return found
