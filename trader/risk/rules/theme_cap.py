"""Coins of one theme fall together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from trader.model.book import Book
from trader.model.trading import Objection, RiskReason, SizedProposal
from trader.risk.rule import SELL, EntriesOnly, beyond_cap


@dataclass(frozen=True, slots=True)
class ThemeCap(EntriesOnly):
    """Trim an entry so that its theme, with what is working, stays within its share of NLV (U2)."""

    max_theme_exposure_pct: Decimal = Decimal(10)
    overrides: Mapping[str, Decimal] = field(default_factory=dict)

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        if proposal.side is SELL:
            return None
        limit_pct = self.overrides.get(proposal.theme, self.max_theme_exposure_pct) * proposal.multiplier
        exposure = book.theme_exposure_usd(proposal.theme)
        return beyond_cap(RiskReason.THEME_CAP, "theme", proposal, book, exposure, limit_pct)
