"""
Several symbols over one span, as a backtest walks over them.

A `Panel` is frames as they were loaded, with what was odd about them said in
words and their hash; `dense` lays it on the regular grid of time, NaN where a
bar is missing.  A symbol without gaps is never copied.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from trader.market.bars import CLOSE, HIGH, LOW, OPEN, VOLUME, block_of, epoch_seconds
from trader.market.granularity import parse_granularity
from trader.model.market import FloatArray, IntArray, Product

Number = TypeVar("Number", np.float64, np.int64)


@dataclass(frozen=True, slots=True)
class Gaps:
    """
    What is missing of one symbol between *start* and *end* of its panel (the warm-up not counted).

    *late_seconds* is how long after the panel's start the first bar opens, *early_seconds* how long before its end
    the last one closes; *runs* of missing bars and the *largest* one (in bars) count what lies between as well.
    """

    expected: int
    missing: int
    runs: int
    largest: int
    first: datetime
    last: datetime
    late_seconds: int
    early_seconds: int


@dataclass(frozen=True)
class Panel:
    """
    Bars of *frames* (symbol to frame, in order of symbols) in `[start - warm-up, end)`.

    *sources* says in words where each symbol's bars came from; *products* has the metadata of each.  *tiers*, *themes*
    and *spreads_bps* are what the source of the bars knows of them, for the symbols it knows it of.
    """

    frames: Mapping[str, pd.DataFrame]
    granularity: str
    start: datetime
    end: datetime
    products: Mapping[str, Product] = field(default_factory=dict)
    gaps: Mapping[str, Gaps | None] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    tiers: Mapping[str, str] = field(default_factory=dict)
    themes: Mapping[str, str] = field(default_factory=dict)
    spreads_bps: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("frames", "products", "gaps", "sources", "tiers", "themes", "spreads_bps"):
            ordered = dict(sorted(getattr(self, name).items()))
            object.__setattr__(self, name, MappingProxyType(ordered))

    @property
    def symbols(self) -> tuple[str, ...]:
        """In alphabetical order."""
        return tuple(self.frames)

    @property
    def granularity_seconds(self) -> int:
        """Length of a bar."""
        return parse_granularity(self.granularity)

    @property
    def bars(self) -> int:
        """Bars of all symbols together."""
        return sum(len(frame) for frame in self.frames.values())

    @cached_property
    def data_hash(self) -> str:
        """SHA-256 over granularity, symbols and every start and value: equal iff every bar is equal."""
        digest = hashlib.sha256(f"247trader bars 1 {self.granularity}\n".encode())
        for symbol, frame in self.frames.items():
            digest.update(f"{symbol} {len(frame)}\n".encode())
            digest.update(np.ascontiguousarray(epoch_seconds(frame), "<i8").data)
            for column in block_of(frame):
                digest.update(np.ascontiguousarray(column, "<f8").data)
        return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class DensePanel:
    """
    *symbols* on one regular grid of *starts* (epoch seconds): `open[s][t]` is float64, NaN where there is no bar.

    Every array is read-only.
    """

    symbols: tuple[str, ...]
    granularity_seconds: int
    starts: IntArray
    open: tuple[FloatArray, ...]
    high: tuple[FloatArray, ...]
    low: tuple[FloatArray, ...]
    close: tuple[FloatArray, ...]
    volume: tuple[FloatArray, ...]

    @cached_property
    def marks(self) -> tuple[FloatArray, ...]:
        """The last close known at the end of each interval, NaN before the first: for valuing, never for a decision."""
        return tuple(_forward_filled(column) for column in self.close)


def dense(panel: Panel) -> DensePanel:
    """*panel* on the grid from its first bar to its last; columns of a symbol without gaps are views, not copies."""
    step = panel.granularity_seconds
    times = [epoch_seconds(frame) for frame in panel.frames.values() if len(frame)]
    if not times:
        empty = np.empty(0, np.int64)
        return DensePanel((), step, empty, (), (), (), (), ())
    first, last = min(int(t[0]) for t in times), max(int(t[-1]) for t in times)
    count = (last - first) // step + 1
    whole = next((t for t in times if len(t) == count), None)
    starts = _read_only(np.arange(first, last + step, step, dtype=np.int64) if whole is None else whole)
    grids = [_on_grid(frame, first, step, count) for frame in panel.frames.values()]
    columns = [tuple(grid[row] for grid in grids) for row in (OPEN, HIGH, LOW, CLOSE, VOLUME)]
    return DensePanel(panel.symbols, step, starts, *columns)


def _on_grid(frame: pd.DataFrame, first: int, step: int, count: int) -> FloatArray:
    block = block_of(frame)
    if len(frame) == count:
        return _read_only(block)
    grid = np.full((block.shape[0], count), np.nan)
    grid[:, (epoch_seconds(frame) - first) // step] = block
    return _read_only(grid)


def _forward_filled(values: FloatArray) -> FloatArray:
    missing = np.isnan(values)
    if not missing.any():
        return values
    known = np.where(missing, 0, np.arange(len(values)))
    np.maximum.accumulate(known, out=known)
    return _read_only(values[known])


def _read_only(array: npt.NDArray[Number]) -> npt.NDArray[Number]:
    view = array.view()
    view.flags.writeable = False
    return view
