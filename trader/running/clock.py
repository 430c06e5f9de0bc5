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


A_LITTLE = timedelta(seconds=2)
"""By this much of our time one answer alone may move the venue's clock."""

_RUNNING: int | None = getattr(time, "CLOCK_BOOTTIME", None)


class VenueClock(SystemClock):
    """
    The venue's time of day, kept going by a clock that nobody sets: a step of the wall clock does not move it.

    *speed* is how many seconds pass there in one of ours: 1 at a real venue, more where one rehearses a day in minutes.
    """

    def __init__(self, now: datetime, speed: float = 1.0) -> None:
        self.speed = speed
        self._latest = now
        self._doubt: timedelta | None = None
        self.set(now)

    def ticks(self) -> float:
        """Seconds that never step back, and go on while the machine sleeps where the system has such a clock."""
        return time.monotonic() if _RUNNING is None else time.clock_gettime(_RUNNING)

    def set(self, now: datetime) -> None:
        """The venue says that it is *now*."""
        self._anchor = (now, self.ticks())

    def heard(self, said: datetime, asked: float) -> None:
        """
        The venue *said* its time to whoever *asked* at that tick: go on from there, if it must be so.

        The answer was on its way for a while, so any time from *said* to that much later is as good; only outside it
        has this clock drifted, or stood still while the machine did.  Far outside, two answers in a row must agree:
        one alone may be a mistake of the venue's, and a clock put far ahead could not be put back.
        """
        ours, latest = self._told(), said + timedelta(seconds=(self.ticks() - asked) * self.speed)
        off, doubted = latest - ours, self._doubt
        self._doubt = None
        if said <= ours <= latest:
            return
        a_little = A_LITTLE * self.speed
        if abs(off) > a_little and (doubted is None or abs(off - doubted) > a_little + (latest - said)):
            self._doubt = off
            return
        self.set(latest)

    def now(self) -> datetime:
        """The venue's time, UTC; put back it stands still until it is that late again."""
        now = self._latest = max(self._latest, self._told())
        return now

    def _told(self) -> datetime:
        then, began = self._anchor
        return then + timedelta(seconds=(self.ticks() - began) * self.speed)
