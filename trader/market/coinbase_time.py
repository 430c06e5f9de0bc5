"""
How well the venue's time is known is for a clock to say; here it is asked for again until that is enough.

A few answers at most, and never on the way of an order: what is not certain then leaves entries waiting, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from trader.errors import ExchangeUnreachable

TIMES_AGAIN: Final = 4
"""One answer of five is quick, where any is; the first has been given."""
AGAIN_SECONDS: Final = 3.0
"""After this no more are asked for: the exits of the cycle wait as well."""


class VenueTold(Protocol):
    """A clock that goes by the venue's."""

    def ticks(self) -> float:
        """Seconds by which it goes in between."""

    def heard(self, said: datetime, asked: float) -> None:
        """The venue *said* its time to whoever *asked* at that tick."""

    @property
    def certain(self) -> bool:
        """What it heard leaves so little open that entries may go by it."""


def ask_until_certain(clock: VenueTold, ask: Callable[[], object]) -> None:
    """
    *ask* for the time, of which *clock* hears, while the answers were too slow for it or disagree.

    One that does not come makes nothing worse: whoever needs the venue for more finds that out himself.
    """
    until = clock.ticks() + AGAIN_SECONDS
    for _ in range(TIMES_AGAIN):
        if clock.certain or clock.ticks() > until:
            return
        try:
            ask()
        except ExchangeUnreachable:
            return
