"""All that can be lost at once stays small."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trader.model.book import Book
from trader.model.money import ONE
from trader.model.trading import Objection, RiskReason, SizedProposal
from trader.risk.rule import SELL, EntriesOnly, beyond_cap


@dataclass(frozen=True, slots=True)
class TotalCap(EntriesOnly):
    """
    Trim an entry so that everything held and working stays within *max_total_at_risk_pct* of NLV (E1).

    A hard cap: a regime can shrink it, none can raise it (U3).
    """

    max_total_at_risk_pct: Decimal = Decimal(15)

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        if proposal.side is SELL:
            return None
        limit_pct = self.max_total_at_risk_pct
        if proposal.multiplier < ONE:
            limit_pct *= proposal.multiplier
        return beyond_cap(RiskReason.TOTAL_CAP, "total", proposal, book, book.total_exposure_usd, limit_pct)
