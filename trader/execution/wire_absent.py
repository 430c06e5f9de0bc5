"""
When an order is not there: what it takes to believe it.

"Not found" may only be lag.  An order nobody can find is absent once it cannot
arrive any more and two whole scans have missed it (RELIABILITY T10).  One that
the venue had acknowledged (T7) is a difference first: somebody must look.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime

from trader.execution.lifecycle import Life
from trader.execution.wire_record import WireRecord
from trader.execution.wiring import WirePolicy
from trader.model.events import OrderChanged
from trader.model.money import ZERO
from trader.model.orders import OrderStatus

SCANS_TO_PROVE = 2
OPEN, UNKNOWN = OrderStatus.OPEN, OrderStatus.UNKNOWN


@dataclass(slots=True)
class _Missed:
    """An order that scans miss *since* then; *scans* are those of them that count."""

    since: datetime
    scans: int = 0


class Absence:
    """Counts the scans that missed an order of ours; it begins anew with every process, so it only waits longer."""

    def __init__(self, record: WireRecord, policy: WirePolicy) -> None:
        self._record, self._policy = record, policy
        self._missed: dict[str, _Missed] = {}

    def judge(self, now: datetime, seen: Container[str]) -> None:
        """A whole scan found the orders *seen*, by our ids, and no fill of what it missed."""
        live = self._record.lives.live
        lost = [i for i, life in live.items() if life.status in (OPEN, UNKNOWN) and i not in seen]
        self._missed = {client_id: self._missed.get(client_id) or _Missed(now) for client_id in lost}
        for client_id, missed in list(self._missed.items()):
            life = live[client_id]
            assert life.left_by is not None, "what the venue may have has left"
            if self._record.clock.passed(life.left_by) < self._policy.token_life + self._policy.settle:
                continue
            missed.scans += 1
            if missed.scans < SCANS_TO_PROVE:
                continue
            if life.status is UNKNOWN:
                self._proven(life, now)
            elif self._record.clock.passed(missed.since) >= self._policy.settle:
                self._vanished(life, now)

    def _proven(self, life: Life, now: datetime) -> None:
        if life.filled > ZERO:
            return  # it was there: a fill says so, and what is wrong with it was told
        assert life.sent_at is not None
        seconds = int((now - life.sent_at).total_seconds())
        self._record.move(life, OrderStatus.REJECTED, f"proven absent {seconds} s after it was sent")

    def _vanished(self, life: Life, now: datetime) -> None:
        """What was acknowledged is nowhere: told with both sides, and unknown from here on."""
        reason = f"acknowledged as {life.order_id}, and neither lists nor its own page have it"
        unknown = OrderChanged(now, life.intent.client_order_id, UNKNOWN, reason=reason)
        self._record.differ(
            f"order {life.order_id}", f"{life.intent.client_order_id}, acknowledged", "no such order", unknown
        )
        self._missed.pop(life.intent.client_order_id)
