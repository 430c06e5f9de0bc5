"""Bars and lakes said in one line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from trader.market.bars import COLUMNS, bars_frame
from trader.market.granularity import parse_granularity
from trader.market.lake_files import file_name
from trader.market.lake_import import write_bars

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    """Hours after the new year."""
    return NEW_YEAR + timedelta(hours=hours)


def made_bars(
    count: int, granularity: str = "1h", start: datetime = NEW_YEAR, without: Sequence[int] = (), seed: int = 1
) -> pd.DataFrame:
    """*count* places of the grid from *start*, valid and all different, those in *without* left out."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, count)))
    open_ = np.append(100.0, close[:-1])
    spread = 1 + rng.uniform(0, 0.01, (2, count))
    block = np.array(
        [
            open_,
            np.maximum(open_, close) * spread[0],
            np.minimum(open_, close) / spread[1],
            close,
            rng.uniform(1, 9, count),
        ]
    )
    step = parse_granularity(granularity)
    starts = int(start.timestamp()) + step * np.arange(count, dtype=np.int64)
    kept = np.setdiff1d(np.arange(count), without)
    return bars_frame(starts[kept], block[:, kept])


def stored(folder: Path, symbol: str, granularity: str, bars: pd.DataFrame, segment: str = "") -> Path:
    """Write *bars* into the lake at *folder*."""
    path = folder / file_name(symbol, granularity, segment)
    write_bars(path, bars)
    return path


def spoilt(bars: pd.DataFrame, row: int, **values: float) -> pd.DataFrame:
    """*bars* with other values in one row."""
    block = bars.to_numpy().T.copy()
    for name, value in values.items():
        block[COLUMNS.index(name), row] = value
    return bars_frame(np.asarray(bars.index.asi8).copy(), block)
