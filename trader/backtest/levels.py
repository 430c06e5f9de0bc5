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

    __slots__ = ("_ledger", "_risk", "_seen", "_session_peak", "_state", "_units", "alarm", "peak")

    def __init__(self, ledger: Ledger, risk: RiskEngine) -> None:
        self._ledger, self._risk = ledger, risk
        self._seen: Performance | None = None
        self._state = ledger.state
        self._units = 1.0
        self.alarm = self.peak = self._session_peak = NOWHERE

    def look(self) -> None:
        """Follow the ledger."""
        now, seen, state = self._ledger.performance, self._seen, self._ledger.state
        self._seen = now
        if now is seen and state is self._state:
            return
        if seen is not None and state is self._state and _same_extremes(now, seen):
            return
        self._state = state
        self._units = float(now.units)
        self._session_peak = float(now.peak) * self._units * (1 - SLACK)
        self.peak = float(now.peaks[-1][1]) * self._units * (1 - SLACK)
        self.alarm = self._alarm_of(now)

    def alarm_after(self, highest_usd: float) -> float:
        """The alarm once NLV has been as high as *highest_usd*."""
        if highest_usd <= self._session_peak or self._seen is None:
            return self.alarm
        return self._alarm_of(replace(self._seen, peak=exact(highest_usd / self._units * (1 + SLACK))))

    def _alarm_of(self, performance: Performance) -> float:
        if self._state is not TradingState.ACTIVE:
            return NOWHERE
        floor = self._risk.nav_floor(performance)
        return NOWHERE if floor is None else float(floor) * self._units * (1 + SLACK)


def _same_extremes(one: Performance, other: Performance) -> bool:
    """Nothing but the value of the moment differs; what a mark does not change, it hands on as it is."""
    return (
        one.peak is other.peak
        and one.peaks is other.peaks
        and one.day_start is other.day_start
        and one.week_start is other.week_start
        and one.units is other.units
    )
