"""A strategy that hardly believes itself is not listened to."""

from __future__ import annotations

from dataclasses import dataclass

from trader.model.book import Book
from trader.model.money import exact
from trader.model.trading import Objection, RiskReason, SizedProposal, Unit
from trader.risk.rule import SELL, refusal


@dataclass(frozen=True, slots=True)
class MinConviction:
    """Refuse an entry whose conviction is below *min_conviction_to_propose*, or is not a number (R2)."""

    min_conviction_to_propose: float = 0.0

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        if proposal.side is SELL or proposal.conviction >= self.min_conviction_to_propose:
            return None
        conviction = exact(proposal.conviction)
        observed = conviction if conviction.is_finite() else exact(0.0)
        limit = exact(self.min_conviction_to_propose)
        return refusal(RiskReason.BELOW_CONVICTION, observed, limit, Unit.RATIO, "conviction")
