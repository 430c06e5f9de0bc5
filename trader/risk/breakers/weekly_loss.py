"""A bad week ends early."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trader.model.book import Book, Performance
from trader.model.decision import Trip
from trader.model.trading import RiskReason
from trader.risk.rule import fallen, fallen_to


@dataclass(frozen=True, slots=True)
class WeeklyLoss:
    """Trip when value per unit has lost *max_weekly_loss_pct* since Monday 00:00 UTC (DD1)."""

    max_weekly_loss_pct: Decimal

    def check(self, book: Book) -> Trip | None:
        return fallen("weekly_loss", RiskReason.WEEKLY_LOSS, book.performance.weekly_loss_pct, self.max_weekly_loss_pct)

    def nav_floor(self, performance: Performance) -> Decimal:
        return fallen_to(performance.week_start, self.max_weekly_loss_pct)
