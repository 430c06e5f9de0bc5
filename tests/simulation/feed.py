"""
What the streams of a seed have: the venue's prices, up to the instant at which they stood still.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.simulation.clock import VirtualClock, at
from tests.simulation.venue import Venue
from trader.model.market import Quote

MINUTE_MS = 60_000


@dataclass(slots=True)
class Feed:
    """Connected or not, it tells of nothing later than *stopped_ms*."""

    venue: Venue
    clock: VirtualClock
    stopped_ms: int | None = None

    def heard_ms(self, ms: int) -> int:
        """The instant of the last that was heard up to *ms*."""
        return ms if self.stopped_ms is None else min(ms, self.stopped_ms)

    def quote(self, symbol: str, ms: int) -> Quote:
        """What is known of *symbol* at *ms*, with the venue's time."""
        heard = self.heard_ms(ms)
        return Quote(symbol, *self.venue.quote(symbol, heard), at(heard))
