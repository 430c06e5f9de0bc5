"""
When cycles start.

Slots are aligned: multiples of the interval since 1970, whatever time a cycle
takes.  A cycle starts 0–10 % of the interval after its slot, at random, so that
a fleet does not knock in step.  One cycle at a time; a slot whose window went by
is skipped and counted, never run late and never run twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Protocol

from trader.errors import TraderError
from trader.ports import Clock

JITTER_SHARE = 0.10
NAP_SECONDS_MAX = 0.5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Slot:
    """One decision instant *as_of*, when its cycle starts, and how many slots were missed before it."""

    as_of: datetime
    starts_at: datetime
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """What a schedule came to."""

    ran: int = 0
    skipped: int = 0


class Stop(Protocol):
    """Somebody wants us to end."""

    def is_set(self) -> bool: ...

    def wait(self, timeout_seconds: float) -> bool:
        """Sleep that long, less if it is set meanwhile; whether it is set."""


class Pace(Protocol):
    """Market time, and how to wait for it."""

    def now(self) -> datetime: ...

    def wait_until(self, instant: datetime, stop: Stop) -> bool:
        """Return at *instant*; False as soon as *stop* is set."""


def aligned(instant: datetime, interval: timedelta) -> datetime:
    """The last slot at or before *instant*."""
    return instant - (instant - EPOCH) % interval


def next_start(previous: datetime | None, interval: timedelta, now: datetime, rng: Random) -> Slot:
    """The first slot after *previous* whose window of 10 % of the interval is not over at *now*."""
    window = interval * JITTER_SHARE
    candidate = aligned(now, interval)
    if now > candidate + window:
        candidate += interval
    skipped = 0
    if previous is not None:
        candidate = max(candidate, previous + interval)
        skipped = round((candidate - previous) / interval) - 1
    return Slot(candidate, max(now, candidate + window * rng.random()), skipped)


def _slots_between(previous: datetime | None, end: datetime, interval: timedelta) -> int:
    """How many slots lie after *previous* and before *end*."""
    return 0 if previous is None else max(0, -((previous - end) // interval) - 1)


class WallPace:
    """
    Market time: from *start* on *speed* times as fast as ours; without *start* what *clock* says, which goes that fast.
    """

    def __init__(self, clock: Clock, start: datetime | None = None, speed: float = 1.0) -> None:
        if not speed > 0:
            raise TraderError(f"speed: {speed:g} must be above 0 (or max, to wait for nothing)")
        self._clock = clock
        self._speed = speed
        self._origin = clock.monotonic()
        self._start = start

    def now(self) -> datetime:
        """The market's time."""
        if self._start is None:
            return self._clock.now()
        return self._start + timedelta(seconds=(self._clock.monotonic() - self._origin) * self._speed)

    def wait_until(self, instant: datetime, stop: Stop) -> bool:
        """Sleep in short naps, because the clock may be set while we sleep."""
        while not stop.is_set():
            seconds = (instant - self.now()).total_seconds() / self._speed
            if seconds <= 0:
                return True
            stop.wait(min(seconds, NAP_SECONDS_MAX))
        return False


class LeapPace:
    """Market time that leaps to whatever is waited for: a replay as fast as it goes, and nothing missed."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """The market's time."""
        return self._now

    def wait_until(self, instant: datetime, stop: Stop) -> bool:
        """Leap to *instant*."""
        self._now = max(self._now, instant)
        return not stop.is_set()


class Scheduler:
    """Calls a cycle at every slot, in the caller's thread, until told to stop or *end* is reached."""

    def __init__(self, interval: timedelta, pace: Pace, rng: Random, end: datetime | None = None) -> None:
        if interval <= timedelta(0):
            raise TraderError(f"interval: {interval.total_seconds():g} s must be above 0")
        self.interval = interval
        self.pace = pace
        self.rng = rng
        self.end = end

    def run(self, cycle: Callable[[Slot], object], cycles: int | None, stop: Stop) -> Tally:
        """Up to *cycles* calls; what *cycle* raises ends the schedule and passes through."""
        previous: datetime | None = None
        ran = skipped = 0
        while cycles is None or ran < cycles:
            slot = next_start(previous, self.interval, self.pace.now(), self.rng)
            if self.end is not None and slot.as_of >= self.end:
                skipped += _slots_between(previous, self.end, self.interval)
                break
            if not self.pace.wait_until(slot.starts_at, stop):
                break
            cycle(slot)
            ran += 1
            skipped += slot.skipped
            previous = slot.as_of
        return Tally(ran, skipped)
