"""
Time that passes only when somebody waits.

Whoever waits lets everything happen that is due in between, in order: orders that arrive late, prices that move,
people who press buttons.  So a kill can fall into any call.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
START_MS = 1_767_614_400_000
"""2026-01-05T12:00:00Z, a Monday."""


@lru_cache(4096)
def at(ms: int) -> datetime:
    """*ms* since the epoch as an instant."""
    return EPOCH + timedelta(milliseconds=ms)


def ms_of(time: datetime) -> int:
    """An instant as ms since the epoch, rounded down."""
    return (time - EPOCH) // timedelta(milliseconds=1)


class VirtualClock:
    """`trader.ports.Clock`, and an agenda of what happens when."""

    def __init__(self, ms: int = START_MS) -> None:
        self.ms = ms
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    def now(self) -> datetime:
        """The truth."""
        return at(self.ms)

    def monotonic(self) -> float:
        return self.ms / 1000

    def passed(self, since: datetime) -> timedelta:
        return self.now() - since

    def sleep(self, seconds: float) -> None:
        self.pass_ms(round(seconds * 1000))

    def at(self, ms: int, action: Callable[[], None]) -> None:
        """Have *action* happen at *ms*, or as soon as time moves where that is over."""
        self._count += 1
        heapq.heappush(self._agenda, (max(ms, self.ms), self._count, action))

    def after(self, ms: int, action: Callable[[], None]) -> None:
        """Have *action* happen *ms* from now."""
        self.at(self.ms + ms, action)

    def pass_ms(self, ms: int) -> None:
        """Let *ms* go by."""
        self.until(self.ms + ms)

    def until(self, ms: int) -> None:
        """Let time go on to *ms*; nothing where that is past."""
        agenda = self._agenda
        while agenda and agenda[0][0] <= ms:
            due, _, action = heapq.heappop(agenda)
            self.ms = max(self.ms, due)
            action()
        self.ms = max(self.ms, ms)
