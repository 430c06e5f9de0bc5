"""
Whose turn it is: the limits we keep so that the venue need not say no.

A bucket gives places in time and knows no threads.  Turns are for what the venue
counts by address: everybody in this process who asks a host there takes them from one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Bucket:
    """*burst* tokens at once, *per_second* in the long run; below zero are places already reserved."""

    per_second: float
    burst: float
    at: float
    tokens: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def reserve(self, now: float, patience_seconds: float) -> float | None:
        """Seconds until one's turn, which is then taken; None, and nothing taken, where that is too long."""
        self.tokens = min(self.burst, self.tokens + max(0.0, now - self.at) * self.per_second)
        self.at = max(self.at, now)
        wait = max(0.0, 1 - self.tokens) / self.per_second + max(0.0, self.at - now)
        if wait > patience_seconds:
            return None
        self.tokens -= 1
        return wait

    def pause(self, until: float) -> None:
        """No turn before *until*, and no burst then."""
        if until > self.at:
            self.tokens = min(1.0, self.tokens + (until - self.at) * self.per_second)
            self.at = until


class Budget:
    """*burst* grants at once, *per_second* in the long run, and nobody waits for one.  For several threads."""

    def __init__(self, per_second: float, burst: float, monotonic: Callable[[], float]) -> None:
        self._monotonic, self._lock = monotonic, threading.Lock()
        self._bucket = Bucket(per_second, burst, monotonic())

    def no_more_than(self, per_second: float) -> None:
        """From now on at most so many."""
        with self._lock:
            self._bucket.per_second = min(self._bucket.per_second, per_second)

    def granted(self) -> bool:
        """Take one, if there is one."""
        with self._lock:
            return self._bucket.reserve(self._monotonic(), 0.0) is not None


class Turns:
    """
    Lets one caller through every 1 / *per_second* seconds; the others wait their turn.  For several threads.

    Two never leave closer than that: on a machine that stalls, those who waited do not leave together afterwards.
    """

    def __init__(self, per_second: float, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._gap = 1.0 / per_second
        self._monotonic, self._sleep = monotonic, sleep
        self._next, self._paused_until, self._waiting = 0.0, 0.0, 0
        self._lock, self._first = threading.Lock(), threading.Lock()

    def no_more_than(self, per_second: float) -> None:
        """From now on at most so many a second."""
        with self._lock:
            self._gap = max(self._gap, 1.0 / per_second)

    def wait(self, patience_seconds: float) -> float | None:
        """Return when it is the caller's turn, with what he waited; at once None where that is too long for him."""
        began = self._monotonic()
        with self._lock:
            ahead = max(self._next, self._paused_until) - began
            if max(0.0, ahead) + self._waiting * self._gap > patience_seconds:
                return None
            self._waiting += 1
        try:
            if not self._first.acquire(timeout=min(patience_seconds, threading.TIMEOUT_MAX)):
                return None
            try:
                return self._leave(began, patience_seconds)
            finally:
                self._first.release()
        finally:
            with self._lock:
                self._waiting -= 1

    def pause(self, seconds: float) -> None:
        """Nobody leaves for so long; those who wait already learn of it."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._monotonic() + seconds)

    def paused_seconds(self) -> float:
        """How long nobody leaves."""
        with self._lock:
            return max(0.0, self._paused_until - self._monotonic())

    def _leave(self, began: float, patience_seconds: float) -> float | None:
        """For one caller at a time; a pause that begins while he sleeps holds for him too."""
        waited_for = -1.0
        while waited_for < self._paused_until:
            waited_for, now = self._paused_until, self._monotonic()
            until = max(self._next, waited_for)
            if waited_for > began + patience_seconds:
                return None
            if until > now:
                self._sleep(until - now)
        now = self._monotonic()
        self._next = now + self._gap
        return now - began if now - began > self._gap / 100 else 0.0
