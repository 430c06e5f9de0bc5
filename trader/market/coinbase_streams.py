"""
What the venue said last, symbol by symbol and in the venue's own time.

Fed frame by frame by one thread, read by others.  A connection that was lost, or
whose count of frames has a hole, leaves its symbols in doubt: their quotes are
forgotten, and they stay in doubt until somebody has asked over REST since.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from trader.market.coinbase_frames import (
    BookChange,
    Complaint,
    Frame,
    OrderTold,
    Subscribed,
    TopOfBook,
    Trade,
)
from trader.market.coinbase_state import SymbolState
from trader.model.market import Quote
from trader.outliers import MidGuard
from trader.risk.rules.outlier import Outlier

ORDERS_KEPT: Final = 5_000
USUAL: Final = Outlier()
NO_TWINS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(slots=True)
class _Line:
    """One connection: the next frame's number, and the venue's time of the newest."""

    symbols: tuple[str, ...]
    expected: int | None = None
    time: datetime | None = None


class Streams:
    """
    The state of *symbols*.  `hear` gives a sentence where the connection must be made anew.

    *twins* maps a symbol to the product whose market it is (BTC-USDC: BTC-USD): the venue tells of that one alone.

    In doubt: `doubt_of` is a number above 0 that `clear` takes back, if nothing new happened in between.
    """

    def __init__(self, symbols: Iterable[str], limits: Outlier = USUAL, twins: Mapping[str, str] = NO_TWINS) -> None:
        self._lock = threading.Lock()
        self._symbols = {symbol: SymbolState(guard=MidGuard(limits)) for symbol in symbols}
        self._hearers = by_market(self._symbols, twins)
        self._lines: dict[str, _Line] = {}
        self._orders: deque[OrderTold] = deque(maxlen=ORDERS_KEPT)

    def opened(self, line: str, symbols: Sequence[str]) -> None:
        """A new connection called *line* will tell of *symbols*; what it told before is in doubt."""
        with self._lock:
            self._lines[line] = _Line(tuple(symbols))
            self._doubt(symbols)

    def closed(self, line: str) -> None:
        """It is gone."""
        with self._lock:
            known = self._lines.pop(line, None)
            self._doubt(known.symbols if known else ())

    def hear(self, line: str, frame: Frame) -> str:
        """Take *frame* in; "" or why *line* must be made anew."""
        with self._lock:
            known = self._lines.get(line)
            if known is None:
                return ""
            if frame.sequence is not None:
                missed = self._count(known, frame.sequence)
                if missed is None:
                    return ""
                if missed:
                    self._doubt(known.symbols)
                    known.expected = frame.sequence + 1
                    return f"{missed} frames are missing before {frame.sequence}"
            if frame.time is not None:
                known.time = frame.time
            return self._take(frame)

    def quote(self, symbol: str) -> Quote | None:
        """The newest best bid and ask that are not in doubt."""
        with self._lock:
            return self._symbols[symbol].quote

    def quote_at(self, symbol: str, instant: datetime) -> Quote | None:
        """What was quoted at *instant*, a whole second of the last minutes; None where that is in doubt."""
        with self._lock:
            return self._symbols[symbol].quote_at(instant)

    def jump(self, symbol: str) -> tuple[Decimal, bool]:
        """How far the newest mid lies from the accepted ones in σ, and whether it is suspect; see `MidGuard`."""
        with self._lock:
            guard = self._symbols[symbol].guard
            return guard.jump_sigmas, guard.suspect

    def wants_second(self, symbol: str) -> bool:
        """A word from elsewhere would settle whether the newest mid is a price."""
        with self._lock:
            return self._symbols[symbol].guard.wants_confirmation

    def second(self, quote: Quote) -> None:
        """That word: a quote that did not come over the streams."""
        with self._lock:
            self._symbols[quote.symbol].guard.second(quote)

    def offer(self, quote: Quote) -> None:
        """A quote that came over REST; the newer one stays."""
        with self._lock:
            self._symbols[quote.symbol].take_quote(quote)

    def mids(self, symbol: str) -> tuple[tuple[datetime, Decimal], ...]:
        """Mid prices of the minute that ends with the newest, oldest first."""
        with self._lock:
            return self._symbols[symbol].window()

    def last_trade(self, symbol: str) -> Trade | None:
        """The newest trade heard of."""
        with self._lock:
            return self._symbols[symbol].trade

    def silent(self, symbol: str, first: int, last: int) -> bool:
        """It is certain that nothing traded in `[first, last)` epoch seconds: all was heard, and there was nothing."""
        with self._lock:
            now = self._now(symbol)
            return now is not None and self._symbols[symbol].silent(first, last, now)

    def heard_until(self, symbol: str) -> datetime | None:
        """Up to where every trade of *symbol* has been heard of; None where some may have been missed."""
        with self._lock:
            now = self._now(symbol)
            return None if now is None else self._symbols[symbol].heard_until(now)

    def heard_since(self, symbol: str) -> datetime | None:
        """Since when; None where some may have been missed."""
        with self._lock:
            return self._symbols[symbol].heard_since

    def orders(self) -> list[OrderTold]:
        """What the user channel said since this was last asked, oldest first."""
        with self._lock:
            rows = list(self._orders)
            self._orders.clear()
            return rows

    def doubt_of(self, symbol: str) -> int:
        """0 where what is known of *symbol* is certain; else the number to `clear` it with."""
        with self._lock:
            one = self._symbols[symbol]
            return one.doubt if one.doubtful else 0

    def clear(self, symbol: str, doubt: int) -> bool:
        """REST was asked since doubt number *doubt*; False where there is a newer one."""
        with self._lock:
            one = self._symbols[symbol]
            one.cleared = max(one.cleared, doubt)
            return not one.doubtful

    def _now(self, symbol: str) -> datetime | None:
        """The venue's time on the connection that tells of *symbol*."""
        times = [line.time for line in self._lines.values() if symbol in line.symbols and line.time is not None]
        return max(times, default=None)

    def _count(self, line: _Line, sequence: int) -> int | None:
        """How many frames are missing before this one; None for one that was there or comes late."""
        expected = sequence if line.expected is None else line.expected
        if sequence < expected:
            return None
        line.expected = sequence + 1
        return sequence - expected

    def _doubt(self, symbols: Iterable[str]) -> None:
        for symbol in symbols:
            self._symbols[symbol].forget()

    def _take(self, frame: Frame) -> str:
        for event in frame.events:
            if isinstance(event, Complaint):
                return f"the venue says: {event.message}"
            if isinstance(event, OrderTold):
                self._orders.append(event)
            elif isinstance(event, Subscribed):
                self._subscribed(event, frame)
            elif isinstance(event, TopOfBook | BookChange | Trade):
                assert frame.time is not None, "every frame but a complaint has a time"
                for symbol in self._hearers.get(event.symbol, ()):
                    own = event if event.symbol == symbol else replace(event, symbol=symbol)
                    self._symbols[symbol].take(own, frame.time)
        return ""

    def _subscribed(self, told: Subscribed, frame: Frame) -> None:
        """From here on every trade is heard of; the snapshot came before."""
        for market in told.channels.get("market_trades", ()):
            for symbol in self._hearers.get(market, ()):
                if self._symbols[symbol].heard_since is None:
                    self._symbols[symbol].heard_since = frame.time


def by_market(symbols: Iterable[str], twins: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The product the venue tells of → those of *symbols* whose market it is."""
    found: dict[str, tuple[str, ...]] = {}
    for symbol in symbols:
        market = twins.get(symbol, symbol)
        found[market] = (*found.get(market, ()), symbol)
    return found
