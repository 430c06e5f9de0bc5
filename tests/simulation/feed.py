"""
What the streams of a seed have: the venue's prices, up to the instant at which they stood still.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from tests.simulation.clock import VirtualClock, at, ms_of
from tests.simulation.venue import Venue
from trader.model.market import Quote

MINUTE_MS, QUOTE_AGE_MS = 60_000, 5_000


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
    _said: dict[tuple[str, int], tuple[Quote, bool]] = field(default_factory=dict)

    def heard_ms(self, ms: int) -> int:
        """The instant of the last that was heard up to *ms*."""
        return ms if self.stopped_ms is None else min(ms, self.stopped_ms)

    def at_instant(self, symbol: str, ms: int) -> tuple[Quote, bool]:
        """What was quoted at the instant *ms* and whether the guard suspects it; what was said of it stays said."""
        found = self._said.get((symbol, ms))
        if found is None:
            found = self._said[symbol, ms] = self.quote(symbol, ms), symbol in self.bad
        return found

    def is_doubtful(self, symbol: str, ms: int) -> bool:
        """No price of *symbol* could be believed at the instant *ms*."""
        quote, suspect = self.at_instant(symbol, ms)
        return suspect or ms - ms_of(quote.time) >= QUOTE_AGE_MS

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
