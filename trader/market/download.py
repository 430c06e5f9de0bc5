"""
Coinbase's public candles into the lake, and nothing asked for twice.

Bars are put into the lake every few calls, each time whole or not at all, so a
kill at any moment costs those few calls and the next download goes on there.
What is in the lake afterwards is what the venue says, and what it left out stays out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from trader.errors import TraderError
from trader.market.coinbase_rest import BARS_A_CALL, PublicRest
from trader.market.download_coverage import Coverage, Span
from trader.market.download_products import remember_products
from trader.market.granularity import parse_granularity
from trader.market.lake_files import NAME, file_name
from trader.market.lake_import import merge_bars
from trader.market.symbols import other_venue

CALLS_A_WRITE = 20


class BadDownload(TraderError):
    """A download that cannot be had as asked."""


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What became of one symbol: *calls* made, bars *added* and *replaced*, and *bars* in the file now."""

    symbol: str
    file: str
    calls: int
    added: int
    replaced: int
    bars: int
    start: datetime
    end: datetime


class Watcher(Protocol):
    """Somebody who is told how far it has come."""

    def began(self, symbol: str, calls: int) -> None: ...

    def called(self) -> None: ...

    def ended(self, done: Downloaded) -> None: ...


def download(
    rest: PublicRest,
    lake: Path,
    symbols: Sequence[str],
    granularity: str,
    start: datetime,
    end: datetime | None,
    watcher: Watcher,
) -> list[Downloaded]:
    """
    Bars of *symbols* that start in `[start, end)` and are over, into the lake; those it has are not asked for again.

    Without *end*, up to the newest bar that is over.  Raises before the first bar where a symbol is unknown.
    """
    seconds = parse_granularity(granularity)
    if not symbols:
        raise BadDownload("--symbols: which products? Like BTC-USD,ETH-USD")
    if end is not None and end <= start:
        raise BadDownload(f"--end {_day(end)} is not after --start {_day(start)}; --end is exclusive")
    for symbol in symbols:
        if other_venue(symbol) or not NAME.fullmatch(f"{symbol}_{granularity}"):
            raise BadDownload(f"--symbols {symbol}: not a product this lake keeps; wanted like BTC-USD, quoted in USD")
    states = [rest.state(symbol) for symbol in symbols]
    span = _span(rest, start, end, seconds)
    remember_products(lake, states)
    coverage = Coverage(lake)
    return [_one(rest, lake, symbol, granularity, span, coverage, watcher) for symbol in symbols]


def _span(rest: PublicRest, start: datetime, end: datetime | None, seconds: int) -> Span:
    """Whole bars, and none that is not over."""
    last = rest.time() if end is None else end
    span = (-(-int(start.timestamp()) // seconds) * seconds, int(last.timestamp()) // seconds * seconds)
    over = rest.closed_before(span[1], seconds)
    if over <= span[0]:
        now = _day(rest.time())
        raise BadDownload(
            f"from {_day(start)} to {_day(last)} no bar of {seconds} s is over: at {rest.host} it is {now}"
        )
    return span[0], over


def _one(
    rest: PublicRest, lake: Path, symbol: str, granularity: str, wanted: Span, coverage: Coverage, watcher: Watcher
) -> Downloaded:
    seconds = parse_granularity(granularity)
    target = lake / file_name(symbol, granularity)
    missing = coverage.missing(target, symbol, granularity, wanted)
    watcher.began(symbol, sum(-(-(last - first) // (BARS_A_CALL * seconds)) for first, last in missing))
    added = replaced = bars = calls = 0

    def called() -> None:
        nonlocal calls
        calls += 1
        watcher.called()

    for part in _parts(missing, CALLS_A_WRITE * BARS_A_CALL * seconds):
        found = rest.candles(symbol, seconds, *part, called)
        if len(found.starts):
            done = merge_bars(target, found.starts, found.block, replace=True, where=rest.host)
            added, replaced, bars = added + done.added, replaced + done.replaced, done.rows
        coverage.add(target, part)
    ended = Downloaded(symbol, target.name, calls, added, replaced, bars, *map(_time, wanted))
    watcher.ended(ended)
    return ended


def _parts(spans: Sequence[Span], longest: int) -> list[Span]:
    """*spans* cut into pieces of at most *longest* seconds, oldest first."""
    return [
        (first, min(first + longest, end)) for start, end in spans for first in range(start, end, longest)
    ]  # fmt: skip


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _day(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M}Z"
