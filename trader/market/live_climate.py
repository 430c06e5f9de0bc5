"""
Universe and regime of a live market: the code of the replay, carried from instant to instant.

A membership remembers which side of its band it is on, and a window that moves
does not; so what was decided is carried, and every instant in between is reviewed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np

from trader.market.climate import A_YEAR_SECONDS, Climate, volume_cents
from trader.market.granularity import parse_granularity
from trader.market.live_window import WindowAt
from trader.model.market import DAY_SECONDS, IntArray, Membership, Regime
from trader.policy import RegimePolicy, UniversePolicy
from trader.regime import REGIMES, regime_series
from trader.universe import TIER_SPREAD, UNKNOWN_CENTS, Measure, Spread, review

SpreadOf = Callable[[str], Spread]


class LiveClimate:
    """Memberships of *tradable* and the regime as of the window last seen; *symbol* is what the regime is read from."""

    def __init__(self, tradable: Sequence[str], universe: UniversePolicy, regime: RegimePolicy) -> None:
        self.symbol = regime.symbol
        self.warnings: tuple[str, ...] = ()
        self.membership: Mapping[str, Membership] = {}
        self.regime = regime.pinned or Regime.CHOP
        self._tradable, self._universe, self._regime = tuple(tradable), universe, regime
        self._reviewed: int | None = None

    def take_up(self, membership: Mapping[str, Membership], at: datetime) -> None:
        """Go on from what was decided up to *at*; a streak in progress then begins anew."""
        known = {symbol: replace(member, streak=0) for symbol, member in membership.items() if symbol in self._tradable}
        if known:
            self.membership, self._reviewed = known, int(at.timestamp())

    def see(self, window: WindowAt, spread_of: SpreadOf) -> None:
        """
        Review every instant up to the end of *window*; *spread_of* is what is quoted now.

        Without anything to go on from, the whole window decides, as it would in a backtest.
        """
        if self._reviewed is None or self._reviewed < window.first:
            self._from_the_window(window)
        else:
            self._go_on(window, spread_of)
        self._reviewed = window.at
        self.regime = self._regime_of(window)

    def _from_the_window(self, window: WindowAt) -> None:
        found = Climate(window.dense, self._tradable, self._universe, self._regime, window.timeframes)
        latest: dict[str, Membership] = dict(self.membership)
        for k in found.instants.tolist():
            latest.update({member.symbol: member for member in found.at(k)[0]})
        self.membership = dict(sorted(latest.items()))

    def _go_on(self, window: WindowAt, spread_of: SpreadOf) -> None:
        assert self._reviewed is not None
        volumes = {symbol: self._volumes(window, symbol) for symbol in self._tradable}
        instants = range(self._reviewed + window.step, window.at + 1, window.step)
        for instant in instants:
            k = (instant - window.first) // window.step
            now = instant == window.at
            measures = [
                Measure(symbol, _usd(int(cents[k])), spread_of(symbol) if now else TIER_SPREAD)
                for symbol, cents in volumes.items()
            ]
            reviewed = review(measures, self.membership, self._universe, datetime.fromtimestamp(instant, UTC))
            self.membership = {**self.membership, **reviewed}

    def _volumes(self, window: WindowAt, symbol: str) -> IntArray:
        row = window.dense.symbols.index(symbol)
        return volume_cents(window.dense.close[row], window.dense.volume[row], DAY_SECONDS // window.step)

    def _regime_of(self, window: WindowAt) -> Regime:
        policy = self._regime
        if policy.pinned is not None or policy.symbol not in window.panel.symbols:
            return policy.pinned or Regime.CHOP
        seconds = max(parse_granularity(policy.timeframe), window.step)
        closes = window.closes(policy.symbol, seconds)[-policy.warmup_bars :]
        codes = regime_series(np.ascontiguousarray(closes), policy, A_YEAR_SECONDS / seconds)
        return REGIMES[int(codes[-1])] if len(codes) else Regime.CHOP


def _usd(cents: int) -> Decimal | None:
    return None if cents == UNKNOWN_CENTS else Decimal(cents).scaleb(-2)
