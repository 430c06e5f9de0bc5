"""
Features from whole columns: what a backtest computes, once for all history.

Because features are causal and depend on their window alone, a row looked up
here is the row a live cycle computes, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

import numpy as np
import pandas as pd

from trader.errors import TraderError
from trader.features.columns import BoolArray, Features, bars_of, features_of, history_of, screen_of
from trader.fence import Guard, Timer
from trader.model.market import Bars, IntArray
from trader.registry import Failure, LoadedStrategy, attempt
from trader.strategy import window_bars

Frames = Callable[[int], Mapping[str, pd.DataFrame]]
"""Granularity in seconds → symbol → frame of bars; `Timeframes.frames` is one, a dict's `__getitem__` another."""

Computed = tuple[Features, BoolArray | None]
Run = Callable[[LoadedStrategy, Callable[[], Computed]], Computed | Failure]


class FeaturesFailed(TraderError):
    """A strategy's features could not be computed."""


class _Symbol:
    """One strategy's columns of one symbol, and where in them an instant lies."""

    __slots__ = ("_at", "_known", "bars", "columns", "first_start", "known", "regular", "screen", "step")

    def __init__(self, bars: Bars, features: Features | None, screen: BoolArray | None, needed: int) -> None:
        count, self.bars, self.step = len(bars), bars, bars.granularity_seconds
        self.first_start = int(bars.start[0]) if count else 0
        self.regular = count > 0 and int(bars.start[-1]) - self.first_start == (count - 1) * self.step
        self.columns = () if features is None else tuple(zip(features.names, features.block.T, strict=True))
        self.known = np.zeros(count, np.bool_)
        if features is not None:
            self.known[needed - 1 :] = True
            for _, array in self.columns:
                self.known &= ~np.isnan(array)
        self._known, self._at = self.known.data, tuple((name, array.data) for name, array in self.columns)
        self.screen = self.known if screen is None else self.known & screen

    def row(self, start: int) -> Mapping[str, float] | None:
        """The row of the bar that opened at *start*; None where there is no such bar or it is still warming up."""
        if self.regular:
            at, odd = divmod(start - self.first_start, self.step)
            if odd or not 0 <= at < len(self.known):
                return None
        else:
            at = int(self.bars.start.searchsorted(start))
            if at >= len(self.known) or self.bars.start.item(at) != start:
                return None
        if not self._known[at]:
            return None
        return MappingProxyType({name: column[at] for name, column in self._at})


class ColumnFeatures:
    """A `FeatureSource` over whole columns, and the instants at which each strategy could propose."""

    def __init__(self, symbols: Mapping[str, Mapping[str, _Symbol]], strategies: Mapping[str, LoadedStrategy]) -> None:
        self._symbols, self._strategies = symbols, strategies
        self._seconds = {name: loaded.timeframe_seconds for name, loaded in strategies.items()}

    @classmethod
    def build(
        cls,
        strategies: Iterable[LoadedStrategy],
        frames: Frames,
        symbols: Iterable[str] | None = None,
        guard: Guard | None = None,
        timer: Timer | None = None,
        timeout_seconds: float = 60.0,
    ) -> ColumnFeatures:
        """
        Compute what every enabled strategy makes of the *symbols* (default: all there are) it may trade.

        Raises FeaturesFailed where one fails; *timeout_seconds*, by *timer*, is for one strategy on one symbol.
        """

        def run(loaded: LoadedStrategy, compute: Callable[[], Computed]) -> Computed | Failure:
            name, module = loaded.stanza.name, type(loaded.strategy).__module__
            return attempt(name, module, compute, timer, guard, timeout_seconds)

        enabled = {loaded.stanza.name: loaded for loaded in strategies if loaded.stanza.enabled}
        wanted = None if symbols is None else frozenset(symbols)
        kept: dict[tuple[int, str], Bars] = {}
        columns: dict[str, dict[str, _Symbol]] = {}
        for name, loaded in enabled.items():
            seconds = loaded.timeframe_seconds
            columns[name] = {}
            for symbol, frame in frames(seconds).items():
                if (seconds, symbol) not in kept:
                    kept[seconds, symbol] = bars_of(symbol, seconds, frame)
                asked = (wanted is None or symbol in wanted) and symbol in (loaded.stanza.symbols or (symbol,))
                columns[name][symbol] = _computed(loaded, frame, kept[seconds, symbol], asked, run)
        return cls(columns, enabled)

    def rows(self, strategy: str, symbols: tuple[str, ...], as_of: datetime) -> Mapping[str, Mapping[str, float]]:
        """The feature row of each symbol's bar that closed at *as_of*; a symbol still warming up is left out."""
        start = int(as_of.timestamp()) - self._seconds[strategy]
        known = self._symbols[strategy]
        rows = {}
        for symbol in symbols:
            held = known.get(symbol)
            row = None if held is None else held.row(start)
            if row is not None:
                rows[symbol] = row
        return rows

    def history(self, strategy: str, symbol: str, n: int, as_of: datetime) -> Bars:
        """The last *n* closed bars of *symbol* in the strategy's timeframe."""
        held = self._symbols[strategy].get(symbol)
        bars = None if held is None else held.bars
        needed = window_bars(self._strategies[strategy].strategy)
        return history_of(bars, symbol, n, needed, int(as_of.timestamp()))

    def screen_closes(self, strategy: str) -> IntArray:
        """Epoch seconds, sorted, of the bar closes at which *strategy* could propose for any symbol."""
        step = self._seconds[strategy]
        closes = [held.bars.start[held.screen] + step for held in self._symbols[strategy].values()]
        return np.unique(np.concatenate(closes)) if closes else np.empty(0, np.int64)


def _computed(loaded: LoadedStrategy, frame: pd.DataFrame, bars: Bars, asked: bool, run: Run) -> _Symbol:
    strategy = loaded.strategy
    needed = window_bars(strategy)
    if not asked or len(bars) < needed:
        return _Symbol(bars, None, None, needed)

    def compute() -> Computed:
        features = features_of(strategy, frame)
        return features, screen_of(strategy, features)

    made = run(loaded, compute)
    if isinstance(made, Failure):
        raise FeaturesFailed(f"strategy {loaded.stanza.name}, {bars.symbol}: {made.detail}")
    return _Symbol(bars, *made, needed)
