"""
How often one may ask: token buckets, and the block for those who do not listen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from trader.simulator.bounds import demand
from trader.simulator.settings import values_of


@dataclass(slots=True)
class LimitRules:
    """Calls a second, private by key and public by address (None: no limit), and when a caller is blocked."""

    private_per_second: float | None = 30.0
    public_per_second: float | None = 10.0
    block_after_errors: int | None = None
    """So many 4xx answers within *block_window_seconds*, and every call is 403 for *block_seconds*."""
    block_window_seconds: float = 10.0
    block_seconds: float = 30.0
    body: str = "empty"
    """What a 429 says: empty, html or json."""
    headers: bool = False

    def __post_init__(self) -> None:
        demand("limits", values_of(self))


@dataclass(slots=True)
class Bucket:
    """Tokens that come back at *rate* a second, up to one second's worth."""

    rate: float
    tokens: float
    at: float

    def take(self, now: float) -> bool:
        """One token, if there is one."""
        self.tokens = min(self.rate, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass(slots=True)
class Limits:
    """The buckets and blocks of all callers."""

    rules: LimitRules
    monotonic: Callable[[], float]
    buckets: dict[str, Bucket] = field(default_factory=dict)
    errors: deque[float] = field(default_factory=deque)
    blocked_until: float = 0.0

    def admit(self, caller: str, private: bool) -> bool:
        """Whether *caller* may ask once more."""
        rate = self.rules.private_per_second if private else self.rules.public_per_second
        if rate is None:
            return True
        now, name = self.monotonic(), f"{'key' if private else 'address'} {caller}"
        bucket = self.buckets.setdefault(name, Bucket(rate, rate, now))
        bucket.rate = rate
        return bucket.take(now)

    def remaining(self, caller: str, private: bool) -> int:
        """Calls left in this instant."""
        bucket = self.buckets.get(f"{'key' if private else 'address'} {caller}")
        return int(bucket.tokens) if bucket else 0

    def blocked(self) -> bool:
        """Whether too many errors have shut the door."""
        return self.monotonic() < self.blocked_until

    def count_error(self) -> None:
        """One more answer of 400 to 499."""
        if self.rules.block_after_errors is None:
            return
        now = self.monotonic()
        self.errors.append(now)
        while self.errors and now - self.errors[0] > self.rules.block_window_seconds:
            self.errors.popleft()
        if len(self.errors) >= self.rules.block_after_errors:
            self.blocked_until = now + self.rules.block_seconds
            self.errors.clear()
