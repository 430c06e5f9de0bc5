"""
What is in a lake, file by file, and what is wrong with it.

Looking changes nothing and stops at nothing: a bad file is a row that says so,
and the others are judged all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from trader.market.bars import COLUMNS, bars_frame
from trader.market.checks import BadBars, content_problems
from trader.market.gaps import gaps_of
from trader.market.history import Lake
from trader.market.lake_files import BadLake, LakeFile
from trader.market.lake_intake import read_source
from trader.market.lake_sources import in_order
from trader.market.panel import Gaps


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file: *problems* make it bad; *gaps* (bars nobody traded in, outages) are normal and only counted."""

    file: LakeFile
    rows: int
    first: datetime | None
    last: datetime | None
    gaps: Gaps | None
    problems: tuple[str, ...]


def inspect(lake: Lake, symbols: tuple[str, ...] = ()) -> list[FileReport]:
    """A report on each file of *symbols* (all when empty), overlaps between segments included."""
    files = [file for file in lake.files if not symbols or file.symbol in symbols]
    reports = [_report(file) for file in files]
    overlapping = _overlaps([report.file for report in reports if not report.problems])
    return [report if report.file not in overlapping else _with(report, overlapping[report.file]) for report in reports]


def _report(file: LakeFile) -> FileReport:
    try:
        starts, block = read_source(file.path)
    except BadBars as error:
        return FileReport(file, 0, None, None, None, error.problems)
    problems = content_problems(starts, dict(zip(COLUMNS, block, strict=True)), file.seconds)
    if len(starts) == 0:
        return FileReport(file, 0, None, None, None, tuple(problems))
    first = datetime.fromtimestamp(int(starts.min()), UTC)
    last = datetime.fromtimestamp(int(starts.max()), UTC)
    gaps = None
    if not problems:
        end = datetime.fromtimestamp(int(starts[-1]) + file.seconds, UTC)
        gaps = gaps_of(bars_frame(starts, block), first, end, file.seconds)
    return FileReport(file, len(starts), first, last, gaps, tuple(problems))


def _overlaps(files: list[LakeFile]) -> dict[LakeFile, str]:
    found: dict[LakeFile, str] = {}
    for _, group in groupby(files, key=lambda file: (file.symbol, file.seconds)):
        segments = list(group)
        try:
            in_order(segments)
        except BadLake as error:
            found.update(dict.fromkeys(segments, str(error)))
    return found


def _with(report: FileReport, problem: str) -> FileReport:
    return FileReport(report.file, report.rows, report.first, report.last, report.gaps, (*report.problems, problem))
