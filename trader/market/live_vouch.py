"""
What a live feed vouches for in one symbol: now, for the last look before a send, or at an instant of the grid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from trader.market.coinbase_rest import PublicRest
from trader.market.coinbase_streams import Streams
from trader.market.live_fill import BackFill
from trader.model.market import NO_TIME, FeedHealth, Quote
from trader.universe import TIER_SPREAD, Spread

QUIET: Final = timedelta(seconds=1)


class Vouching:
    """Reads streams and back-fill; makes no call but in `second_opinions`, `affirm` and `refresh`."""

    def __init__(self, rest: PublicRest, streams: Streams, fill: BackFill, step: int) -> None:
        self._rest, self._streams, self._fill, self._step = rest, streams, fill, step
        self._looked_at = NO_TIME

    def quote(self, symbol: str, instant: datetime | None = None) -> Quote | None:
        """What is quoted now, or was at *instant*; None where that is in doubt."""
        streams = self._streams
        return streams.quote(symbol) if instant is None else streams.quote_at(symbol, instant)

    def spread(self, symbol: str) -> Spread:
        """Quoted now; where nothing sound is, what its tier assumes: to be stale is for other rules."""
        quote = self._streams.quote(symbol)
        return quote.spread_bps if quote is not None and quote.sound else TIER_SPREAD

    def watermark(self, symbol: str) -> datetime:
        """
        The end of the last interval known to be closed, traded in or not.

        That is where bars were asked for, or where every trade since has been heard of.
        """
        known = self._fill.known[symbol]
        since, until = self._streams.heard_since(symbol), self._streams.heard_until(symbol)
        if since is not None and until is not None and since.timestamp() <= known:
            known = max(known, int(until.timestamp()) // self._step * self._step)
        return datetime.fromtimestamp(known, UTC)

    def health(self, symbol: str, instant: datetime | None = None) -> FeedHealth:
        """All of it, as of now or as far as it concerns *instant*."""
        watermark = self.watermark(symbol)
        jump, suspect = self._streams.jump(symbol)
        return FeedHealth(watermark if instant is None else min(watermark, instant), self._step, jump, suspect)

    def ask_again(self, symbols: Sequence[str], instant: datetime) -> None:
        """What the streams alone cannot tell of *instant*."""
        self.second_opinions(symbols)
        self.affirm(symbols, instant)

    def second_opinions(self, symbols: Iterable[str]) -> None:
        """Ask the venue over REST where the streams alone cannot tell a price from a mistake."""
        for symbol in symbols:
            if self._streams.wants_second(symbol):
                quote = self._rest.quote(symbol)
                if quote is not None:
                    self._streams.second(quote)

    def affirm(self, symbols: Iterable[str], instant: datetime) -> None:
        """
        Ask REST whether a quote that has not moved since before *instant* still stands.

        Where the answer is another one, the streams have missed something or will tell it: the quote stays old.
        """
        for symbol in symbols:
            known = self._streams.quote(symbol)
            if known is None or instant - known.time <= QUIET:
                continue
            asked = self._rest.quote(symbol)
            if asked is not None and asked.time > instant and (asked.bid, asked.ask) == (known.bid, known.ask):
                self._streams.offer(asked)

    def refresh(self, symbols: Iterable[str], older_than: timedelta) -> None:
        """
        Ask the venue for the quotes of products so quiet that their streams have not spoken for so long.

        The venue tells its time once for all of them, and not at all where nothing is quoted.  Without its time none
        counts as young or old, and nobody is asked; where one symbol gets no answer the others are asked all the same.
        """
        known = {symbol: self._streams.quote(symbol) for symbol in symbols}
        if any(quote is not None for quote in known.values()) and not self._fill.tried(self._look_at_clock):
            return
        for symbol, quote in known.items():
            if quote is None or self._looked_at - quote.time > older_than:
                self._fill.tried(partial(self._offer, symbol))

    def _look_at_clock(self) -> None:
        self._looked_at = self._rest.time()

    def _offer(self, symbol: str) -> None:
        asked = self._rest.quote(symbol)
        if asked is not None:
            self._streams.offer(asked)
