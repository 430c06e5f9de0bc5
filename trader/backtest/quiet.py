"""
The quiet between two wakes, settled on array slices.

Nothing is decided here.  The only questions are how far the quiet reaches —
until a stop or target is touched, a holding is too old, or a breaker could
trip — and what the account was worth meanwhile.  Every answer errs on the
side of waking: a wake where nothing happens costs time, a missed one is a lie.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from trader.desk import Desk
from trader.exchange.simulated import SimulatedExchange
from trader.market.replay import ReplayMarket
from trader.model.events import Marked
from trader.model.market import FloatArray
from trader.model.money import exact
from trader.model.trading import TradingState
from trader.state.ledger import Ledger

if TYPE_CHECKING:
    from trader.backtest.walk import Walked

A_DAY_SECONDS = 86_400
SLACK = 1e-9
"""Relative; far above what float sums of a few products can be off by."""
FIRST_LOOK = 64
"""Bars of the first slice searched for a touch; later slices double."""


class Quiet:
    """How far nothing happens, and what the account is worth on the way."""

    def __init__(
        self, market: ReplayMarket, desk: Desk, ledger: Ledger, exchange: SimulatedExchange, walked: Walked
    ) -> None:
        self._market, self._desk, self._ledger, self._exchange = market, desk, ledger, exchange
        self._walked = walked
        self._cash = float(exchange.cash_usd)
        self._held: list[tuple[FloatArray, float]] = []
        hours = desk.exits.max_hold_hours
        self._max_hold = timedelta(hours=float(hours)) if hours is not None else None

    def hold(self) -> None:
        """Take note of what is held now: called whenever something filled."""
        self._cash = float(self._ledger.cash_usd)
        self._held = [
            (self._market.marks(symbol), float(position.size))
            for (_, symbol), position in self._ledger.positions.items()
        ]

    def value(self, since: int, until: int) -> FloatArray:
        """Write NLV and cash at the instants [*since*, *until*) and return that slice of NLV."""
        first = self._market.first
        nlv = self._walked.nlv[since - first : until - first]
        nlv[:] = self._cash
        for marks, size in self._held:
            nlv += marks[since - 1 : until - 1] * size
        self._walked.cash[since - first : until - first] = self._cash
        return nlv

    def until(self, k: int, ahead: int) -> int:
        """The next instant in (*k*, *ahead*] at which something could happen; the quiet before it is settled."""
        if not self._held:
            self.value(k + 1, ahead)
            return ahead
        ahead = min(ahead, self._oldest(k, ahead))
        wake = self._touch(k, ahead)
        return self._settle(k, wake)

    def _oldest(self, k: int, ahead: int) -> int:
        if self._max_hold is None:
            return ahead
        opened = min(position.opened_at for position in self._ledger.positions.values())
        return max(k + 1, self._market.index_at_or_after(opened + self._max_hold))

    def _touch(self, k: int, ahead: int) -> int:
        """The instant after the first bar of [*k*, *ahead*) that touches a stop or target, else *ahead*."""
        for (_, symbol), holding in self._exchange.holdings.items():
            low, high = self._market.lows(symbol), self._market.highs(symbol)
            stop, target = holding.floats
            since, look = k, FIRST_LOOK
            while since < ahead:
                until = min(since + look, ahead)
                hit = (low[since:until] <= stop) | (high[since:until] >= target)
                first = int(hit.argmax())
                if hit[first]:
                    ahead = min(ahead, since + first + 1)
                    break
                since, look = until, look * 2
        return ahead

    def _settle(self, k: int, wake: int) -> int:
        """Mark the quiet instants of (*k*, *wake*), day by day; stops early where a breaker could trip."""
        market = self._market
        since = k + 1
        while since < wake:
            midnight = market.next_midnight(since)
            until = min(wake, midnight + 1)
            nlv = self.value(since, until)
            could_trip = self._could_trip(nlv)
            if could_trip is not None:
                return since + could_trip
            self._remember_peak(since, nlv)
            if midnight < wake:
                self._mark(midnight)
            since = until
        return wake

    def _could_trip(self, nlv: FloatArray) -> int | None:
        if self._ledger.state is not TradingState.ACTIVE:
            return None
        performance = self._ledger.performance
        units = float(performance.units)
        highest = exact(float(nlv.max()) / units * (1 + SLACK))
        if highest > performance.peak:
            performance = replace(performance, peak=highest, nav=highest)
        floor = self._desk.risk.nav_floor(performance)
        if floor is None:
            return None
        low = nlv <= float(floor) * units * (1 + SLACK)
        first = int(low.argmax())
        return first if low[first] else None

    def _remember_peak(self, since: int, nlv: FloatArray) -> None:
        performance = self._ledger.performance
        known = float(performance.peaks[-1][1]) * float(performance.units)
        highest = float(nlv.max())
        if highest > known * (1 - SLACK):
            for offset in np.flatnonzero(nlv >= highest * (1 - SLACK)):
                self._mark(since + int(offset))

    def _mark(self, k: int) -> None:
        market, ledger = self._market, self._ledger
        marks: dict[str, Decimal] = {symbol: exact(market.mark(symbol, k)) for _, symbol in ledger.positions}
        ledger.apply(Marked(market.time(k), ledger.nlv_usd(marks)))
