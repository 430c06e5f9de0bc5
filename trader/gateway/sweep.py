"""
Ending everything that works, round after round, whatever the venue answers.

A cancel that was taken ends nothing by itself and a list may be late, so an
order counts as over only when the venue stops showing it.  Entries are ended
before exits: until the last moment what is held keeps its stop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from trader.errors import TraderError
from trader.model.wire import Resting
from trader.ports import Canceller, Clock

AT_ONCE = 100
AGAIN_SECONDS, AGAIN_MAX_SECONDS = 0.1, 2.0
"""Until the next round while something works or the venue fails; doubled with every failure in a row."""
QUIET_SECONDS = 1.0
"""Between rounds while the venue shows nothing: what appears late is found with time to spare."""


def nothing_by_name() -> Sequence[str]:
    """No order is known by name."""
    return ()


class Sweep:
    """
    Rounds of listing and cancelling over one *canceller*; *names* are the venue's ids of the orders we know of.

    For one thread; others may read: *asked* the ids asked to end, *working* how many the last round found, *trouble*
    why it did not see everything, *is_clear* whether it saw all and nothing was left, *moved_at* the monotonic time
    of the last sign of life.
    """

    def __init__(
        self, canceller: Canceller, clock: Clock, names: Callable[[], Sequence[str]] = nothing_by_name
    ) -> None:
        self._canceller, self._clock, self._names = canceller, clock, names
        self.asked: set[str] = set()
        self.refusals: dict[str, str] = {}
        self.working, self.trouble, self.is_clear, self.moved_at = 0, "", False, clock.monotonic()
        self._failures, self._is_blind = 0, True

    def once(self) -> float:
        """One round; seconds to wait before the next."""
        found, trouble = 0, ""
        if self._is_blind:  # at first, and where a list does not come, what we know by name is ended
            self._end([Resting(order_id, enters=True) for order_id in self._names()])
        self._move()
        try:
            for some in self._canceller.working():
                self._move()
                found += len(some)
                self._end(some)
        except TraderError as error:
            trouble = str(error)
        self._move()
        self._is_blind = bool(trouble)
        self._failures = self._failures + 1 if trouble else 0
        self.working, self.trouble, self.is_clear = found, trouble, not (found or trouble)
        if self.is_clear:
            return QUIET_SECONDS
        return min(AGAIN_MAX_SECONDS, AGAIN_SECONDS * 2.0 ** min(self._failures, 10))

    def _end(self, some: Sequence[Resting]) -> None:
        """Ask for the end of *some*, entries first; what the venue is ending already is only waited for."""
        wanted = sorted((one for one in some if not one.is_ending), key=lambda one: not one.enters)
        ids = [one.order_id for one in wanted]
        for first in range(0, len(ids), AT_ONCE):
            batch = ids[first : first + AT_ONCE]
            self._move()
            self.asked |= set(batch)
            answers = self._canceller.cancel(batch)
            self.refusals = {one: answers.get(one, "no answer") for one in batch if answers.get(one, "no answer")}

    def _move(self) -> None:
        self.moved_at = self._clock.monotonic()
