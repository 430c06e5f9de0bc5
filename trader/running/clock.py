"""
The clock on the wall, and the one at the venue.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """Time as the system tells it."""

    def now(self) -> datetime:
        """UTC, timezone-aware."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds; never steps back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class VenueClock(SystemClock):
    """
    The venue's time of day, kept going by our monotonic clock: a step of the wall clock does not move it.

    *speed* is how many seconds pass there in one of ours: 1 at a real venue, more where one rehearses a day in minutes.
    """

    def __init__(self, now: datetime, speed: float = 1.0) -> None:
        self.speed = speed
        self.set(now)

    def set(self, now: datetime) -> None:
        """The venue says that it is *now*."""
        self._then, self._began = now, time.monotonic()

    def now(self) -> datetime:
        """The venue's time, UTC."""
        return self._then + timedelta(seconds=(time.monotonic() - self._began) * self.speed)
