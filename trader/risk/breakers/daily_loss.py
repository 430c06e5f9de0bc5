"""A bad day ends early."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trader.model.book import Book, Performance
from trader.model.decision import Trip
from trader.model.trading import RiskReason
from trader.risk.rule import fallen, fallen_to


@dataclass(frozen=True, slots=True)
class DailyLoss:
    """Trip when value per unit has lost *max_daily_loss_pct* since 00:00 UTC (DD1)."""

    max_daily_loss_pct: Decimal

    def check(self, book: Book) -> Trip | None:
        return fallen("daily_loss", RiskReason.DAILY_LOSS, book.performance.daily_loss_pct, self.max_daily_loss_pct)

    def nav_floor(self, performance: Performance) -> Decimal:
        return fallen_to(performance.day_start, self.max_daily_loss_pct)
