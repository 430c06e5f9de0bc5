"""
The files of a lake: what their names say, and their columns read without a second copy.

A file is `<symbol>_<granularity>[__<segment>].parquet`.  Only the window asked
for is kept, one column at a time, straight into its place, so that reading five
million bars takes little more memory than the bars.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from trader.errors import TraderError
from trader.market.bars import COLUMNS, START
from trader.market.checks import BadBars, content_problems
from trader.market.granularity import GRANULARITIES

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

NAME: Final = re.compile(
    rf"(?P<symbol>[A-Z0-9.]+-[A-Z0-9]+)_(?P<granularity>{'|'.join(GRANULARITIES)})(__(?P<segment>[\w.-]+))?"
)
UNITS_A_SECOND: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
LEGACY: Final = "legacy"


class BadLake(TraderError):
    """A lake that is not there, is empty, or contradicts itself."""


@dataclass(frozen=True, slots=True, order=True)
class LakeFile:
    """What a file's name and the manifest say of it; *grade* B is third-party repackaged and used only when named."""

    symbol: str
    seconds: int
    segment: str
    granularity: str
    grade: str
    path: Path

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name


def file_name(symbol: str, granularity: str, segment: str = "") -> str:
    """`<symbol>_<granularity>[__<segment>].parquet`."""
    return f"{symbol}_{granularity}{'__' + segment if segment else ''}.parquet"


def discover(folder: Path) -> tuple[LakeFile, ...]:
    """The bar files of *folder*, in order of symbol, granularity and segment; other files are passed over."""
    if not folder.is_dir():
        raise BadLake(f"{folder}: no such folder; a lake is a folder of <symbol>_<granularity>.parquet files")
    grades = _grades(folder / "manifest.json")
    found = []
    for path in folder.glob("*.parquet"):
        match = NAME.fullmatch(path.stem)
        if match is None:
            continue
        segment = match["segment"] or ""
        grade = grades.get(path.name, "B" if segment == LEGACY else "A")
        granularity = match["granularity"]
        found.append(LakeFile(match["symbol"], GRANULARITIES[granularity], segment, granularity, grade, path))
    return tuple(sorted(found))


def _grades(manifest: Path) -> Mapping[str, str]:
    """File name to `quality_grade`, where there is a manifest."""
    if not manifest.is_file():
        return {}
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
        rows = content.get("files", [])
        return {str(row["file"]): str(row["quality_grade"]) for row in rows if "quality_grade" in row and "file" in row}
    except (ValueError, AttributeError, TypeError) as error:
        raise BadLake(f"{manifest}: cannot be read as a manifest ({error}); mend it or take it away") from error


def open_file(path: Path) -> pq.ParquetFile:
    """*path* with a schema of bars, or `BadBars` saying what is different."""
    try:
        file = pq.ParquetFile(path, memory_map=True)
    except (pa.ArrowInvalid, OSError) as error:
        raise BadBars(path.name, [f"cannot be read as Parquet ({str(error).splitlines()[0]})"]) from error
    problems = schema_problems(file.schema_arrow)
    if problems:
        raise BadBars(path.name, problems)
    return file


def schema_problems(schema: pa.Schema) -> list[str]:
    """What of *schema* is not `start` in UTC and five numbers."""
    wanted = (START, *COLUMNS)
    missing = [name for name in wanted if name not in schema.names]
    if missing:
        found = ", ".join(schema.names) or "none"
        return [f"columns missing: {', '.join(missing)}; found {found}; wanted {' '.join(wanted)}"]
    problems = []
    kind = schema.field(START).type
    if not pa.types.is_timestamp(kind):
        problems.append(f"column start is {kind}; wanted a timestamp in UTC")
    elif kind.tz is None:
        problems.append("column start has no time zone; wanted UTC")
    elif kind.tz not in ("UTC", "Etc/UTC", "+00:00", "Z"):
        problems.append(f"column start is in {kind.tz}; wanted UTC")
    for name in COLUMNS:
        number = schema.field(name).type
        if not (pa.types.is_floating(number) or pa.types.is_integer(number)):
            problems.append(f"column {name} is {number}; wanted float64")
    return problems


def read_starts(file: pq.ParquetFile, name: str) -> IntArray:
    """All bar starts of *file* in epoch seconds, in ascending order, or `BadBars`."""
    column = file.read(columns=[START], use_threads=False).column(0)
    if column.null_count:
        raise BadBars(name, [f"{column.null_count:,} rows without start; wanted one in every row"])
    raw = column.cast(pa.int64()).to_numpy()
    units = UNITS_A_SECOND[column.type.unit]
    if units > 1 and len(raw) and np.any(raw % units):
        raise BadBars(name, ["some starts are not on a whole second; wanted the bar's start by the UTC clock"])
    starts: IntArray = raw // units if units > 1 else raw
    return starts


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
                values = content.read(columns=[column], use_threads=False).column(0)
                block[row, ends[index] : ends[index + 1]] = values.slice(cuts[index].start, lengths[index]).to_numpy()
    pa.default_memory_pool().release_unused()
    kept = [starts[cut] for starts, cut in zip(times, cuts, strict=True)]
    for index, file in enumerate(files):
        if lengths[index]:
            _require_sound(file, kept[index], block[:, ends[index] : ends[index + 1]], cuts[index].start)
    joined = kept[0].copy() if len(kept) == 1 else np.concatenate(kept)
    return joined, block


def _require_order(file: LakeFile, starts: IntArray) -> None:
    if len(starts) > 1 and not np.all(starts[1:] > starts[:-1]):
        problems = content_problems(starts, {}, file.seconds)
        raise BadBars(file.name, problems)


def _require_sound(file: LakeFile, starts: IntArray, block: FloatArray, offset: int) -> None:
    problems = content_problems(starts, dict(zip(COLUMNS, block, strict=True)), file.seconds, offset)
    if problems:
        raise BadBars(file.name, problems)


def extent(file: LakeFile) -> tuple[int, int]:
    """Start of the first and end of the last bar in epoch seconds, from the file's statistics where it has them."""
    content = open_file(file.path)
    if content.metadata.num_rows == 0:
        raise BadBars(file.name, ["there is no bar in it; wanted at least one"])
    starts = read_starts(content, file.name)
    return int(starts.min()), int(starts.max()) + file.seconds
