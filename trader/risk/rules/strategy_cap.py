"""A strategy's own budget, before anything global is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trader.model.book import Book
from trader.model.money import ZERO
from trader.model.trading import Objection, RiskReason, SizedProposal
from trader.policy import Budget
from trader.risk.rule import SELL, EntriesOnly, beyond_cap


@dataclass(frozen=True, slots=True)
class StrategyCap(EntriesOnly):
    """Trim an entry so that its strategy, with what is working, stays within its *max_at_risk_pct* of NLV (STR3)."""

    budgets: Mapping[str, Budget]

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        if proposal.side is SELL:
            return None
        budget = self.budgets.get(proposal.strategy)
        limit_pct = ZERO if budget is None else budget.max_at_risk_pct * proposal.multiplier
        exposure = book.strategy_exposure_usd(proposal.strategy)
        return beyond_cap(RiskReason.STRATEGY_CAP, "strategy", proposal, book, exposure, limit_pct)
