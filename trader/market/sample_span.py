"""
The span of a built-in market that was asked for, in days and in chunks of days.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import numpy as np
import pandas as pd

from trader.errors import TraderError
from trader.market.bars import COLUMNS, bars_frame
from trader.market.sample_states import ORIGIN, ORIGIN_DAY
from trader.model.market import DAY_SECONDS, FloatArray, IntArray

Piece = tuple[IntArray, FloatArray]
"""Starts in epoch seconds, and the bars there (rows in the order of COLUMNS)."""

CHUNK_DAYS: Final = 16
"""Days made at once: few enough to stay in cache."""
LAST_DAY: Final = datetime(2100, 1, 1, tzinfo=UTC)


class OutsideSample(TraderError):
    """A span the built-in market does not cover."""


def whole_buckets(start: datetime, end: datetime, step: int) -> tuple[int, int]:
    """`[start, end)` in epoch seconds, narrowed to whole buckets."""
    for name, instant in (("start", start), ("end", end)):
        if instant.tzinfo is None:
            raise OutsideSample(f"{name} {instant.isoformat()} has no time zone; wanted UTC")
    if start >= end:
        raise OutsideSample(f"start {start.isoformat()} is not before end {end.isoformat()}")
    if start < ORIGIN or end > LAST_DAY:
        raise OutsideSample(
            f"the built-in market runs from {ORIGIN:%Y-%m-%d} to {LAST_DAY:%Y-%m-%d}; "
            f"asked for {start.isoformat()} to {end.isoformat()} (warm-up included)"
        )
    return -(-int(start.timestamp()) // step) * step, int(end.timestamp()) // step * step


def chunks(first: int, last: int) -> Iterator[tuple[int, int]]:
    """(day after the origin, number of days) that cover `[first, last)`."""
    day, stop = first // DAY_SECONDS - ORIGIN_DAY, -(-last // DAY_SECONDS) - ORIGIN_DAY
    for chunk in range(day, stop, CHUNK_DAYS):
        yield chunk, min(CHUNK_DAYS, stop - chunk)


def joined(pieces: list[Piece], first: int, last: int) -> pd.DataFrame:
    """One frame of the pieces' bars within `[first, last)`."""
    if not pieces:
        return bars_frame(np.empty(0, np.int64), np.empty((len(COLUMNS), 0)))
    starts = np.concatenate([starts for starts, _ in pieces])
    inside = slice(*np.searchsorted(starts, (first, last)).tolist())
    block = np.empty((len(COLUMNS), inside.stop - inside.start))
    for row in range(len(COLUMNS)):
        block[row] = np.concatenate([piece[row] for _, piece in pieces])[inside]
    return bars_frame(starts[inside].copy(), block)
