"""Only what is in today's universe may be entered; what fell out of it may still be sold."""

from __future__ import annotations

from dataclasses import dataclass

from trader.model.book import Book
from trader.model.trading import Objection, RiskReason, SizedProposal, Unit
from trader.risk.rule import SELL, EntriesOnly, refusal


@dataclass(frozen=True, slots=True)
class Eligible(EntriesOnly):
    """Refuse entries in a symbol that the universe excludes (U1)."""

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        if proposal.side is SELL or proposal.eligible:
            return None
        return refusal(RiskReason.NOT_ELIGIBLE, 0, 1, Unit.COUNT, "symbol")
