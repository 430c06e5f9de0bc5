"""
The levels of NLV that matter between decisions, as floats.

They follow from the ledger's performance and the breakers, a little on the
cautious side; they are worked out again only when that performance changed.
"""

from __future__ import annotations

from dataclasses import replace

from trader.model.book import Performance
from trader.model.money import exact
from trader.model.trading import TradingState
from trader.risk.engine import RiskEngine
from trader.state.ledger import Ledger

SLACK = 1e-9
"""Relative; far above what float sums of a few products can be off by."""
NOWHERE = float("-inf")


class Levels:
    """*alarm*: at or below it a breaker could trip.  *peak*: from it on, the day's highest value may be a new one."""

    __slots__ = ("_ledger", "_risk", "_seen", "_session_peak", "_units", "alarm", "peak")

    def __init__(self, ledger: Ledger, risk: RiskEngine) -> None:
        self._ledger, self._risk = ledger, risk
        self._seen: Performance | None = None
        self._units = 1.0
        self.alarm = self.peak = self._session_peak = NOWHERE

    def look(self) -> None:
        """Follow the ledger."""
        now = self._ledger.performance
        if now is self._seen:
            return
        self._seen, self._units = now, float(now.units)
        self._session_peak = float(now.peak) * self._units * (1 - SLACK)
        self.peak = float(now.peaks[-1][1]) * self._units * (1 - SLACK)
        self.alarm = self._alarm_of(now)

    def alarm_after(self, highest_usd: float) -> float:
        """The alarm once NLV has been as high as *highest_usd*."""
        if highest_usd <= self._session_peak or self._seen is None:
            return self.alarm
        return self._alarm_of(replace(self._seen, peak=exact(highest_usd / self._units * (1 + SLACK))))

    def _alarm_of(self, performance: Performance) -> float:
        if self._ledger.state is not TradingState.ACTIVE:
            return NOWHERE
        floor = self._risk.nav_floor(performance)
        return NOWHERE if floor is None else float(floor) * self._units * (1 + SLACK)
