"""
Universe and regime over a whole history, known only at their changes.

Both are causal: what is said at instant *k* follows from bars closed by then.
A backtest wakes at the changes; in between nothing about them can differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np

from trader.errors import TraderError
from trader.market.bars import columns_of, epoch_seconds
from trader.market.granularity import parse_granularity
from trader.market.panel import DensePanel
from trader.market.timeframes import Timeframes
from trader.model.market import DAY_SECONDS, FloatArray, IntArray, Membership, Regime
from trader.model.money import exact
from trader.policy import RegimePolicy, UniversePolicy
from trader.regime import REGIMES, regime_series
from trader.universe import (
    TIER_SPREAD,
    UNKNOWN_CENTS,
    Measure,
    Spread,
    dollar_volume_cents,
    membership_series,
    rolling_volume_cents,
)

A_YEAR_SECONDS = 365 * DAY_SECONDS


class Climate:
    """
    Memberships of *tradable* symbols and the regime, by instant; *symbol* is what the regime is read from.

    `instants` are the instants (indices of the dense grid, sorted) at which anything changes.
    """

    def __init__(
        self,
        dense: DensePanel,
        tradable: Sequence[str],
        universe: UniversePolicy,
        regime: RegimePolicy,
        timeframes: Timeframes,
        spreads_bps: Mapping[str, float] | None = None,
    ) -> None:
        self.symbol = regime.symbol
        blind = regime.pinned is None and regime.symbol not in dense.symbols
        self.warnings = (f"no {regime.symbol} in the bars: the regime is taken as chop",) if blind else ()
        self._memberships: dict[int, list[Membership]] = {}
        self._regimes: dict[int, Regime] = {}
        count = len(dense.starts)
        step = dense.granularity_seconds
        times = dense.starts[0] + np.arange(count + 1, dtype=np.int64) * step
        spreads = spreads_bps or {}
        self._dense, self._window = dense, DAY_SECONDS // step
        self._spreads: dict[str, Spread] = {}
        for row, symbol in enumerate(dense.symbols):
            if symbol in tradable:
                cents = volume_cents(dense.close[row], dense.volume[row], DAY_SECONDS // step)
                spread = exact(spreads[symbol]) if symbol in spreads else TIER_SPREAD
                self._spreads[symbol] = spread
                for k, member in membership_series(symbol, cents, times, universe, spread):
                    self._memberships.setdefault(k, []).append(member)
        self._read_regime(dense, regime, timeframes, count)
        self.instants: IntArray = np.array(sorted({*self._memberships, *self._regimes}), dtype=np.int64)

    def at(self, k: int) -> tuple[tuple[Membership, ...], Regime | None]:
        """What changes at instant *k*."""
        return tuple(self._memberships.get(k, ())), self._regimes.get(k)

    def never_eligible(self, first: int, last: int) -> tuple[Membership, ...]:
        """The last answer on every symbol that was out at all instants from *first* to before *last*, by symbol."""
        latest: dict[str, Membership] = {}
        ever: set[str] = set()
        for k in sorted(self._memberships):
            if k >= last:
                break
            for member in self._memberships[k]:
                if k <= first:
                    ever.discard(member.symbol)
                if member.eligible:
                    ever.add(member.symbol)
                latest[member.symbol] = member
        return tuple(member for symbol, member in sorted(latest.items()) if symbol not in ever)

    def measures(self, k: int) -> list[Measure]:
        """Traded in the day before instant *k*, and the spread that is assumed, of every tradable symbol."""
        found = []
        since = max(0, k - self._window)
        for row, symbol in enumerate(self._dense.symbols):
            if symbol in self._spreads:
                close, volume = self._dense.close[row][since:k], self._dense.volume[row][since:k]
                known = since > 0 or bool((~np.isnan(close)).any())
                cents = int(volume_cents(close, volume, self._window)[-1]) if known else UNKNOWN_CENTS
                usd = None if cents == UNKNOWN_CENTS else Decimal(cents).scaleb(-2)
                found.append(Measure(symbol, usd, self._spreads[symbol]))
        return found

    def _read_regime(self, dense: DensePanel, policy: RegimePolicy, timeframes: Timeframes, count: int) -> None:
        self._regimes[0] = policy.pinned or Regime.CHOP
        if policy.pinned is not None or policy.symbol not in dense.symbols:
            return
        length = parse_granularity(policy.timeframe)
        try:
            frame = timeframes.frames(max(length, dense.granularity_seconds))[policy.symbol]
        except TraderError as error:
            raise type(error)(f"policy.yaml: regime.timeframe: {error}") from error
        length = max(length, dense.granularity_seconds)
        closes = columns_of(frame)["close"]
        regimes = regime_series(closes, policy, A_YEAR_SECONDS / length)
        known = (epoch_seconds(frame) + length - dense.starts[0]) // dense.granularity_seconds
        turns = (
            np.flatnonzero(np.append(True, regimes[1:] != regimes[:-1]))
            if len(regimes)
            else np.array([], dtype=np.int64)
        )
        for turn in turns:
            if 0 <= known[turn] <= count:
                self._regimes[int(known[turn])] = REGIMES[int(regimes[turn])]


def volume_cents(close: FloatArray, volume: FloatArray, window: int) -> IntArray:
    """
    USD cents traded in the *window* intervals before each instant, `len(close) + 1` of them.

    Unknown until the first bar; a missing interval traded nothing.  Whole cents, so that a sum over a window is
    the same whatever came before it.
    """
    traded = ~np.isnan(close)
    cents = np.zeros(len(close), np.int64)
    cents[traded] = dollar_volume_cents(close[traded], volume[traded])
    known = np.flatnonzero(traded)
    first = int(known[0]) if len(known) else len(close)
    sums = np.concatenate([[0], rolling_volume_cents(cents, window)])
    sums[: first + 1] = UNKNOWN_CENTS
    return sums
