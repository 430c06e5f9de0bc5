"""
The columns of a lake's files, read without a second copy and never unchecked.

Only the window asked for is kept, one column at a time, straight into its
place, so that reading five million bars takes little more memory than the bars.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from trader.market.bars import COLUMNS, START
from trader.market.checks import BadBars, content_problems
from trader.market.lake_files import LakeFile, open_file
from trader.model.market import FloatArray, IntArray

UNITS_A_SECOND: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
SLICE_ROWS: Final = 250_000


def read_starts(file: pq.ParquetFile, name: str) -> IntArray:
    """All bar starts of *file* in epoch seconds, in ascending order, or `BadBars`."""
    starts = np.empty(file.metadata.num_rows, np.int64)
    units = UNITS_A_SECOND[file.schema_arrow.field(START).type.unit]
    for cut, column in _row_groups(file, START):
        if column.null_count:
            raise BadBars(name, [f"{column.null_count:,} rows without start; wanted one in every row"])
        raw = column.cast(pa.int64()).to_numpy()
        np.floor_divide(raw, units, out=starts[cut])
        if not np.array_equal(starts[cut] * units, raw):
            raise BadBars(name, ["some starts are not on a whole second; wanted the bar's start by the UTC clock"])
    return starts


def _row_groups(file: pq.ParquetFile, column: str) -> Iterator[tuple[slice, pa.ChunkedArray]]:
    """The values of *column*, one row group after another, with their place in the file."""
    begin = 0
    for group in range(file.num_row_groups):
        values = file.read_row_group(group, columns=[column], use_threads=False).column(0)
        yield slice(begin, begin + len(values)), values
        begin += len(values)


def read_windows(files: Sequence[LakeFile], first: int, last: int) -> tuple[IntArray, FloatArray]:
    """
    Starts and block (rows in the order of COLUMNS) of the bars of *files* in `[first, last)` epoch seconds.

    *files* are in order of time and do not overlap.  What is read is checked: bad bars raise.
    """
    opened = [(file, open_file(file.path)) for file in files]
    times = [read_starts(content, file.name) for file, content in opened]
    for file, starts in zip(files, times, strict=True):
        _require_order(file, starts)
    cuts = [slice(*np.searchsorted(starts, (first, last)).tolist()) for starts in times]
    lengths = [cut.stop - cut.start for cut in cuts]
    ends = np.cumsum([0, *lengths]).tolist()

    block = np.empty((len(COLUMNS), ends[-1]))
    for row, column in enumerate(COLUMNS):
        for index, (_, content) in enumerate(opened):
            if lengths[index]:
                _fill(block[row, ends[index] : ends[index + 1]], content, column, cuts[index])
    pa.default_memory_pool().release_unused()
    kept = [starts[cut] for starts, cut in zip(times, cuts, strict=True)]
    for index, file in enumerate(files):
        if lengths[index]:
            _require_sound(file, kept[index], block[:, ends[index] : ends[index + 1]], cuts[index].start)
    return (kept[0] if len(kept) == 1 else np.concatenate(kept)), block


def _fill(out: FloatArray, file: pq.ParquetFile, column: str, cut: slice) -> None:
    """Put the rows *cut* of *column* into *out*."""
    for place, values in _row_groups(file, column):
        begin, end = max(place.start, cut.start), min(place.stop, cut.stop)
        if begin < end:
            out[begin - cut.start : end - cut.start] = values.slice(begin - place.start, end - begin).to_numpy()


def _require_order(file: LakeFile, starts: IntArray) -> None:
    if len(starts) > 1 and not np.all(starts[1:] > starts[:-1]):
        problems = content_problems(starts, {}, file.seconds)
        raise BadBars(file.name, problems)


def _require_sound(file: LakeFile, starts: IntArray, block: FloatArray, offset: int) -> None:
    """In slices, so that the judging takes no memory; the whole is gone through only to describe what is wrong."""
    for begin in range(0, len(starts), SLICE_ROWS):
        rows = slice(max(0, begin - 1), begin + SLICE_ROWS)
        if content_problems(starts[rows], dict(zip(COLUMNS, block[:, rows], strict=True)), file.seconds):
            columns = dict(zip(COLUMNS, block, strict=True))
            raise BadBars(file.name, content_problems(starts, columns, file.seconds, offset))


def extent(file: LakeFile) -> tuple[int, int]:
    """Start of the first and end of the last bar in epoch seconds, from the file's statistics where it has them."""
    content = open_file(file.path)
    if content.metadata.num_rows == 0:
        raise BadBars(file.name, ["there is no bar in it; wanted at least one"])
    place = content.schema_arrow.get_field_index(START)
    groups = [content.metadata.row_group(group).column(place) for group in range(content.num_row_groups)]
    if all(group.is_stats_set and isinstance(group.statistics.min, datetime) for group in groups):
        first = min(group.statistics.min for group in groups)
        last = max(group.statistics.max for group in groups)
        return int(first.timestamp()), int(last.timestamp()) + file.seconds
    starts = read_starts(content, file.name)
    return int(starts.min()), int(starts.max()) + file.seconds
