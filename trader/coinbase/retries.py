"""
The one layer that retries, and questions only: those of the account's session and the public ones.

What changes something is never seen here.  Full jitter, a bound on number and
time, the venue's Retry-After, and one budget for all so that an outage is not
answered with a storm; waiting and chance are handed in.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Protocol, TypeVar, runtime_checkable

from tenacity import RetryCallState, Retrying, retry_if_result

from trader.coinbase.courtesy import RETRIES_BURST, RETRIES_PER_SECOND
from trader.coinbase.turns import Budget

BUDGET_BURST: Final = RETRIES_BURST
RETRY_AFTER_MAX_SECONDS: Final = 86_400.0
"""Who asks for more patience than a day is taken to mean a day."""
_SECONDS = re.compile(r"\d+(\.\d+)?", re.ASCII)

Reply = TypeVar("Reply")


@runtime_checkable
class Unanswered(Protocol):
    """What stands for an answer that did not come."""

    @property
    def passing(self) -> bool:
        """Asking again may help."""

    @property
    def retry_after_seconds(self) -> float | None:
        """What the venue asked for."""


class Waits(Protocol):
    """As much of a clock as it takes to ask again."""

    def monotonic(self) -> float:
        """Seconds; never steps back."""

    def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class RetryRules:
    """Retries of questions: full jitter U(0, min(*cap*, *base* · 2^attempt)), at most *retries*, within *deadline*."""

    retries: int = 3
    base_seconds: float = 1.0
    cap_seconds: float = 30.0
    deadline_seconds: float = 20.0
    """No retry begins later than this after the first attempt."""
    budget_per_second: float = RETRIES_PER_SECOND
    """All questions together retry no more often than this in the long run: a storm is not fed."""


class Retries:
    """Asks again where an answer may yet come; *budget* is given where several share it."""

    def __init__(self, rules: RetryRules, clock: Waits, rng: random.Random, budget: Budget | None = None) -> None:
        self._rules, self._clock, self._rng = rules, clock, rng
        self._budget = budget or Budget(rules.budget_per_second, BUDGET_BURST, clock.monotonic)
        self.count = 0

    def __call__(self, ask: Callable[[], Reply]) -> Reply:
        """The first answer that is worth having, or the last that is `Unanswered`."""
        last_start = self._clock.monotonic() + self._rules.deadline_seconds

        def is_over(state: RetryCallState) -> bool:
            late = self._clock.monotonic() + state.upcoming_sleep > last_start
            return state.attempt_number > self._rules.retries or late or not self._may()

        asking = Retrying(
            retry=retry_if_result(lambda reply: isinstance(reply, Unanswered) and reply.passing),
            wait=self._pause_seconds,
            stop=is_over,
            sleep=self._clock.sleep,
            retry_error_callback=_last_reply,
        )
        reply: Reply = asking(ask)
        return reply

    def _pause_seconds(self, state: RetryCallState) -> float:
        """U(0, min(cap, base · 2^attempt)), attempts counted from 0; never before the venue's Retry-After."""
        rules = self._rules
        jitter = self._rng.uniform(0, min(rules.cap_seconds, rules.base_seconds * 2.0 ** (state.attempt_number - 1)))
        assert state.outcome is not None, "a pause follows an attempt"
        failed = state.outcome.result()
        return max(jitter, failed.retry_after_seconds or 0.0)

    def _may(self) -> bool:
        granted = self._budget.granted()
        self.count += granted
        return granted


def _last_reply(state: RetryCallState) -> object:
    assert state.outcome is not None, "it ends after an attempt"
    return state.outcome.result()


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """
    What a Retry-After asks for, in seconds or as a date; what is neither is nothing.

    A date is held against the answer's own Date, where it has one: our clock may be off.
    """
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), RETRY_AFTER_MAX_SECONDS)
    until = http_date(text)
    if until is None:
        return None
    seconds = (until - (http_date(headers.get("date", "")) or now)).total_seconds()
    return min(max(0.0, seconds), RETRY_AFTER_MAX_SECONDS)


def http_date(text: str) -> datetime | None:
    """The time that a header tells, UTC; None where it tells none."""
    try:
        told = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def not_before(now: datetime, seconds: float) -> str:
    """The sentence for a question that is not asked because the venue wants to be left alone for *seconds*."""
    return (
        f"not asked: with its Retry-After it wanted to be left alone until {now + timedelta(seconds=seconds):%F %T} UTC"
    )
