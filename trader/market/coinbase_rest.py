"""
Coinbase's public market data, question by question; no key is needed or sent.

A bar that is not over by the venue's own clock never comes out, whoever asks:
the newest bucket the venue gives is still forming.  What is missing stays
missing, and an answer that does not look as it should is an error that says where.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from pydantic import ValidationError

from trader.coinbase.answers import Answer, ProductRow
from trader.coinbase.trust import REST_HOST
from trader.market.bars import COLUMNS
from trader.market.checks import content_problems, utc
from trader.market.coinbase_answers import (
    BookAnswer,
    CandleList,
    CandleRow,
    ProductList,
    VenueTime,
)
from trader.market.coinbase_http import NoUsableAnswer, Questions, RefusedQuestion, unnoticed
from trader.market.coinbase_time import VenueTold, ask_until_certain
from trader.market.symbols import unknown_symbol
from trader.model.market import FloatArray, IntArray, Product, Quote
from trader.model.wire import ProductState

PREFIX: Final = "/api/v3/brokerage"
BARS_A_CALL: Final = 300
"""The venue takes fewer than 350, and where exactly it stops is told differently."""
SETTLE: Final = timedelta(seconds=2)
"""How long after its end a bar is left alone: its last trades may still be on their way into it."""
NAMES: Final = {
    60: "ONE_MINUTE", 300: "FIVE_MINUTE", 900: "FIFTEEN_MINUTE", 1_800: "THIRTY_MINUTE", 3_600: "ONE_HOUR",
    7_200: "TWO_HOUR", 14_400: "FOUR_HOUR", 21_600: "SIX_HOUR", 86_400: "ONE_DAY",
}  # fmt: skip

Shape = TypeVar("Shape", bound=Answer)


@dataclass(frozen=True, slots=True)
class Candles:
    """Closed bars of one symbol in order of time: starts in epoch seconds, rows of *block* in the order of COLUMNS."""

    starts: IntArray
    block: FloatArray


class PublicRest:
    """
    The public questions, over *questions*.  May be asked by several threads.

    *told* hears of every call of `candles`, one after the other: a progress bar.
    """

    def __init__(self, questions: Questions) -> None:
        self._questions = questions
        self._past = datetime.fromtimestamp(0, UTC)
        self._clock: VenueTold | None = None
        self.host = questions.host

    @classmethod
    def at(cls, host: str = REST_HOST, ca_file: Path | None = None) -> PublicRest:
        """The one at *host*, trusting *ca_file* alone where it is given."""
        return cls(Questions(host, ca_file))

    def close(self) -> None:
        """Leave no connection open."""
        self._questions.close()

    def keeps(self, clock: VenueTold) -> None:
        """From now on *clock* hears of every answer to `time`."""
        self._clock = clock

    def time(self) -> datetime:
        """The venue's clock, UTC."""
        clock, asked = self._clock, 0.0

        def leaves() -> None:
            nonlocal asked
            asked = 0.0 if clock is None else clock.ticks()

        millis = self._ask("/time", VenueTime, leaves).epoch_millis
        now = datetime.fromtimestamp(millis / 1000, UTC)
        self._past = max(self._past, now)
        if clock is not None:
            clock.heard(now, asked)
        return now

    def make_certain(self) -> None:
        """Ask for the time again where the clock that is kept wants to know it better."""
        if self._clock is not None:
            ask_until_certain(self._clock, self.time)

    def state(self, symbol: str) -> ProductState:
        """What *symbol* permits just now; `UnknownSymbol` with what was probably meant where there is none."""
        try:
            row = self._ask(f"/market/products/{symbol}", ProductRow, get_tradability_status="true")
        except RefusedQuestion as error:
            if error.status not in (400, 404):
                raise
            raise unknown_symbol(symbol, self.symbols(), self.host) from error
        return row.state

    def states(self, symbols: Sequence[str] = ()) -> dict[str, ProductState]:
        """What *symbols*, or all products, permit just now; one that is not listed is left out."""
        named: dict[str, Any] = {"product_ids": list(symbols)} if symbols else {}
        rows = self._ask("/market/products", ProductList, get_tradability_status="true", **named).products
        return {row.product_id: row.state for row in rows}

    def symbols(self) -> tuple[str, ...]:
        """Every product there is."""
        return tuple(sorted(self.states()))

    def quote(self, symbol: str) -> Quote | None:
        """Best bid and ask with the venue's time; None where a side of the book is empty."""
        book = self._ask("/market/product_book", BookAnswer, product_id=symbol, limit=1).pricebook
        if not book.bids or not book.asks:
            return None
        return Quote(symbol, book.bids[0].price, book.asks[0].price, book.time.astimezone(UTC))

    def closed_before(self, last: int, seconds: int) -> int:
        """*last* (epoch seconds), or the end of the newest bar of *seconds* that is over, where that is earlier."""
        if self._past - SETTLE < datetime.fromtimestamp(last, UTC):
            self.time()
        return min(last, int((self._past - SETTLE).timestamp()) // seconds * seconds)

    def candles(
        self, symbol: str, seconds: int, first: int, last: int, told: Callable[[], None] = lambda: None
    ) -> Candles:
        """Bars of *symbol* that start in `[first, last)` epoch seconds and are over; *told* hears of every call."""
        assert first % seconds == 0, "bars begin on their own grid"
        found: dict[int, CandleRow] = {}
        end = self.closed_before(last, seconds)
        for begin in range(first, end, BARS_A_CALL * seconds):
            until = min(begin + BARS_A_CALL * seconds, end)
            for row in self._call(symbol, seconds, begin, until):
                if begin <= row.start < until and found.setdefault(row.start, row) != row:
                    raise NoUsableAnswer(f"{self.host}: {symbol}: two different bars at {utc(row.start)}")
            told()
        rows = [found[start] for start in sorted(found)]
        starts = np.array([row.start for row in rows], np.int64)
        block = np.array([[getattr(row, name) for row in rows] for name in COLUMNS], np.float64)
        problems = content_problems(starts, dict(zip(COLUMNS, block, strict=True)), seconds) if rows else []
        if problems:
            raise NoUsableAnswer(f"{self.host}: {symbol}: bars that cannot be used: {'; '.join(problems)}")
        return Candles(starts, block)

    def _call(self, symbol: str, seconds: int, begin: int, until: int) -> list[CandleRow]:
        """One call.  The end is inclusive, so it stands inside the last bar that is wanted."""
        path = f"/market/products/{symbol}/candles"
        return self._ask(path, CandleList, start=begin, end=until - 1, granularity=NAMES[seconds]).candles

    def _ask(self, path: str, shape: type[Shape], leaves: Callable[[], None] = unnoticed, **params: Any) -> Shape:
        body = self._questions.get(PREFIX + path, params, leaves)
        try:
            return shape.model_validate_json(body)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the whole"
            more = f" and {error.error_count() - 1} more" if error.error_count() > 1 else ""
            said = f"{self.host}: {path}: the answer cannot be understood ({where}: {first['msg']}{more})"
            raise NoUsableAnswer(said) from error


def product_of(state: ProductState) -> Product:
    """What an order must fit to, and what is not taken just now."""
    return Product(
        state.symbol,
        state.base_increment,
        state.price_increment,
        state.base_min_size,
        state.quote_min_usd,
        state.flags,
    )
