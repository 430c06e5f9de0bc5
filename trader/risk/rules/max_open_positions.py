"""Only so many symbols at a time."""

from __future__ import annotations

from dataclasses import dataclass

from trader.model.book import Book
from trader.model.trading import Objection, RiskReason, SizedProposal, Unit
from trader.risk.rule import SELL, EntriesOnly, refusal


@dataclass(frozen=True, slots=True)
class MaxOpenPositions(EntriesOnly):
    """Refuse an entry in one more symbol while *max_open_positions* are held or being bought (PACE)."""

    max_open_positions: int

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        if proposal.side is SELL or len(book.exposure) < self.max_open_positions:
            return None
        symbols = book.open_symbols
        if proposal.symbol in symbols or len(symbols) < self.max_open_positions:
            return None
        return refusal(RiskReason.MAX_OPEN_POSITIONS, len(symbols), self.max_open_positions, Unit.COUNT)
