"""
From which files a symbol's bars are taken, and over what span.

Files of one granularity follow one another in time; an overlap is an error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from trader.market.checks import utc
from trader.market.granularity import GRANULARITIES, granularity_name
from trader.market.lake_files import BadLake, LakeFile, a_few, no_bars_here
from trader.market.lake_read import extent
from trader.market.panel import Gaps
from trader.market.symbols import other_venue

FOREVER: Final = (0, 1 << 62)


class NoBars(BadLake):
    """The lake has nothing of what was asked for."""


@dataclass(frozen=True, slots=True)
class Source:
    """The files a symbol's bars are taken from, in order of time, with the span of each in epoch seconds."""

    files: tuple[LakeFile, ...]
    spans: tuple[tuple[int, int], ...]

    @property
    def seconds(self) -> int:
        """Length of the bars in the files."""
        return self.files[0].seconds

    def covered(self, first: int, last: int) -> int:
        """Seconds of `[first, last)` that lie between the first and last bar of a file."""
        return sum(max(0, min(end, last) - max(start, first)) for start, end in self.spans)

    def describe(self, step: int) -> str:
        """In words, for reports."""
        names = " + ".join(file.name for file in self.files)
        return names if self.seconds == step else f"{names}, made into {granularity_name(step)}"


def whole_span(start: datetime | None, end: datetime | None, step: int) -> tuple[int, int]:
    """`[start, end)` in epoch seconds, narrowed to whole bars of *step* seconds; open ends reach for ever."""
    for name, instant in (("start", start), ("end", end)):
        if instant is not None and instant.tzinfo is None:
            raise BadLake(f"{name} {instant.isoformat()} has no time zone; wanted UTC")
    if start is not None and end is not None and start >= end:
        raise BadLake(f"start {start.isoformat()} is not before end {end.isoformat()}")
    first = FOREVER[0] if start is None else -(-int(start.timestamp()) // step) * step
    last = FOREVER[1] if end is None else int(end.timestamp()) // step * step
    if first >= last:
        raise BadLake(f"from {start} to {end} there is no whole bar of {granularity_name(step)}")
    return first, last


def in_order(files: Sequence[LakeFile]) -> Source:
    """*files* in order of time; an overlap is an error."""
    spans = sorted((extent(file), file) for file in files)
    for (before, earlier), (after, later) in pairwise(spans):
        if after[0] < before[1]:
            raise BadLake(
                f"{earlier.name} and {later.name} overlap from {utc(after[0])} to {utc(min(before[1], after[1]))}; "
                f"segments of a symbol must follow one another: take one away"
            )
    return Source(tuple(file for _, file in spans), tuple(span for span, _ in spans))


def nothing_to_load(
    lake: Path, files: Sequence[LakeFile], fit: Sequence[LakeFile], step: int, asked: tuple[int, int]
) -> NoBars:
    """Why no symbol of *lake* can be loaded: no *files*, none that *fit* the bars of *step*, no bar where *asked*."""
    if not files:
        return NoBars(no_bars_here(lake))
    wanted = granularity_name(step)
    if not fit:
        return NoBars(
            f"{lake}: no {wanted} bars, and none finer to make them of, but what is used only when named "
            f"(grade B: --segments; quoted in USDT: --symbols); the lake has {a_few([file.name for file in files])}"
        )
    spans = [extent(file) for file in fit]
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    return NoBars(f"{lake}: no {wanted} bar {_when(*asked)}; the lake has such bars from {utc(first)} to {utc(last)}")


def _when(first: int, last: int) -> str:
    if first == FOREVER[0]:
        return f"before {utc(last)}"
    return f"from {utc(first)}" + ("" if last == FOREVER[1] else f" to {utc(last)}")


def what_there_is(files: Iterable[LakeFile]) -> str:
    """What the lake has of a symbol whose *files* these are, in words."""
    rows = []
    for file in files:
        start, end = extent(file)
        grade = f", grade {file.grade}, only when named: --segments {file.segment}" if file.grade != "A" else ""
        rows.append(f"{file.granularity} from {utc(start)} to {utc(end)}{grade}")
    return f"the lake has {'; '.join(rows)}"


def cut_buckets(spans: Sequence[tuple[int, int]], step: int) -> Iterator[int]:
    """Buckets of *step* seconds in which a recording begins or ends: part of them was never recorded."""
    edges = [(start, end) for start, end in spans]
    joined = {end for _, end in edges} & {start for start, _ in edges}
    for edge in (instant for span in edges for instant in span):
        if edge % step and edge not in joined:
            yield edge - edge % step


def narrowed(
    asked: tuple[int, int], sources: Collection[Source], start: datetime | None, end: datetime | None, step: int
) -> tuple[int, int]:
    """*asked* with open ends replaced by where the bars of *sources* begin and end."""
    first = min(span[0] for source in sources for span in source.spans) // step * step if start is None else asked[0]
    last = -(-max(span[1] for source in sources for span in source.spans) // step) * step if end is None else asked[1]
    if first >= last:
        raise NoBars(f"all bars of these symbols end before {utc(first)}")
    return first, last


def warnings_of(sources: Mapping[str, Source], gaps: Mapping[str, Gaps | None]) -> Iterator[str]:
    """What a user should know of these bars before trusting a figure made of them."""
    for symbol, source in sources.items():
        if other_venue(symbol):
            yield f"{symbol}: quoted in USDT, so from another venue than Coinbase; good for a backtest only"
        for file in source.files:
            if file.grade != "A":
                yield f"{symbol}: {file.name} is of grade {file.grade} (third party), used because it was named"
        found = gaps[symbol]
        if found is not None and found.late_seconds:
            first = utc(int(found.first.timestamp()))
            yield f"{symbol}: the first bar is at {first}, {_span(found.late_seconds)} after the start"
        if found is not None and found.early_seconds:
            last = utc(int(found.last.timestamp()))
            yield f"{symbol}: the last bar is at {last}, {_span(found.early_seconds)} before the end"


def _span(seconds: int) -> str:
    days, rest = divmod(seconds, GRANULARITIES["1d"])
    return f"{days} days" if days >= 2 else f"{(days * 86_400 + rest) / 3600:.4g} h"
