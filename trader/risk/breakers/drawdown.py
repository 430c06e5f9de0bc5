"""Too far below the top: exits only, until the operator says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trader.model.book import Book, Performance
from trader.model.decision import Trip
from trader.model.trading import RiskReason
from trader.risk.rule import fallen, fallen_to


@dataclass(frozen=True, slots=True)
class Drawdown:
    """Trip when value per unit is *max_drawdown_pct* below its peak of the session, or of *window_days* (DD1)."""

    max_drawdown_pct: Decimal
    window_days: int | None = None

    def check(self, book: Book) -> Trip | None:
        value = book.performance
        days = self.window_days
        observed = value.drawdown_pct if days is None else value.rolling_drawdown_pct(days)
        return fallen("drawdown", RiskReason.DRAWDOWN, observed, self.max_drawdown_pct)

    def nav_floor(self, performance: Performance) -> Decimal:
        # The rolling peak is never above the session's, so the session's gives a floor that is never too low.
        return fallen_to(performance.peak, self.max_drawdown_pct)
