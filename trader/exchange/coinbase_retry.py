"""
The one layer that retries, and questions only.

What changes something is never seen here.  Full jitter, a bound on number and
time, the venue's Retry-After, and one budget for all so that an outage is not
answered with a storm; waiting and chance are handed in.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_result

from trader.exchange.coinbase_failures import Failed
from trader.exchange.coinbase_limits import Bucket
from trader.exchange.coinbase_settings import RetryRules
from trader.ports import Clock

BUDGET_BURST = 10

Reply = TypeVar("Reply")


class Retries:
    """Asks again where an answer may yet come."""

    def __init__(self, rules: RetryRules, clock: Clock, rng: random.Random) -> None:
        self._rules, self._clock, self._rng = rules, clock, rng
        self._lock = threading.Lock()
        self._budget = Bucket(rules.budget_per_second, BUDGET_BURST, clock.monotonic())
        self.count = 0

    def __call__(self, ask: Callable[[], Reply | Failed]) -> Reply | Failed:
        """The first answer that is worth having, or the last failure."""
        last_start = self._clock.monotonic() + self._rules.deadline_seconds

        def is_over(state: RetryCallState) -> bool:
            late = self._clock.monotonic() + state.upcoming_sleep > last_start
            return state.attempt_number > self._rules.retries or late or not self._may()

        asking = Retrying(
            retry=retry_if_result(lambda reply: isinstance(reply, Failed) and reply.passing),
            wait=self._pause_seconds,
            stop=is_over,
            sleep=self._clock.sleep,
            retry_error_callback=_last_reply,
        )
        reply: Reply | Failed = asking(ask)
        return reply

    def _pause_seconds(self, state: RetryCallState) -> float:
        """U(0, min(cap, base · 2^attempt)), attempts counted from 0; never before the venue's Retry-After."""
        rules = self._rules
        jitter = self._rng.uniform(0, min(rules.cap_seconds, rules.base_seconds * 2.0 ** (state.attempt_number - 1)))
        assert state.outcome is not None, "a pause follows an attempt"
        failed = state.outcome.result()
        return max(jitter, failed.retry_after_seconds or 0.0)

    def _may(self) -> bool:
        with self._lock:
            granted = self._budget.reserve(self._clock.monotonic(), 0.0) is not None
            self.count += granted
            return granted


def _last_reply(state: RetryCallState) -> object:
    assert state.outcome is not None, "it ends after an attempt"
    return state.outcome.result()
