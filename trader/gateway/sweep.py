"""
Ending everything that works, round after round, whatever the venue answers.

A cancel that was taken ends nothing by itself and a list may be late, so an
order counts as over only when the venue stops showing it.  Entries are ended
before exits: until the last moment what is held keeps its stop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from trader.model.wire import Resting
from trader.ports import Canceller, Clock

AT_ONCE = 100
AGAIN_SECONDS, AGAIN_MAX_SECONDS = 0.1, 2.0
"""Until the next round while something works or the venue fails; doubled with every round that saw nothing at all."""
QUIET_SECONDS = 2.0
"""Between rounds while the venue shows nothing: what appears late is found with time to spare."""


def nothing_by_name() -> Sequence[str]:
    """No order is known by name."""
    return ()


class Sweep:
    """
    Rounds of listing and cancelling over one *canceller*; *names* are the venue's ids of the orders we know of.

    Several may sweep side by side, each with its own *turn*, which says where it begins: so that a call that fails or
    takes long costs one of them and not all.  One thread works; others may read: *asked* the ids asked to end,
    *working* how many the last round found, *trouble* why it did not see everything, *is_clear* whether it saw all and
    nothing was left, *moved_at* the monotonic time of the last sign of life.
    """

    def __init__(
        self,
        canceller: Canceller,
        clock: Clock,
        names: Callable[[], Sequence[str]] = nothing_by_name,
        turn: int = 0,
    ) -> None:
        self._canceller, self._clock, self._names, self._turn = canceller, clock, names, turn
        self.asked: set[str] = set()
        self.working, self.trouble, self.is_clear, self.moved_at = 0, "", False, clock.monotonic()
        self._blind_rounds, self._is_blind = 0, True

    def once(self) -> float:
        """One round; seconds to wait before the next."""
        if self._is_blind:  # at first, and where a list does not come, what we know by name is ended
            self._end([Resting(order_id, enters=True) for order_id in self._names()])
        parts = self._canceller.parts
        found, troubles = 0, list[str]()
        for part in range(self._turn, self._turn + parts):
            self._move()
            seen = self._canceller.working(part % parts)
            found += len(seen.orders)
            troubles += [seen.trouble] if seen.trouble else []
            self._end(seen.orders)
        self._move()
        self._is_blind = bool(troubles)
        self._blind_rounds = self._blind_rounds + 1 if len(troubles) == parts else 0
        self.working, self.trouble = found, troubles[-1] if troubles else ""
        self.is_clear = not (found or troubles)
        if self.is_clear:
            return QUIET_SECONDS
        return min(AGAIN_MAX_SECONDS, AGAIN_SECONDS * 2.0 ** min(self._blind_rounds, 10))

    def _end(self, some: Sequence[Resting]) -> None:
        """Ask for the end of *some*, entries first; what the venue is ending already is only waited for."""
        wanted = sorted((one for one in some if not one.is_ending), key=lambda one: not one.enters)
        ids = [one.order_id for one in wanted]
        batches = [ids[first : first + AT_ONCE] for first in range(0, len(ids), AT_ONCE)]
        for number in range(len(batches)):
            batch = batches[(number + self._turn) % len(batches)]
            self._move()
            self.asked |= set(batch)
            self._canceller.cancel(batch)  # the next list says what became of each

    def _move(self) -> None:
        self.moved_at = self._clock.monotonic()
