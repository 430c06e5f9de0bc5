"""
What a frame of bars is, and how finer bars become coarser ones.

In memory bars are a pandas DataFrame: index `start` (the bar's open, UTC,
whole seconds, datetime64[s, UTC]), float64 columns open high low close volume
in one block.  A missing bar is a missing row; nothing here ever fills one in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from trader.market.checks import BadBars, content_problems
from trader.market.granularity import (
    GRANULARITIES,
    BadGranularity,
    divides,
    granularity_name,
    parse_granularity,
)
from trader.model.market import FloatArray, IntArray

__all__ = [
    "COLUMNS",
    "GRANULARITIES",
    "BadBars",
    "BadGranularity",
    "bars_frame",
    "block_of",
    "divides",
    "empty_bars",
    "epoch_seconds",
    "granularity_name",
    "parse_granularity",
    "resample",
    "validate_bars",
]

COLUMNS: Final = ("open", "high", "low", "close", "volume")
START: Final = "start"
OPEN, HIGH, LOW, CLOSE, VOLUME = range(len(COLUMNS))


def bars_frame(starts: IntArray, block: FloatArray) -> pd.DataFrame:
    """The canonical frame over *starts* (epoch seconds) and *block* (rows in the order of COLUMNS), not copied."""
    index = pd.DatetimeIndex(starts.view("datetime64[s]"), tz="UTC", name=START, copy=False)
    return pd.DataFrame(block.T, index=index, columns=list(COLUMNS), copy=False)


def empty_bars() -> pd.DataFrame:
    """A frame without bars."""
    return bars_frame(np.empty(0, np.int64), np.empty((len(COLUMNS), 0)))


def epoch_seconds(frame: pd.DataFrame) -> IntArray:
    """The starts of *frame* as epoch seconds; a view where the index is canonical."""
    index = frame.index
    assert isinstance(index, pd.DatetimeIndex), "bars are indexed by their start"
    return np.asarray((index if index.unit == "s" else index.as_unit("s")).asi8)


def block_of(frame: pd.DataFrame) -> FloatArray:
    """The columns of *frame* as the rows of one array, in the order of COLUMNS; a view where the frame is canonical."""
    return frame[list(COLUMNS)].to_numpy(np.float64).T if tuple(frame.columns) != COLUMNS else frame.to_numpy().T


def validate_bars(frame: pd.DataFrame, where: str, granularity: str | None = None) -> None:
    """
    Raise `BadBars` naming every kind of fault in *frame* with its first rows, or say nothing.

    Alignment is judged when *granularity* is given.
    """
    problems = _shape_problems(frame)
    if not problems:
        step = parse_granularity(granularity) if granularity else None
        block = block_of(frame)
        problems = content_problems(epoch_seconds(frame), dict(zip(COLUMNS, block, strict=True)), step)
    if problems:
        raise BadBars(where, problems)


def _shape_problems(frame: pd.DataFrame) -> list[str]:
    found = [str(name) for name in frame.columns]
    missing = [name for name in COLUMNS if name not in found]
    if missing:
        there = ", ".join(found) or "none"
        return [f"columns missing: {', '.join(missing)}; found {there}; wanted {' '.join(COLUMNS)}"]

    problems = []
    if tuple(found) != COLUMNS:
        problems.append(f"columns are {' '.join(found)}; wanted exactly {' '.join(COLUMNS)}")
    problems += [
        f"column {name} is {frame[name].dtype}; wanted float64" for name in COLUMNS if frame[name].dtype != np.float64
    ]
    return problems + _index_problems(frame.index)


def _index_problems(index: pd.Index[Any]) -> list[str]:
    if not isinstance(index, pd.DatetimeIndex):
        return [f"the index is {index.dtype}; wanted the bar's start as a UTC timestamp"]
    if index.tz is None:
        return ["start has no time zone; wanted UTC"]
    if str(index.tz) not in ("UTC", "Etc/UTC", "+00:00", "UTC+00:00"):
        return [f"start is in {index.tz}; wanted UTC"]
    return []


def resample(frame: pd.DataFrame, finer: str, coarser: str) -> pd.DataFrame:
    """
    Bars of *coarser* from bars of *finer*: buckets `[t, t + coarser)` by the UTC clock, one for each that has a bar.

    Exact: first open, highest high, lowest low, last close, volumes added in the order of time.  Whether the last
    bucket is over is for the caller to know; this function sees bars, not the clock.
    """
    if not divides(finer, coarser):
        raise BadGranularity(f"{coarser} bars cannot be made from {finer} bars: {finer} does not divide {coarser}")
    if finer == coarser or frame.empty:
        return frame

    starts, block = epoch_seconds(frame), block_of(frame)
    step = parse_granularity(coarser)
    bucket = starts - starts % step
    first = np.flatnonzero(np.diff(bucket, prepend=bucket[0] - step))
    last = np.append(first[1:], len(starts)) - 1

    out = np.empty((len(COLUMNS), len(first)))
    out[OPEN] = block[OPEN][first]
    out[HIGH] = np.maximum.reduceat(block[HIGH], first)
    out[LOW] = np.minimum.reduceat(block[LOW], first)
    out[CLOSE] = block[CLOSE][last]
    out[VOLUME] = _sums_in_order(block[VOLUME], first, last)
    return bars_frame(bucket[first], out)


def _sums_in_order(values: FloatArray, first: IntArray, last: IntArray) -> FloatArray:
    """Sum of each run, left to right: what adding bar by bar as they arrive would give, to the last bit."""
    total = values[first].copy()
    length = last - first
    for offset in range(1, int(length.max()) + 1):
        longer = np.flatnonzero(length >= offset)
        total[longer] += values[first[longer] + offset]
    return total


def columns_of(frame: pd.DataFrame) -> Mapping[str, FloatArray]:
    """Column name to values, as views."""
    return dict(zip(COLUMNS, block_of(frame), strict=True))
