"""Every entry brings a stop and a target, neither too close to be noise nor too far to matter."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trader.model.book import Book
from trader.model.trading import Objection, RiskReason, SizedProposal, Unit
from trader.risk.rule import SELL, EntriesOnly, refusal


@dataclass(frozen=True, slots=True)
class StopBounds(EntriesOnly):
    """Refuse an entry whose stop or target lies outside the policy's bounds, in per cent of price (R2)."""

    stop_loss_pct_min: Decimal
    stop_loss_pct_max: Decimal
    take_profit_pct_min: Decimal
    take_profit_pct_max: Decimal

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        if proposal.side is SELL:
            return None
        stop, target = proposal.stop_loss_pct, proposal.take_profit_pct
        if not self.stop_loss_pct_min <= stop <= self.stop_loss_pct_max:
            bound = self.stop_loss_pct_min if stop < self.stop_loss_pct_min else self.stop_loss_pct_max
            return refusal(RiskReason.STOP_OUT_OF_BOUNDS, stop, bound, Unit.PCT, "stop_loss_pct")
        if not self.take_profit_pct_min <= target <= self.take_profit_pct_max:
            bound = self.take_profit_pct_min if target < self.take_profit_pct_min else self.take_profit_pct_max
            return refusal(RiskReason.STOP_OUT_OF_BOUNDS, target, bound, Unit.PCT, "take_profit_pct")
        return None
