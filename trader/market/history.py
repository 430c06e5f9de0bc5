"""
The lake: Parquet files of bars, as they are, with what is odd about them said.

Nothing is filled in, mixed or guessed: a missing bar stays missing, a symbol's
bars come from files of one granularity, two files that overlap are an error,
and a file of grade B is used only when its segment is named.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from trader.market.bars import CLOSE, bars_frame, block_of, epoch_seconds, resample
from trader.market.checks import utc
from trader.market.gaps import gaps_of
from trader.market.granularity import granularity_name, parse_granularity
from trader.market.lake_files import BadLake, LakeFile, discover, no_bars_here
from trader.market.lake_read import read_windows
from trader.market.lake_sources import (
    NoBars,
    Source,
    cut_buckets,
    in_order,
    narrowed,
    nothing_to_load,
    warnings_of,
    what_there_is,
    whole_span,
)  # fmt: skip
from trader.market.panel import Panel
from trader.market.products import ProductBook
from trader.market.symbols import other_venue, unknown_symbol

__all__ = ["BadLake", "Lake", "NoBars", "load_panel"]


class Lake:
    """A folder of `<symbol>_<granularity>[__<segment>].parquet`."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.files = discover(self.path)

    def symbols(self) -> tuple[str, ...]:
        """All symbols, in alphabetical order."""
        return tuple(sorted({file.symbol for file in self.files}))

    def granularities(self, symbol: str) -> tuple[str, ...]:
        """The granularities there are files of, finest first."""
        return tuple(granularity_name(seconds) for seconds in sorted({file.seconds for file in self._of(symbol)}))

    def offering(
        self,
        granularity: str,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        segments: Collection[str] = (),
    ) -> tuple[str, ...]:
        """Symbols of the lake's own venue that have *granularity* in `[start, end)`, of grade B only in *segments*."""
        step = parse_granularity(granularity)
        span = whole_span(start, end, step)
        own = sorted({file.symbol for file in self._fit(step, segments)})
        return tuple(symbol for symbol in own if self._source(symbol, step, *span, segments).covered(*span))

    @cached_property
    def products(self) -> ProductBook:
        """Increments, minimums and hints."""
        return ProductBook(self.path)

    def load(
        self,
        symbol: str,
        granularity: str,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        segments: Collection[str] = (),
    ) -> pd.DataFrame:
        """
        Bars of *symbol* in `[start, end)`; buckets that *start* or *end* would cut are left out.

        Native bars where there are any in the span, else made from the finer ones that cover most of it, the finest
        on a tie.  *segments* names segments of grade B to use as well.
        """
        step = parse_granularity(granularity)
        first, last = whole_span(start, end, step)
        return self._read(self._source(symbol, step, first, last, segments), step, first, last)

    def load_panel(
        self,
        symbols: Sequence[str] | None,
        granularity: str,
        start: datetime | None = None,
        end: datetime | None = None,
        warmup_bars: int = 0,
        *,
        segments: Collection[str] = (),
    ) -> Panel:
        """
        *symbols* (all of the lake's own venue when None) in `[start - warmup_bars, end)`, with gaps and warnings.

        Without *start* or *end* the panel spans all there is.  A symbol without a bar in `[start, end)` is an error.
        """
        step = parse_granularity(granularity)
        asked = whole_span(start, end, step)
        chosen = tuple(sorted(set(self.offering(granularity, segments=segments) if symbols is None else symbols)))
        if not chosen:
            raise nothing_to_load(self.path, self.files, self._fit(step, segments), step, asked)
        sources = {symbol: self._source(symbol, step, *asked, segments) for symbol in chosen}
        first, last = narrowed(asked, sources.values(), start, end, step)

        frames, gaps = {}, {}
        since, until = datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC)
        for symbol, source in sources.items():
            frames[symbol] = self._read(source, step, first - warmup_bars * step, last)
            gaps[symbol] = gaps_of(frames[symbol], since, until, step)
            if gaps[symbol] is None:
                has = what_there_is(self._of(symbol))
                raise NoBars(f"{symbol}: no {granularity} bar from {utc(first)} to {utc(last)}; {has}")
        return Panel(
            frames=frames,
            granularity=granularity,
            start=since,
            end=until,
            products={
                symbol: self.products.product(symbol, _opening_price(bars, first - step))
                for symbol, bars in frames.items()
            },
            gaps=gaps,
            warnings=tuple(warnings_of(sources, gaps)),
            sources={symbol: source.describe(step) for symbol, source in sources.items()},
            tiers=self.products.hints("tier"),
            themes=self.products.hints("theme"),
        )

    def _fit(self, step: int, segments: Collection[str]) -> list[LakeFile]:
        """Files of the lake's own venue from which bars of *step* seconds can be had, of grade B only in *segments*."""
        return [
            file
            for file in self.files
            if _usable(file, segments) and step % file.seconds == 0 and not other_venue(file.symbol)
        ]

    def _of(self, symbol: str) -> tuple[LakeFile, ...]:
        found = tuple(file for file in self.files if file.symbol == symbol)
        if found:
            return found
        if not self.files:
            raise NoBars(no_bars_here(self.path))
        raise unknown_symbol(symbol, self.symbols(), str(self.path))

    def _source(self, symbol: str, step: int, first: int, last: int, segments: Collection[str]) -> Source:
        """The files to take *symbol* from: native ones if they have a bar in the span, else the best finer ones."""
        files = self._of(symbol)
        unknown = sorted(set(segments) - {file.segment for file in self.files})
        if unknown:
            known = ", ".join(sorted({file.segment for file in self.files} - {""})) or "none"
            raise BadLake(f"{self.path}: no segment {', '.join(unknown)}; it has {known}")
        allowed = [file for file in files if _usable(file, segments)]
        by_length = sorted({file.seconds for file in allowed if step % file.seconds == 0}, reverse=True)
        if not by_length:
            has = what_there_is(files)
            raise NoBars(f"{symbol}: no {granularity_name(step)} bars, and none finer to make them of; {has}")
        sources = [in_order([file for file in allowed if file.seconds == seconds]) for seconds in by_length]
        if sources[0].seconds == step and sources[0].covered(first, last):
            return sources[0]
        return max(sources, key=lambda source: (source.covered(first, last), -source.seconds))

    def _read(self, source: Source, step: int, first: int, last: int) -> pd.DataFrame:
        starts, block = read_windows(source.files, first, last)
        bars = bars_frame(starts, block)
        if source.seconds == step or bars.empty:
            return bars
        made = resample(bars, granularity_name(source.seconds), granularity_name(step))
        return made.drop(made.index[np.isin(epoch_seconds(made), list(cut_buckets(source.spans, step)))])


def load_panel(
    path: str | Path,
    symbols: Sequence[str] | None,
    granularity: str,
    start: datetime | None = None,
    end: datetime | None = None,
    warmup_bars: int = 0,
) -> Panel:
    """`Lake(path).load_panel(…)`."""
    return Lake(path).load_panel(symbols, granularity, start, end, warmup_bars)


def _usable(file: LakeFile, segments: Collection[str]) -> bool:
    return file.grade == "A" or file.segment in segments


def _opening_price(bars: pd.DataFrame, last: int) -> float:
    """The close of the last bar that opened at or before *last*, else the first: nothing that comes later moves it."""
    before = int(np.searchsorted(epoch_seconds(bars), last, side="right"))
    return float(block_of(bars)[CLOSE][max(before - 1, 0)])
