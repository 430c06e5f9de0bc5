"""The thinner the market, the less of us in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from trader.model.book import Book
from trader.model.money import ZERO
from trader.model.trading import Objection, RiskReason, SizedProposal
from trader.risk.rule import SELL, EntriesOnly, beyond_cap


@dataclass(frozen=True, slots=True)
class TierCap(EntriesOnly):
    """Trim an entry so that its tier, with what is working, stays within its allocation; unknown ones have none."""

    allocations: Mapping[str, Decimal]

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        if proposal.side is SELL:
            return None
        limit_pct = self.allocations.get(proposal.tier, ZERO) * proposal.multiplier
        exposure = book.tier_exposure_usd(proposal.tier)
        return beyond_cap(RiskReason.TIER_CAP, "tier", proposal, book, exposure, limit_pct)
