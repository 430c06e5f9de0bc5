"""
Features from a window: what a live cycle computes, on the snapshot's last bars and no more.

A strategy sees its last bar and the `warmup_bars` before it, so that whoever needs more
is found out here as in a backtest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import pandas as pd

from trader.features.columns import features_of, frame_of, history_of
from trader.features.together import last_rows
from trader.model.market import Bars
from trader.registry import LoadedStrategy
from trader.strategy import window_bars


class WindowFeatures:
    """A `FeatureSource` over *bars*, keyed like `Snapshot.bars`; computed when asked for."""

    def __init__(self, strategies: Iterable[LoadedStrategy], bars: Mapping[tuple[int, str], Bars]) -> None:
        self._strategies = {loaded.stanza.name: loaded for loaded in strategies}
        self._bars = bars
        self._frames: dict[tuple[int, str, int], pd.DataFrame] = {}
        self._indexes: dict[bytes, pd.Index[Any]] = {}

    def rows(self, strategy: str, symbols: tuple[str, ...], as_of: datetime) -> Mapping[str, Mapping[str, float]]:
        """The feature row of each symbol's bar that closed at *as_of*; a symbol still warming up is left out."""
        loaded = self._strategies[strategy]
        seconds, needed = loaded.timeframe_seconds, window_bars(loaded.strategy)
        last_start = int(as_of.timestamp()) - seconds
        windows = [
            bars.last(needed)
            for symbol in symbols
            if (bars := self._bars.get((seconds, symbol))) is not None
            and len(bars) >= needed
            and bars.start[-1] == last_start
        ]
        made = last_rows(loaded, windows, self._frame)
        if made is None:
            made = [features_of(loaded.strategy, self._frame(window)) for window in windows]
        rows = {window.symbol: features.row(-1) for window, features in zip(windows, made, strict=True)}
        return {symbol: MappingProxyType(row) for symbol, row in rows.items() if row is not None}

    def history(self, strategy: str, symbol: str, n: int, as_of: datetime) -> Bars:
        """The last *n* closed bars of *symbol* in the strategy's timeframe."""
        loaded = self._strategies[strategy]
        bars = self._bars.get((loaded.timeframe_seconds, symbol))
        return history_of(bars, symbol, n, window_bars(loaded.strategy), int(as_of.timestamp()))

    def _frame(self, window: Bars) -> pd.DataFrame:
        key = (window.granularity_seconds, window.symbol, len(window))
        if key not in self._frames:
            self._frames[key] = frame_of(window, self._indexes)
        return self._frames[key]
