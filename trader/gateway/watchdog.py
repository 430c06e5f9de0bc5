"""
The watchdog: it looks at the kill switch when nobody else can, and sweeps the venue clean.

A thread of its own that takes no lock of the gateway and calls no exchange, so
nothing slow keeps it from looking; the sweeping is done by a few workers, each
with a session of its own that can list and cancel and do nothing else.  One
that hangs is left behind.  It writes no journal: the gateway records the kill,
and what became of the orders comes in with what the venue says of them, as ever.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from trader.errors import TraderError
from trader.gateway.sweep import Sweep, nothing_by_name
from trader.ops.kill import KillLatch
from trader.ports import Canceller, Clock
from trader.reporting.wording import plural

LOOK_SECONDS = 0.25
WORKERS = 6
"""Side by side: a call of one that fails or takes seconds is made up for by the others."""
HUNG_SECONDS = 6.0
"""Longer than any call may last."""
LEFT_BEHIND_MAX = 16
"""With so many hanging no further one is begun until one comes back."""
LATE_SECONDS = 10.0
"""After so long without an all-clear it says so."""

OpenCanceller = Callable[[], Canceller]


class Worker:
    """One sweep in a thread of its own, over a session of its own."""

    def __init__(self, open_canceller: OpenCanceller, clock: Clock, names: Callable[[], Sequence[str]], turn: int):
        self._open, self._clock, self._names, self.turn = open_canceller, clock, names, turn
        self._began = clock.monotonic()
        self.sweep: Sweep | None = None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._work, name=f"kill-sweep-{turn}", daemon=True)

    @property
    def is_stuck(self) -> bool:
        """It died, or gives no sign of life."""
        moved_at = self._began if self.sweep is None else self.sweep.moved_at
        return not self.thread.is_alive() or self._clock.monotonic() - moved_at > HUNG_SECONDS

    @property
    def is_clear(self) -> bool:
        """Its last round saw everything, and nothing that works."""
        return self.sweep is not None and self.sweep.is_clear

    def _work(self) -> None:
        try:
            canceller = self._open()
        except TraderError:
            return  # the next beat finds somebody else
        try:
            self.sweep = Sweep(canceller, self._clock, self._names, self.turn)
            while not self.over.wait(self.sweep.once()):
                pass
        finally:
            canceller.close()


class Watchdog:
    """
    Watches *switch*, and once it is pressed keeps the venue empty until the process ends.

    *tell* is given what a person must hear at once.  Without *open_canceller* there is no venue to sweep.  *names* are
    the venue's ids of the working orders we know of; it is asked from other threads.
    """

    def __init__(
        self,
        switch: KillLatch,
        clock: Clock,
        tell: Callable[[str], object],
        open_canceller: OpenCanceller | None = None,
        names: Callable[[], Sequence[str]] = nothing_by_name,
    ) -> None:
        self._switch, self._clock, self._tell, self._open, self._names = switch, clock, tell, open_canceller, names
        self._workers: list[Worker] = []
        self._left_behind: list[Worker] = []
        self._said: set[str] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
        self.seen_at: float | None = None
        """The monotonic time at which the kill was seen."""

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Look no more; a worker in the middle of a call is left to its end."""
        self._over.set()
        for worker in self._workers:
            worker.over.set()
        if self._thread.is_alive():
            self._thread.join(LOOK_SECONDS * 4)

    def beat(self) -> None:
        """Look once, and see that somebody sweeps."""
        reason = self._switch.reason()
        if not reason:
            return
        if self.seen_at is None:
            self.seen_at = self._clock.monotonic()
        if self._open is not None:
            self._employ(self._open)
        self._say(f"kill switch: {reason}; no order leaves any more, and whatever works is cancelled")
        if self._open is not None:
            self._report()

    @property
    def is_clear(self) -> bool:
        """Nothing was killed, or nobody who looks at the venue sees anything that works."""
        if not self._switch.reason() or self._open is None:
            return True
        return bool(self._workers) and all(worker.is_clear for worker in self._workers)

    def wait_until_clear(self, patience_seconds: float, is_hurried: Callable[[], bool]) -> bool:
        """Wait for it, so long at most, and no longer than nobody is hurried; whether it is."""
        until = self._clock.monotonic() + patience_seconds
        while not self.is_clear and self._clock.monotonic() < until and not is_hurried():
            self._clock.sleep(LOOK_SECONDS / 5)
        return self.is_clear

    @property
    def left(self) -> str:
        """What is known of orders that may still work, for a person."""
        sweeps = [worker.sweep for worker in self._workers if worker.sweep is not None]
        working = max((sweep.working for sweep in sweeps), default=0)
        trouble = next((sweep.trouble for sweep in sweeps if sweep.trouble), "")
        said = [plural(working, "order") + " seen working"] if working else []
        return "; ".join([*said, trouble] if trouble else said) or "the venue has not answered yet"

    def _run(self) -> None:
        while True:
            self.beat()
            if self._over.wait(LOOK_SECONDS):
                return

    def _employ(self, open_canceller: OpenCanceller) -> None:
        """Have every turn taken by somebody who moves."""
        taken = list[Worker]()
        self._left_behind = [one for one in self._left_behind if one.thread.is_alive()]
        for turn, now in enumerate(self._workers or [None] * WORKERS):
            if now is not None and (not now.is_stuck or len(self._left_behind) >= LEFT_BEHIND_MAX):
                taken.append(now)
                continue
            if now is not None:
                now.over.set()  # it ends where it ever comes back
                self._left_behind.append(now)
            taken.append(Worker(open_canceller, self._clock, self._names, turn))
            taken[-1].thread.start()
        self._workers = taken

    def _report(self) -> None:
        seconds = self._clock.monotonic() - (self.seen_at or 0.0)
        if self.is_clear:
            self._say(f"kill switch: {seconds:.1f} s after it was seen the venue shows no working order", "clear")
        elif seconds > LATE_SECONDS and "clear" not in self._said:
            self._say(f"kill switch: after {LATE_SECONDS:g} s orders may still work: {self.left}", "late")

    def _say(self, sentence: str, topic: str = "killed") -> None:
        if topic not in self._said:
            self._said.add(topic)
            with suppress(OSError, ValueError):  # a console that is gone keeps nobody from sweeping
                self._tell(sentence)
