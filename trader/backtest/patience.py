"""
A backtest's patience with a strategy that hangs.

Calls are not timed one by one: which proposals a backtest sees must not depend
on how fast the machine is.  An alarm looks every second whether the strategy is
still in the same call, and where it has been for too long the whole backtest
ends with a sentence instead of a result.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from trader.answer import why
from trader.errors import TraderError
from trader.fence import StrategyTimeout
from trader.guard import running
from trader.loader import MODULE

ANSWER_SECONDS, FEATURES_SECONDS = 60.0, 600.0
"""For one answer, thousands of times what one takes; for the features of one symbol's whole history."""
LOOKS = 60
"""How often the alarm looks before patience is at its end."""


class StrategyHangs(TraderError):
    """A strategy does not come back from a call."""

    exit_code = 1


class _Enough(BaseException):
    """Raised in the strategy; neither it nor the registry, which forgives time-outs, may take it for their own."""


@contextmanager
def patience(seconds: float, doing: str) -> Iterator[None]:
    """
    Raise `StrategyHangs` where one watched call in the block, which is *doing* that, takes some *seconds*.

    By the system's alarm, which rings in the main thread only; elsewhere patience has no end.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    alarm = _Alarm()
    before = signal.signal(signal.SIGALRM, alarm.ring)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds / LOOKS, seconds / LOOKS)
    try:
        yield
    except _Enough as enough:
        where = why(StrategyTimeout().with_traceback(enough.__traceback__), f"{MODULE}{alarm.name}", seconds)
        raise StrategyHangs(f"strategy {alarm.name} {where} while {doing}; a backtest waits no longer") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)


class _Alarm:
    """Counts how often it found the same call still running."""

    def __init__(self) -> None:
        self.name: str | None = None
        self._call, self._found = -1, 0

    def ring(self, _signal: int, _frame: FrameType | None) -> None:
        """Look once."""
        self.name, call = running()
        if self.name is None or call != self._call:
            self._call, self._found = call, 0
            return
        self._found += 1
        if self._found >= LOOKS:
            raise _Enough
