"""
One symbol, as its streams tell of it: best prices, the last minute's mids, which minutes traded.

What is forgotten when something may have been missed is what would mislead: the
book, the quote, and since when nothing was missed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from trader.market.coinbase_book import TopBook
from trader.market.coinbase_frames import BookChange, TopOfBook, Trade
from trader.model.market import Quote
from trader.outliers import MidGuard

MID_WINDOW: Final = timedelta(seconds=60)
MIDS_MAX: Final = 1_200
"""A bound, at 20 changes a second."""
MINUTE: Final = 60
MINUTES_KEPT: Final = 1_500
LATE_SECONDS: Final = 2
"""How long after its time a trade may still be told of."""
QUOTES_KEPT: Final = 900
"""The last of a second each: what was quoted at an instant of the grid that is some minutes past."""


@dataclass(slots=True)
class SymbolState:
    """Times are the venue's; *heard_since* is None while trades may have been missed."""

    guard: MidGuard
    book: TopBook = field(default_factory=TopBook)
    quote: Quote | None = None
    mids: deque[tuple[datetime, Decimal]] = field(default_factory=lambda: deque(maxlen=MIDS_MAX))
    trade: Trade | None = None
    minutes: deque[int] = field(default_factory=lambda: deque(maxlen=MINUTES_KEPT))
    heard_since: datetime | None = None
    doubt: int = 1
    cleared: int = 0
    quotes: deque[Quote] = field(default_factory=lambda: deque(maxlen=QUOTES_KEPT))

    @property
    def doubtful(self) -> bool:
        """Something may have been missed that nobody has looked for since."""
        return self.doubt != self.cleared

    def forget(self) -> None:
        """Something may have been missed."""
        self.doubt += 1
        self.book, self.quote, self.heard_since = TopBook(), None, None
        self.quotes.clear()

    def take(self, event: TopOfBook | BookChange | Trade, time: datetime) -> None:
        """What the venue said at *time*.  Where there is a book, it knows better than a ticker."""
        if isinstance(event, BookChange):
            self.book.change(event.snapshot, event.levels)
            top = self.book.top()
            if top is not None:
                self.take_quote(Quote(event.symbol, *top, time))
        elif isinstance(event, TopOfBook):
            if not self.book.whole:
                self.take_quote(Quote(event.symbol, event.bid, event.ask, time))
        else:
            self._traded(event)

    def take_quote(self, quote: Quote) -> None:
        """The newer one stays."""
        if self.quote is not None and quote.time < self.quote.time:
            return
        self.quote = quote
        if self.quotes and self.quotes[-1].time.replace(microsecond=0) == quote.time.replace(microsecond=0):
            self.quotes[-1] = quote
        else:
            self.quotes.append(quote)
        self.guard.observe(quote, quote.time)
        mid = quote.mid
        if mid.is_finite():
            self.mids.append((quote.time, mid))

    def quote_at(self, instant: datetime) -> Quote | None:
        """
        What was quoted at *instant*, a whole second.

        Where there is a newer quote too, and nothing was missed in between, the one before it stood until then: it
        was the quote at *instant*, and that is its time.  Else it is as old as it is; heartbeats say nothing of it.
        """
        stood = False
        for quote in reversed(self.quotes):
            if quote.time <= instant:
                return Quote(quote.symbol, quote.bid, quote.ask, instant) if stood else quote
            stood = True
        return None

    def heard_until(self, now: datetime) -> datetime | None:
        """Up to where every trade has been heard of at *now*; None where some may have been missed."""
        return None if self.doubtful or self.heard_since is None else now - timedelta(seconds=LATE_SECONDS)

    def window(self) -> tuple[tuple[datetime, Decimal], ...]:
        """Mids of the minute that ends with the newest, oldest first."""
        return tuple(row for row in self.mids if row[0] > self.mids[-1][0] - MID_WINDOW)

    def silent(self, first: int, last: int, now: datetime) -> bool:
        """Nothing traded in `[first, last)`, and that is certain at *now*."""
        if self.doubtful or self.heard_since is None or self.heard_since.timestamp() > first:
            return False
        return now.timestamp() >= last + LATE_SECONDS and not any(first - MINUTE < at < last for at in self.minutes)

    def _traded(self, trade: Trade) -> None:
        if self.trade is None or trade.time >= self.trade.time:
            self.trade = trade
        minute = int(trade.time.timestamp()) // MINUTE * MINUTE
        newest = self.minutes[-1] if self.minutes else None
        if minute != newest and minute not in self.minutes:
            self.minutes.append(minute)
