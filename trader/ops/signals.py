"""
SIGTERM and SIGINT as a flag.

The first signal asks: no new cycle, finish the one in progress.  The second
insists: the cycle in progress is cut short.  The third finds the system's own
handler and ends the process, which the journal survives like a power cut.  SIGUSR1 is the
kill switch for whoever knows a process but not its run folder.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)
KILL_SIGNAL = signal.SIGUSR1


class StopFlag:
    """
    Set once, for ever; safe to set from a signal handler while somebody waits for it.

    `threading.Event` is not: a handler that interrupts the waiting thread at the wrong instant waits for itself.
    """

    def __init__(self) -> None:
        self.reason: str | None = None
        self.is_urgent = False
        self._on_urgent: list[Callable[[], object]] = []
        self._reader, self._writer = os.pipe()

    def set(self, reason: str = "asked to stop") -> None:
        """Ask to stop; asked again, insist."""
        if self.reason is None:
            self.reason = reason
            os.write(self._writer, b"!")  # never read, so every waiter sees it
        elif not self.is_urgent:
            self.is_urgent = True
            for hurry in self._on_urgent:
                hurry()

    def is_set(self) -> bool:
        """Whether to stop."""
        return self.reason is not None

    def wait(self, timeout_seconds: float) -> bool:
        """Sleep that long, less if it is set meanwhile; whether it is set."""
        deadline = time.monotonic() + timeout_seconds
        while not self.is_set() and (left := deadline - time.monotonic()) > 0:
            select.select([self._reader], [], [], left)
        return self.is_set()

    def on_urgent(self, hurry: Callable[[], object]) -> None:
        """
        Call *hurry* when somebody insists, for instance to cut the running notebook short.

        From a signal handler: it must not print, log or take a lock that whoever was interrupted may hold.
        """
        self._on_urgent.append(hurry)

    def close(self) -> None:
        """Give the pipe back."""
        os.close(self._reader)
        os.close(self._writer)


@contextmanager
def stop_on_signals(flag: StopFlag) -> Iterator[StopFlag]:
    """Let SIGTERM and SIGINT set *flag* inside the block; main thread only."""
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def on_signal(number: int, frame: FrameType | None) -> None:
        if flag.is_set():
            for each in SIGNALS:
                signal.signal(each, signal.SIG_DFL)
        flag.set(signal.Signals(number).name)

    for number in SIGNALS:
        signal.signal(number, on_signal)
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def kill_on_signal(press: Callable[[str], object]) -> Iterator[None]:
    """Let SIGUSR1 *press* the kill switch inside the block; main thread only."""
    before = signal.signal(KILL_SIGNAL, lambda number, frame: press(f"signal {KILL_SIGNAL.name}"))
    try:
        yield
    finally:
        signal.signal(KILL_SIGNAL, before)
