"""When everything loses, stand back for a while."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trader.model.book import Book
from trader.model.trading import Objection, RiskReason, SizedProposal, Unit
from trader.risk.rule import SELL, EntriesOnly, refusal


@dataclass(frozen=True, slots=True)
class LossStreak(EntriesOnly):
    """Refuse entries for *pause_minutes* after the last of *max_losses_in_a_row* losses, or more (PACE)."""

    max_losses_in_a_row: int
    pause_minutes: Decimal

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        if proposal.side is SELL or book.losses_in_a_row < self.max_losses_in_a_row:
            return None
        last = book.last_loss_at
        if last is not None and (book.as_of - last).total_seconds() >= self.pause_minutes * 60:
            return None
        return refusal(RiskReason.LOSS_STREAK, book.losses_in_a_row, self.max_losses_in_a_row, Unit.COUNT)
