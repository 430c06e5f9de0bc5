"""One strategy may not fill the instant with its own entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trader.model.book import Book
from trader.model.trading import Objection, RiskReason, SizedProposal, Unit
from trader.policy import Budget
from trader.risk.rule import SELL, EntriesOnly, refusal


@dataclass(frozen=True, slots=True)
class StrategyTrades(EntriesOnly):
    """Refuse an entry beyond its strategy's *max_trades_per_cycle*, or of a strategy without a budget (STR3)."""

    budgets: Mapping[str, Budget]

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        if proposal.side is SELL:
            return None
        budget = self.budgets.get(proposal.strategy)
        limit = 0 if budget is None else budget.max_trades_per_cycle
        count = book.entries_now.get(proposal.strategy, 0)
        return refusal(RiskReason.STRATEGY_TRADES, count, limit, Unit.COUNT) if count >= limit else None
