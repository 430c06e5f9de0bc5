"""
Bars as people have them: CSV or Parquet, read by the names of the columns.

Nothing is guessed: a time without a zone, a column that is not there or is not
made of numbers is an error that says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from trader.market.bars import COLUMNS, START
from trader.market.checks import BadBars
from trader.market.lake_files import BadLake, open_file
from trader.market.lake_read import read_starts
from trader.model.market import FloatArray, IntArray

TIME_NAMES: Final = ("start", "time", "timestamp")


def read_source(path: Path) -> tuple[IntArray, FloatArray]:
    """Starts and block of a CSV or Parquet file of bars; the columns by name, the rest unchecked."""
    if not path.is_file():
        raise BadLake(f"{path}: no such file")
    if path.suffix == ".parquet":
        file = open_file(path)
        table = file.read(columns=list(COLUMNS))
        return read_starts(file, path.name), np.array([table[name].to_numpy() for name in COLUMNS], np.float64)
    if path.suffix not in (".csv", ".gz"):
        raise BadLake(f"{path.name}: wanted a .csv, .csv.gz or .parquet file")
    try:
        frame = pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise BadBars(path.name, [f"cannot be read as CSV ({str(error).splitlines()[0]})"]) from error
    frame.columns = frame.columns.str.strip().str.lower()
    time = next((name for name in TIME_NAMES if name in frame.columns), START)
    missing = [name for name in (time, *COLUMNS) if name not in frame.columns]
    if missing:
        found = ", ".join(frame.columns) or "none"
        raise BadBars(path.name, [f"columns missing: {', '.join(missing)}; found {found}"])
    if frame.empty:
        raise BadBars(path.name, ["there is no bar in it; wanted at least one"])
    words = [name for name in COLUMNS if not pd.api.types.is_numeric_dtype(frame[name])]
    if words:
        raise BadBars(path.name, [f"column {name} is not made of numbers" for name in words])
    return _csv_starts(frame[time], path.name), np.array([frame[name] for name in COLUMNS], np.float64)


def _csv_starts(column: pd.Series[Any], where: str) -> IntArray:
    """Epoch seconds, or ISO 8601 with a time zone."""
    if pd.api.types.is_integer_dtype(column):
        seconds: IntArray = column.to_numpy(np.int64).copy()
        return seconds
    words = column.astype(str)
    naive = ~words.str.contains(r"(?:Z|[+-]\d\d:?\d\d)\s*$")
    if naive.any():
        row = int(np.flatnonzero(naive)[0])
        raise BadBars(where, [f"row {row}: start {words[row]} has no time zone; wanted UTC, like 2025-03-02T15:00:00Z"])
    try:
        times = pd.DatetimeIndex(pd.to_datetime(words, utc=True, format="ISO8601"))
    except ValueError as error:
        raise BadBars(where, [f"start cannot be read as a time ({str(error).splitlines()[0]})"]) from error
    return np.asarray(times.as_unit("s").asi8).copy()
