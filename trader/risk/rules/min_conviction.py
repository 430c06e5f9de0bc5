"""A strategy that hardly believes itself is not listened to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import isfinite

from trader.model.book import Book
from trader.model.money import ONE, ZERO, remembered
from trader.model.trading import Objection, RiskReason, SizedProposal, Unit
from trader.risk.rule import SELL, EntriesOnly, refusal


@dataclass(frozen=True, slots=True)
class MinConviction(EntriesOnly):
    """Refuse an entry whose conviction is below *min_conviction_to_propose*, or is not a number (R2)."""

    min_conviction_to_propose: Decimal = ZERO

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        if proposal.side is SELL:
            return None
        believes: object = proposal.conviction  # a strategy's own word, so it may be anything
        conviction = remembered(believes) if isinstance(believes, float | int) and isfinite(believes) else -ONE
        if conviction >= self.min_conviction_to_propose:
            return None
        limit = self.min_conviction_to_propose
        return refusal(RiskReason.BELOW_CONVICTION, conviction, limit, Unit.RATIO, "conviction")
