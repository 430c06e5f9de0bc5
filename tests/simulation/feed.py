"""
What the streams of a seed have: the venue's prices, up to the instant at which they stood still.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from tests.simulation.clock import VirtualClock, at
from tests.simulation.venue import Venue
from trader.model.market import Quote

MINUTE_MS = 60_000


@dataclass(slots=True)
class Feed:
    """
    Connected or not, it tells of nothing later than *stopped_ms*.  *bad* are the symbols it quotes wrongly, by what
    factor; the guard notices, for the factors are large, and vouches for none of them.
    """

    venue: Venue
    clock: VirtualClock
    stopped_ms: int | None = None
    bad: dict[str, Decimal] = field(default_factory=dict)

    def heard_ms(self, ms: int) -> int:
        """The instant of the last that was heard up to *ms*."""
        return ms if self.stopped_ms is None else min(ms, self.stopped_ms)

    def quote(self, symbol: str, ms: int) -> Quote:
        """What is known of *symbol* at *ms*, with the venue's time."""
        heard = self.heard_ms(ms)
        bid, ask = self.venue.quote(symbol, heard)
        factor = self.bad.get(symbol)
        if factor is not None:
            bid, ask = bid * factor, ask * factor
        return Quote(symbol, bid, ask, at(heard))

    def go_on(self) -> None:
        """Tell everything again."""
        self.stopped_ms = None

    def mend(self, symbol: str) -> None:
        """Quote *symbol* as it trades."""
        self.bad.pop(symbol, None)
