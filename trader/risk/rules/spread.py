"""Who buys across a wide spread has lost before he begins."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trader.model.book import Book
from trader.model.trading import Objection, SizedProposal
from trader.risk.freshness import too_wide
from trader.risk.rule import SELL, EntriesOnly


@dataclass(frozen=True, slots=True)
class Spread(EntriesOnly):
    """Refuse an entry at a spread above *max_spread_bps*, and on a quote that is crossed, zero or no number (O1)."""

    max_spread_bps: Decimal = Decimal(100)

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        return None if proposal.side is SELL else too_wide(proposal.quote, self.max_spread_bps)
