"""
Back-filling: what the streams may have missed is asked for over REST, before each decision.

Bars are the venue's candles.  The streams only say where there is nothing to ask,
and that something must still come: a bar whose trades were heard and that is not
there yet counts as not known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import numpy as np

from trader.errors import ExchangeUnreachable, TraderError
from trader.market.coinbase_http import RefusedQuestion
from trader.market.coinbase_rest import SETTLE, Candles, PublicRest
from trader.market.coinbase_streams import Streams
from trader.market.live_window import LiveWindow

LAG_SECONDS: Final = 1.0
NAP_SECONDS: Final = 0.25
AHEAD_SECONDS_MAX: Final = 60
NOTES_KEPT: Final = 100
SIDE_BY_SIDE: Final = 4
"""At half a second a call as many fill the pace of eight a second."""


class NotYet(TraderError):
    """An instant was asked for that is still to come."""


class BackFill:
    """
    Keeps *window* whole up to the instants it is told to reach; *known* is the end of the last interval known, by
    symbol, traded in or not.  *down* says why the venue could not be asked last time, "" where it could.
    """

    def __init__(self, rest: PublicRest, streams: Streams, window: LiveWindow, sleep: Callable[[float], None]) -> None:
        self._rest, self._streams, self._window, self._sleep = rest, streams, window, sleep
        self.known: dict[str, int] = {}
        self.down = ""
        self.notes: deque[str] = deque(maxlen=NOTES_KEPT)

    def load(self, at: int) -> None:
        """
        All of history up to *at*, several symbols side by side: our pace bounds the calls a second, and no longer how
        far away the venue is.  Here a venue that does not answer is an error.
        """
        for symbol in self._window.symbols:
            self.known[symbol] = self._window.begin_of(symbol, at)
        with ThreadPoolExecutor(SIDE_BY_SIDE, "back-fill") as pool:
            asked = [pool.submit(self._ask, symbol, at) for symbol in self._window.symbols]
            try:
                for one in asked:
                    one.result()
            finally:
                pool.shutdown(cancel_futures=True)

    def reach(self, at: int) -> bool:
        """Everything up to *at* (epoch seconds), as far as the venue answers; False where it tells no time."""
        self.down = ""
        there = self.tried(partial(self._wait, at))
        if there:
            for symbol in self._missing(at):
                if self._streams.silent(symbol, self.known[symbol], at):
                    self.known[symbol] = at
                elif not self.down:
                    self.tried(partial(self._ask, symbol, at))
        return there

    def tried(self, question: Callable[[], None]) -> bool:
        """Ask; where the venue does not answer that is remembered, and whoever depends on it finds it out of date."""
        try:
            question()
        except RefusedQuestion as error:  # it answers; what it says concerns this question alone
            self.notes.append(str(error))
            return False
        except ExchangeUnreachable as error:
            self.down = str(error)
            self.notes.append(self.down)
            return False
        return True

    def _missing(self, at: int) -> Iterable[str]:
        return [symbol for symbol in self._window.symbols if self.known[symbol] < at]

    def _wait(self, at: int) -> None:
        """Until the bar that ends at *at* is over for sure; that this is far ahead takes two answers, not one."""
        over, is_doubted = datetime.fromtimestamp(at, UTC) + SETTLE, False
        while (ahead := over - self._rest.time()) > timedelta(0):
            if ahead.total_seconds() > AHEAD_SECONDS_MAX:
                if is_doubted:
                    raise NotYet(f"{self._rest.host}: {over - SETTLE:%Y-%m-%dT%H:%M:%S}Z is still {ahead} ahead there")
                is_doubted = True
                continue
            self._sleep(min(ahead.total_seconds(), NAP_SECONDS))
        self._rest.make_certain()

    def _ask(self, symbol: str, at: int) -> None:
        first, step = self.known[symbol], self._window.step
        doubt = self._streams.doubt_of(symbol)
        found = self._rest.candles(symbol, step, first, at)
        if self._lags(symbol, found, at):
            self._sleep(LAG_SECONDS)
            found = self._rest.candles(symbol, step, first, at)
        self._window.add(symbol, found)
        if self._lags(symbol, found, at):
            self.known[symbol] = max(first, at - step)
            self.notes.append(f"{symbol}: traded before {at}, and its bar is not there yet")
            return
        self.known[symbol] = at
        if doubt:
            self._streams.clear(symbol, doubt)

    def _lags(self, symbol: str, found: Candles, at: int) -> bool:
        """Somebody was heard to trade in the last interval, and it has no bar."""
        trade, opened = self._streams.last_trade(symbol), at - self._window.step
        if trade is None or not opened <= trade.time.timestamp() < at:
            return False
        return not bool(np.any(found.starts == opened))
