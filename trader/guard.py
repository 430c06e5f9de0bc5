"""
The fence around a running strategy: what it reaches for is seen by Python itself, and its time is the system's alarm.

While a strategy is watched, opening a file, a socket or a process or importing
what it may not raises in it; and swallowing that does not help, the end of the
watch raises it again.  What Python and its libraries do on their own behalf (a
late import, a time zone, the line of a warning) passes.  Reading the clock (and
before Python 3.13 sleeping) leaves no trace here; the static check sees it.
"""

from __future__ import annotations

import signal
import sys
import sysconfig
import threading
import time
from contextlib import AbstractContextManager
from types import FrameType, TracebackType
from typing import Any

from trader.errors import TraderError
from trader.fence import ReachedOut, StrategyTimeout
from trader.purity.reach import may_import

REFUSED = frozenset(
    """
    _posixsubprocess _thread ctypes fcntl ftplib glob http imaplib mmap nntplib open os pathlib poplib pty resource
    shutil signal smtplib socket sqlite3 subprocess syslog telnetlib tempfile urllib webbrowser
    """.split()
)
"""First words of audit events that a strategy has no business with."""
REFUSED_EXACTLY = frozenset(
    {"time.sleep", "builtins.input", "builtins.breakpoint", "sys.addaudithook", "sys.settrace", "sys.setprofile"}
)
ON_ITS_OWN_BEHALF = ("<frozen importlib", "<frozen zipimport", "linecache.py", "weakref.py", "tracemalloc.py")
IMPORTING = ("<frozen importlib", f"{sysconfig.get_paths()['stdlib']}/importlib/")
TIME_ZONES = ("/zoneinfo/", "/tzdata/", "/pytz/")
LIBRARY_FOLDERS = tuple({sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")})
FRAMES_MAX = 200
AGAIN_SECONDS = 0.05
"""A strategy that swallows its alarm gets the next one this soon."""


class AlarmNeedsMainThread(TraderError):
    """Strategies are to be timed where no alarm can ring."""


class _Watched:
    """The one strategy that runs now, if any."""

    __slots__ = ("breach", "calls", "strategy", "thread")

    def __init__(self) -> None:
        self.strategy: str | None = None
        self.calls = 0
        self.thread = 0
        self.breach: ReachedOut | None = None


_now = _Watched()
_installed = False


def running() -> tuple[str | None, int]:
    """The strategy that is watched now, if any, and which call of all since the process began that is."""
    return _now.strategy, _now.calls


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    """Called by Python on every audit event of the process."""
    if _now.strategy is None:
        return
    if event == "import":
        refused = not _import_is_fine(str(arguments[0]))
    else:
        refused = event.partition(".")[0] in REFUSED or event in REFUSED_EXACTLY
    if refused and threading.get_ident() == _now.thread and not _on_its_own_behalf(event, arguments):
        what = f"{event} {arguments[0]!r:.80}" if arguments else event
        _now.breach = ReachedOut(f"reached out of its context: {what}")
        raise _now.breach


def _import_is_fine(module: str) -> bool:
    """Whether a strategy may import *module*, or somebody else is importing it."""
    if may_import(module):
        return True
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith(IMPORTING):
        frame = frame.f_back
    return frame is None or _is_library(frame)


def _is_library(frame: FrameType) -> bool:
    name = str(frame.f_globals.get("__name__", ""))
    return name.startswith("trader.") or frame.f_code.co_filename.startswith((*LIBRARY_FOLDERS, "<frozen"))


def _on_its_own_behalf(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether Python or a library reaches out for itself: a late import, a time zone, the line a warning shows."""
    if event == "open" and arguments[1] in ("r", "rb") and any(part in str(arguments[0]) for part in TIME_ZONES):
        return True
    frame: FrameType | None = sys._getframe(2)
    for _ in range(FRAMES_MAX):
        if frame is None:
            return False
        file = frame.f_code.co_filename
        if file.startswith(ON_ITS_OWN_BEHALF) or (file.endswith(ON_ITS_OWN_BEHALF) and _is_library(frame)):
            return True
        frame = frame.f_back
    return False


class _Watch:
    """One guard's watch; used again for every call."""

    __slots__ = ("name",)

    def __init__(self) -> None:
        self.name = ""

    def __enter__(self) -> None:
        _now.thread = threading.get_ident()
        _now.breach = None
        _now.calls += 1
        _now.strategy = self.name

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        _now.strategy = None
        if _now.breach is not None and error is not _now.breach:
            raise _now.breach


class AuditGuard:
    """A `Guard` on Python's audit events; one strategy at a time."""

    def __init__(self) -> None:
        global _installed
        if not _installed:
            sys.addaudithook(_hook)
            _installed = True
        self._watch = _Watch()

    def watch(self, strategy: str) -> AbstractContextManager[None]:
        """Raise `ReachedOut` where *strategy* reaches out, and at the end of the block when it swallowed that."""
        self._watch.name = strategy
        return self._watch


class _Limit:
    """One alarm; whatever alarm was set before goes on afterwards."""

    __slots__ = ("_armed", "_before", "_began", "_handler", "_seconds")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        self._armed = True
        self._began = time.monotonic()
        self._handler = signal.signal(signal.SIGALRM, self._ring)
        self._before = signal.setitimer(signal.ITIMER_REAL, self._seconds, AGAIN_SECONDS)

    def __exit__(self, *_: object) -> None:
        self._armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._handler or signal.SIG_DFL)
        left, again = self._before
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - self._began), 0.001), again)

    def _ring(self, _signal: int, _frame: FrameType | None) -> None:
        if self._armed:
            raise StrategyTimeout


class SignalTimer:
    """A `Timer` on the system's alarm: Python code is stopped at its next step, a call into C when it returns."""

    def __init__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise AlarmNeedsMainThread("strategies can be timed in the main thread only; run them there")

    def limit(self, seconds: float) -> AbstractContextManager[None]:
        """Raise `StrategyTimeout` in the block once it has run for *seconds*."""
        return _Limit(seconds)

    def monotonic(self) -> float:
        """Seconds; never steps back."""
        return time.monotonic()
