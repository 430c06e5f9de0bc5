"""
The venue's public answers, as far as we read them.

More fields than we know of are welcome; one that is missing or no number is an
error that names it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from trader.coinbase.answers import Answer, Number, ProductRow

Figure = Annotated[float, Field(allow_inf_nan=False)]


class VenueTime(Answer):
    """The clock."""

    epoch_millis: int = Field(alias="epochMillis")


class CandleRow(Answer):
    """One bucket; *start* in epoch seconds."""

    start: int
    open: Figure
    high: Figure
    low: Figure
    close: Figure
    volume: Figure


class CandleList(Answer):
    """Buckets, newest first."""

    candles: list[CandleRow]


class Level(Answer):
    """One price of a book."""

    price: Number


class PriceBook(Answer):
    """A book, as deep as was asked for."""

    bids: list[Level]
    asks: list[Level]
    time: AwareDatetime


class BookAnswer(Answer):
    """The answer that holds it."""

    pricebook: PriceBook


class ProductList(Answer):
    """All of them."""

    products: list[ProductRow]
