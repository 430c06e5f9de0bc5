"""
What bounds a strategy's call: how long it may take, and what it may reach.

Both are handed in.  A run bounds each call; a backtest does not, so that its
result does not depend on how fast the machine is: it gives up altogether where
one call takes beyond all patience (`trader.backtest.patience`).
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class StrategyTimeout(BaseException):
    """A strategy used up its time.  Not an `Exception`, so that a strategy cannot swallow it by catching one."""


class ReachedOut(Exception):
    """A strategy reached for a file, a socket, a process, or anything else that is not its context."""


class Timer(Protocol):
    """What bounds a strategy's time."""

    def limit(self, seconds: float) -> AbstractContextManager[None]:
        """Raise `StrategyTimeout` in the block once it has run for *seconds*."""

    def monotonic(self) -> float:
        """Seconds; never steps back."""


class Guard(Protocol):
    """What bounds a strategy's reach."""

    def watch(self, strategy: str) -> AbstractContextManager[None]:
        """Raise `ReachedOut` where *strategy* reaches out, and at the end of the block when it swallowed that."""


class NoTimer:
    """No bound, and time stands still."""

    def __init__(self) -> None:
        self._forever = nullcontext()

    def limit(self, seconds: float) -> AbstractContextManager[None]:
        """No limit."""
        return self._forever

    def monotonic(self) -> float:
        """Always 0."""
        return 0.0


class NoGuard:
    """No bound at runtime; the static check has spoken before."""

    def __init__(self) -> None:
        self._anything = nullcontext()

    def watch(self, strategy: str) -> AbstractContextManager[None]:
        """Watch nothing."""
        return self._anything
