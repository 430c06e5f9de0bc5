"""
Features from whole columns: what a backtest computes, once for all history.

Because features are causal and depend on their window alone, a row looked up
here is the row a live cycle computes, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import numpy as np
import pandas as pd

from trader.errors import TraderError
from trader.features.columns import BoolArray, Features, bars_of, history_of, screen_of
from trader.features.stretches import features_in_stretches
from trader.features.symbol_rows import SymbolRows
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


class ColumnFeatures:
    """A `FeatureSource` over whole columns, and the instants at which each strategy could propose."""

    def __init__(
        self, symbols: Mapping[str, Mapping[str, SymbolRows]], strategies: Mapping[str, LoadedStrategy]
    ) -> None:
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
        failed: dict[str, str] | None = None,
    ) -> ColumnFeatures:
        """
        Compute what every enabled strategy makes of the *symbols* (default: all there are) it may trade.

        Where one fails it is left out and *failed* takes its name and the reason; without *failed*, FeaturesFailed is
        raised.  *timeout_seconds*, by *timer*, is for one strategy on one symbol.
        """

        def run(loaded: LoadedStrategy, compute: Callable[[], Computed]) -> Computed | Failure:
            name, module = loaded.stanza.name, type(loaded.strategy).__module__
            return attempt(name, module, compute, timer, guard, timeout_seconds)

        enabled = {loaded.stanza.name: loaded for loaded in strategies if loaded.stanza.enabled}
        wanted = None if symbols is None else frozenset(symbols)
        kept: dict[tuple[int, str], Bars] = {}
        columns: dict[str, dict[str, SymbolRows]] = {}
        for name, loaded in enabled.items():
            try:
                columns[name] = {
                    symbol: _computed(loaded, symbol, frame, kept, wanted, run)
                    for symbol, frame in frames(loaded.timeframe_seconds).items()
                }
            except FeaturesFailed as error:
                if failed is None:
                    raise
                failed[name] = str(error)
        return cls(columns, {name: loaded for name, loaded in enabled.items() if name in columns})

    def keep(self, closes: IntArray) -> None:
        """
        From now on only the rows of bars that close at *closes* (epoch seconds, sorted) will be asked for.

        What no walk will look at need not lie in memory while it walks; `screen_closes` has to be asked before.
        """
        for strategy, symbols in self._symbols.items():
            for held in symbols.values():
                held.keep(closes - self._seconds[strategy])

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


def _computed(
    loaded: LoadedStrategy,
    symbol: str,
    frame: pd.DataFrame,
    kept: dict[tuple[int, str], Bars],
    wanted: frozenset[str] | None,
    run: Run,
) -> SymbolRows:
    """The rows of *symbol*; its bars are *kept* once for all strategies, and computed on only if *wanted*."""
    strategy, seconds = loaded.strategy, loaded.timeframe_seconds
    bars = kept.get((seconds, symbol))
    if bars is None:
        bars = kept[seconds, symbol] = bars_of(symbol, seconds, frame)
    needed = window_bars(strategy)
    asked = (wanted is None or symbol in wanted) and symbol in (loaded.stanza.symbols or (symbol,))
    if not asked or len(bars) < needed:
        return SymbolRows(bars, None, None, needed)

    def compute() -> Computed:
        features = features_in_stretches(strategy, frame)
        return features, screen_of(strategy, features)

    made = run(loaded, compute)
    if isinstance(made, Failure):
        raise FeaturesFailed(f"strategy {loaded.stanza.name}, {bars.symbol}: {made.detail}")
    return SymbolRows(bars, *made, needed)
