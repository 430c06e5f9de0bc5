"""
We wait so that the venue need not say 429.

One token bucket for each class of endpoint.  A caller reserves his place and
waits for it outside the lock, in the order of asking; what was used is counted.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from trader.exchange.coinbase_settings import RateRules
from trader.ports import Clock

PAUSE_MAX_SECONDS = 60.0


class Class(StrEnum):
    """Endpoints the venue limits together, orders apart so that reading never delays them."""

    ORDERS = "orders"
    PRIVATE = "private"
    PUBLIC = "public"


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


@dataclass(slots=True)
class _Use:
    sent: int = 0
    waited: int = 0
    waited_seconds: float = 0.0
    denied: int = 0
    throttled: int = 0


class Limits:
    """The buckets of one connection; safe to use from threads."""

    def __init__(self, rules: RateRules, clock: Clock) -> None:
        self._clock, self._lock, now = clock, threading.Lock(), clock.monotonic()
        self._buckets = {
            Class.ORDERS: Bucket(rules.orders_per_second, rules.orders_burst, now),
            Class.PRIVATE: Bucket(rules.private_per_second, rules.private_burst, now),
            Class.PUBLIC: Bucket(rules.public_per_second, rules.public_burst, now),
        }
        self._use = {kind: _Use() for kind in Class}

    def wait(self, kind: Class, patience_seconds: float, insist: bool = False) -> bool:
        """Wait for one's turn; where it would take longer than *patience_seconds*, at once True if one may *insist*."""
        with self._lock:
            use, seconds = self._use[kind], self._buckets[kind].reserve(self._clock.monotonic(), patience_seconds)
            if seconds is None and not insist:
                use.denied += 1
                return False
            seconds = seconds or 0.0
            use.sent += 1
            use.waited += seconds > 0
            use.waited_seconds += seconds
        if seconds > 0:
            self._clock.sleep(seconds)
        return True

    def throttled(self, kind: Class, retry_after_seconds: float | None) -> None:
        """The venue said 429; everybody of *kind* waits as long as it asked for, a minute at most."""
        with self._lock:
            self._use[kind].throttled += 1
            if retry_after_seconds:
                pause = min(retry_after_seconds, PAUSE_MAX_SECONDS)
                self._buckets[kind].pause(self._clock.monotonic() + pause)

    def counts(self) -> Mapping[str, float]:
        """What was used, for the metrics: `orders.sent`, `private.waited_seconds`, `public.throttled` and so on."""
        with self._lock:
            return {f"{kind}.{name}": getattr(use, name) for kind, use in self._use.items() for name in _Use.__slots__}
