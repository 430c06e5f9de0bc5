"""
The files of a lake: what their names, the manifest and their schemas say.

A file is `<symbol>_<granularity>[__<segment>].parquet`; a file that is named
otherwise is none of ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from trader.errors import TraderError
from trader.market.bars import COLUMNS, START
from trader.market.checks import BadBars
from trader.market.granularity import GRANULARITIES

NAME: Final = re.compile(
    rf"(?P<symbol>[A-Z0-9.]+-[A-Z0-9]+)_(?P<granularity>{'|'.join(GRANULARITIES)})(__(?P<segment>[\w.-]+))?"
)
LAYOUT: Final = "<symbol>_<granularity>[__<segment>].parquet, like BTC-USD_1h.parquet"
LEGACY: Final = "legacy"
NAMED: Final = 4
"""Files that a sentence names; the others are counted."""


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


def no_bars_here(folder: Path) -> str:
    """What to say of *folder*, in which `discover` finds nothing: that it is empty, or which files are misnamed."""
    odd = sorted(path.name for path in folder.glob("*.parquet"))
    if not odd:
        return f"{folder}: no bars here, the lake is empty; `trader data import` brings some in"
    return (
        f"{folder}: no bars here; not named as a lake's files are: {a_few(odd)}; wanted {LAYOUT}; "
        f"`trader data import FILE --symbol S --granularity G` brings such a file into a lake"
    )


def a_few(names: Sequence[str]) -> str:
    """*names* in a row, cut where there are too many for a sentence."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


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
        file = pq.ParquetFile(path)
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
