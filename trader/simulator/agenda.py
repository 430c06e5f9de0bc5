"""
What the venue has put off: orders that reach the book, cancels, edits, expiries.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta

Task = Callable[[], None]


class Agenda:
    """Tasks by the time they are due; those of one instant run in the order they were put in."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Task]] = []
        self._count = 0

    def put(self, now: datetime, seconds: float, task: Task) -> None:
        """Run *task* so many seconds after *now*."""
        self.put_at(now + timedelta(seconds=seconds), task)

    def put_at(self, when: datetime, task: Task) -> None:
        """Run *task* at *when*."""
        self._count += 1
        heapq.heappush(self._heap, (when, self._count, task))

    def next_due(self, until: datetime) -> datetime | None:
        """When the next task is due, if by *until*."""
        return self._heap[0][0] if self._heap and self._heap[0][0] <= until else None

    def pop(self) -> Task:
        """The next task."""
        return heapq.heappop(self._heap)[2]
