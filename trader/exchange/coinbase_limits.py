"""
We wait so that the venue need not say 429.

One token bucket for each class of endpoint, and for what is public the turns that
the whole process shares.  A caller reserves his place and waits for it outside the
lock, in the order of asking; what was used is counted.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from trader.coinbase.turns import Bucket, Turns
from trader.exchange.coinbase_settings import RateRules
from trader.ports import Clock

__all__ = ["Bucket", "Class", "Limits"]

ORDERS_PAUSE_MAX_SECONDS = 60.0
"""An exit does not hang on a header longer than this; then it may be refused anew."""


class Class(StrEnum):
    """Endpoints the venue limits together, orders apart so that reading never delays them."""

    ORDERS = "orders"
    PRIVATE = "private"
    PUBLIC = "public"


@dataclass(slots=True)
class _Use:
    sent: int = 0
    waited: int = 0
    waited_seconds: float = 0.0
    denied: int = 0
    throttled: int = 0


class Limits:
    """The buckets of one connection; safe to use from threads.  *public* are turns that are shared with others."""

    def __init__(self, rules: RateRules, clock: Clock, public: Turns | None = None) -> None:
        self._clock, self._lock, now = clock, threading.Lock(), clock.monotonic()
        self._public = public or Turns(rules.public_per_second, clock.monotonic, clock.sleep)
        self._buckets = {
            Class.ORDERS: Bucket(rules.orders_per_second, rules.orders_burst, now),
            Class.PRIVATE: Bucket(rules.private_per_second, rules.private_burst, now),
        }
        self._paused_until = dict.fromkeys(self._buckets, now)
        self._use = {kind: _Use() for kind in Class}

    def wait(self, kind: Class, patience_seconds: float, insist: bool = False) -> bool:
        """Wait for one's turn; where it would take longer than *patience_seconds*, at once True if one may *insist*."""
        waited = self._public.wait(patience_seconds) if kind is Class.PUBLIC else self._turn(kind, patience_seconds)
        with self._lock:
            use = self._use[kind]
            if waited is None and not insist:
                use.denied += 1
                return False
            use.sent += 1
            use.waited += bool(waited)
            use.waited_seconds += waited or 0.0
        return True

    def throttled(self, kind: Class, retry_after_seconds: float | None) -> None:
        """The venue said 429; everybody of *kind* waits as long as it asked for."""
        with self._lock:
            self._use[kind].throttled += 1
        self.rest(kind, retry_after_seconds)

    def rest(self, kind: Class, retry_after_seconds: float | None) -> None:
        """Nobody asks for *kind* as long as the venue wants, and nobody orders for a minute of that at most."""
        if not retry_after_seconds:
            return
        if kind is Class.PUBLIC:
            self._public.pause(retry_after_seconds)
            return
        most = ORDERS_PAUSE_MAX_SECONDS if kind is Class.ORDERS else retry_after_seconds
        with self._lock:
            until = self._clock.monotonic() + min(retry_after_seconds, most)
            self._buckets[kind].pause(until)
            self._paused_until[kind] = max(self._paused_until[kind], until)

    def rests_seconds(self, kind: Class) -> float:
        """How long the venue wants to hear nothing of *kind*."""
        if kind is Class.PUBLIC:
            return self._public.paused_seconds()
        with self._lock:
            return max(0.0, self._paused_until[kind] - self._clock.monotonic())

    def counts(self) -> Mapping[str, float]:
        """What was used, for the metrics: `orders.sent`, `private.waited_seconds`, `public.throttled` and so on."""
        with self._lock:
            return {f"{kind}.{name}": getattr(use, name) for kind, use in self._use.items() for name in _Use.__slots__}

    def _turn(self, kind: Class, patience_seconds: float) -> float | None:
        """Seconds waited for one's turn, or None; a rest that begins while one waits holds for him too."""
        with self._lock:
            seconds = self._buckets[kind].reserve(self._clock.monotonic(), patience_seconds)
            known = self._paused_until[kind]
        if seconds is None:
            return None
        if seconds > 0:
            self._clock.sleep(seconds)
        more = self.rests_seconds(kind) if self._paused_until[kind] > known else 0.0
        if seconds + more > patience_seconds:
            return None
        if more > 0:
            self._clock.sleep(more)
        return seconds + more
