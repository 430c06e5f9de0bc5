"""
Bring bars into a lake without ever hurting it.

What comes in is checked first; a bad source changes nothing.  The file is
written beside the old one, flushed to disk and swapped in at once, so a full
disk or a lost plug leaves the lake as it was.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from trader.market.bars import COLUMNS, START, bars_frame, block_of, epoch_seconds
from trader.market.checks import BadBars, content_problems, utc
from trader.market.granularity import parse_granularity
from trader.market.lake_files import NAME, BadLake, LakeFile, discover, file_name
from trader.market.lake_intake import read_source
from trader.market.lake_read import extent, read_windows
from trader.market.lake_sources import FOREVER
from trader.model.market import FloatArray, IntArray

SCHEMA: Final = pa.schema([(START, pa.timestamp("ms", tz="UTC")), *((name, pa.float64()) for name in COLUMNS)])


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: rows *read*, of which so many were *added* and *replaced*; *rows* are in the file now."""

    file: str
    read: int
    added: int
    replaced: int
    rows: int


def import_bars(
    source: Path,
    lake: Path,
    *,
    symbol: str | None = None,
    granularity: str | None = None,
    segment: str = "",
    replace: bool = False,
) -> Imported:
    """
    Merge the bars of *source* (CSV or Parquet) into the lake's file of *symbol* and *granularity*.

    Both are taken from the file's name where it is in the lake's layout.  A bar that is there already must be equal,
    unless *replace* says that the new one wins.
    """
    named = NAME.fullmatch(source.stem)
    symbol = symbol or (named["symbol"] if named else None)
    granularity = granularity or (named["granularity"] if named else None)
    segment = segment or ((named["segment"] or "") if named else "")
    if symbol is None or granularity is None:
        raise BadLake(
            f"{source.name}: say --symbol and --granularity, or name the file <symbol>_<granularity>{source.suffix}"
        )
    seconds = parse_granularity(granularity)
    target = lake / file_name(symbol, granularity, segment)
    if not NAME.fullmatch(target.stem):
        raise BadLake(f"{target.name}: is no name for a lake's file; wanted like BTC-USD_1h or BTC-USD_1h__2023")
    starts, block = read_source(source)
    problems = content_problems(starts, dict(zip(COLUMNS, block, strict=True)), seconds)
    if problems:
        raise BadBars(source.name, problems)

    return merge_bars(target, starts, block, replace=replace, where=source.name)


def merge_bars(target: Path, starts: IntArray, block: FloatArray, *, replace: bool, where: str) -> Imported:
    """Put sound bars into the lake's file *target*; see `import_bars` for *replace*.  *where* names their source."""
    named = NAME.fullmatch(target.stem)
    assert named is not None, "the caller has checked the name"
    seconds = parse_granularity(named["granularity"])
    read, old = len(starts), 0
    replaced = 0
    if target.is_file():
        there = LakeFile(named["symbol"], seconds, named["segment"] or "", named["granularity"], "A", target)
        known, columns = read_windows([there], *FOREVER)
        old = len(known)
        starts, block, replaced = _merged((known, columns), (starts, block), replace, where)
    _require_no_overlap(target.parent, target, (int(starts[0]), int(starts[-1]) + seconds))
    write_bars(target, bars_frame(starts, block))
    return Imported(target.name, read=read, added=len(starts) - old, replaced=replaced, rows=len(starts))


def _merged(
    old: tuple[IntArray, FloatArray], new: tuple[IntArray, FloatArray], replace: bool, where: str
) -> tuple[IntArray, FloatArray, int]:
    """Old and new bars in order of time, and how many old ones were replaced."""
    both, at_old, at_new = np.intersect1d(old[0], new[0], assume_unique=True, return_indices=True)
    differ = np.flatnonzero((old[1][:, at_old] != new[1][:, at_new]).any(axis=0))
    if len(differ) and not replace:
        first = utc(both[differ[0]])
        differing = f"{len(differ):,} bars differ from those in the lake, the first at {first}"
        raise BadBars(where, [f"{differing}; say --replace when the new ones are right"])
    keep = np.ones(len(old[0]), np.bool_)
    keep[at_old] = False
    starts = np.concatenate([old[0][keep], new[0]])
    block = np.concatenate([old[1][:, keep], new[1]], axis=1)
    order = np.argsort(starts, kind="stable")
    return starts[order], block[:, order], len(differ)


def _require_no_overlap(lake: Path, target: Path, span: tuple[int, int]) -> None:
    """The lake's other segments of the symbol must not reach into *span*."""
    if not lake.is_dir():
        return
    name = NAME.fullmatch(target.stem)
    assert name is not None, "the caller has checked the name"
    for file in discover(lake):
        if (file.symbol, file.granularity) == (name["symbol"], name["granularity"]) and file.path.name != target.name:
            start, end = extent(file)
            if start < span[1] and span[0] < end:
                common = f"from {utc(max(start, span[0]))} to {utc(min(end, span[1]))}"
                raise BadLake(
                    f"{target.name} would overlap {file.name} {common}; segments of a symbol must follow one another"
                )


def write_bars(target: Path, bars: pd.DataFrame) -> None:
    """Put *bars* at *target*, whole or not at all."""
    arrays = [pa.array(epoch_seconds(bars) * 1000).cast(SCHEMA.field(START).type), *map(pa.array, block_of(bars))]
    table = pa.Table.from_arrays(arrays, schema=SCHEMA)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise BadLake(f"{target}: cannot be written ({error.strerror}); the lake is as it was") from error
    try:
        with os.fdopen(handle, "wb") as file:
            pq.write_table(table, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
        _sync_folder(target.parent)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise BadLake(f"{target}: cannot be written ({error.strerror}); the lake is as it was") from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
