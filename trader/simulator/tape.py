"""
The trades of the market, made from its bars.

Eight prints a bar walk from the open over both extremes to the close, so what
a bar becomes while it forms, the last price, the book around it and the fills
of resting orders all tell one story, the same for everybody and every time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from trader.market.bars import CLOSE, HIGH, LOW, OPEN, VOLUME, block_of, epoch_seconds
from trader.model.money import exact, floor_to
from trader.simulator.catalogue import Listing
from trader.simulator.numbers import ZERO
from trader.simulator.sources import BarSource

PRINTS = 8
DAY = 86_400
LOOK_BACK_DAYS = 8
"""How far back the last price of a quiet product is searched."""


@dataclass(frozen=True, slots=True)
class Print:
    """One trade of the market; *side* is the maker's."""

    trade_id: int
    time: datetime
    price: Decimal
    size: Decimal
    side: str


@dataclass(frozen=True, slots=True)
class Candle:
    """One bucket; *start* in epoch seconds."""

    start: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class Tape:
    """Every trade of every product up to an instant that the caller names."""

    def __init__(self, source: BarSource) -> None:
        self.source = source
        self.seconds = source.finest_seconds
        self._day = lru_cache(maxsize=512)(self._day_of)
        self._prints = lru_cache(maxsize=8192)(self._prints_of)

    def prints(self, listing: Listing, after: datetime, until: datetime) -> Iterator[Print]:
        """Trades in `(after, until]`, oldest first."""
        first = int(after.timestamp()) // self.seconds * self.seconds
        for candle in self.bars(listing.market_id, first, int(until.timestamp()) + 1):
            for trade in self._prints(listing.market_id, candle, listing.price_increment, listing.base_increment):
                if after < trade.time <= until:
                    yield trade

    def recent(self, listing: Listing, now: datetime, limit: int) -> list[Print]:
        """The newest *limit* trades up to *now*, newest first."""
        found: list[Print] = []
        bar = int(now.timestamp()) // self.seconds * self.seconds
        for day in range(bar // DAY, bar // DAY - LOOK_BACK_DAYS, -1):
            candles = self._day(listing.market_id, day)
            for candle in reversed(candles[: _before(candles, bar + 1)]):
                of_bar = self._prints(listing.market_id, candle, listing.price_increment, listing.base_increment)
                found += [trade for trade in reversed(of_bar) if trade.time <= now]
                if len(found) >= limit:
                    return found[:limit]
        return found

    def last(self, listing: Listing, now: datetime) -> Print | None:
        """The newest trade up to *now*."""
        return next(iter(self.recent(listing, now, 1)), None)

    def bars(self, symbol: str, first: int, last: int) -> list[Candle]:
        """Whole bars that start in `[first, last)`, also those that are not over."""
        days = range(first // DAY, (last - 1) // DAY + 1)
        found: list[Candle] = []
        for day in days:
            candles = self._day(symbol, day)
            found += candles[_before(candles, first) : _before(candles, last)]
        return found

    def _day_of(self, symbol: str, day: int) -> tuple[Candle, ...]:
        start = datetime.fromtimestamp(day * DAY, UTC)
        frame = self.source.frame(symbol, start, start + timedelta(days=1), self.seconds)
        block = block_of(frame)
        rows = zip(epoch_seconds(frame).tolist(), *(block[row].tolist() for row in range(len(block))), strict=True)
        return tuple(candle_of(row[0], row[1:]) for row in rows)

    def _prints_of(self, symbol: str, bar: Candle, tick: Decimal, lot: Decimal) -> tuple[Print, ...]:
        start = datetime.fromtimestamp(bar.start, UTC)
        step = timedelta(seconds=self.seconds / PRINTS)
        size = max(lot, floor_to(bar.volume / PRINTS, lot))
        path, before, trades = _path(bar, tick), bar.open, []
        for number, price in enumerate(path):
            side = "BUY" if price < before else "SELL"
            trade_id = bar.start // self.seconds * PRINTS + number
            trades.append(Print(trade_id, start + number * step, price, size, side))
            before = price
        return tuple(trades)


def _before(candles: tuple[Candle, ...], start: int) -> int:
    """How many of *candles* start before *start*."""
    return bisect_left(candles, start, key=lambda candle: candle.start)


def candle_of(start: int, values: tuple[float, ...]) -> Candle:
    """A candle of a bar's floats, each through its shortest decimal form."""
    open_, high, low, close, volume = (exact(values[row]) for row in (OPEN, HIGH, LOW, CLOSE, VOLUME))
    return Candle(start, open_, high, low, close, volume)


def formed(bar_start: int, trades: list[Print]) -> Candle | None:
    """What *trades*, oldest first, make of their bucket."""
    if not trades:
        return None
    prices = [trade.price for trade in trades]
    volume = sum((trade.size for trade in trades), ZERO)
    return Candle(bar_start, prices[0], max(prices), min(prices), prices[-1], volume)


def _path(bar: Candle, tick: Decimal) -> list[Decimal]:
    """Open, one extreme, the other, close; the near extreme first, and half-way prices on the tick."""
    first, second = (bar.low, bar.high) if bar.close >= bar.open else (bar.high, bar.low)
    knots = [bar.open, first, second, bar.close]
    halves = [max(bar.low, min(bar.high, floor_to((a + b) / 2, tick))) for a, b in pairwise(knots)]
    return [bar.open, halves[0], first, halves[1], halves[1], second, halves[2], bar.close]
