"""
The venue's time, which a rehearsal may speed up or step by hand.

Tokens are made by the caller with the wall clock, so authentication has a
clock of its own: the wall's, off by a skew that a fault may set.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class VenueClock:
    """Runs *speed* times as fast as *monotonic* from *start*; at speed 0 only `step` moves it.  Never goes back."""

    def __init__(
        self, start: datetime | None = None, speed: float = 1.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic = monotonic
        self._from = start or datetime.now(UTC)
        self._since = monotonic()
        self.speed = speed

    def now(self) -> datetime:
        """This instant, UTC."""
        return self._from + timedelta(seconds=(self._monotonic() - self._since) * self.speed)

    def step(self, seconds: float) -> datetime:
        """Jump forward by *seconds*."""
        assert seconds >= 0, "time does not go back"
        self._from += timedelta(seconds=seconds)
        return self.now()

    def run_at(self, speed: float) -> None:
        """From now on run *speed* times as fast as the wall."""
        assert speed >= 0, "time does not go back"
        self._from, self._since = self.now(), self._monotonic()
        self.speed = speed


def wall_seconds() -> float:
    """Seconds since the epoch by the host's clock."""
    return time.time()
