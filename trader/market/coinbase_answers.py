"""
The venue's public answers, as far as we read them.

More fields than we know of are welcome; one that is missing or no number is an
error that names it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from trader.model.wire import ProductState

Number = Annotated[Decimal, Field(allow_inf_nan=False)]
Figure = Annotated[float, Field(allow_inf_nan=False)]


class Answer(BaseModel):
    """What the venue sends; more than we know of is welcome."""

    model_config = ConfigDict(extra="ignore", frozen=True)


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


class ProductRow(Answer):
    """A product with its increments and flags."""

    product_id: str
    base_increment: Number
    quote_increment: Number
    price_increment: Number | None = None
    base_min_size: Number
    base_max_size: Number | None = None
    quote_min_size: Number = Decimal(1)
    status: str = "online"
    is_disabled: bool = False
    trading_disabled: bool = False
    cancel_only: bool = False
    limit_only: bool = False
    post_only: bool = False
    auction_mode: bool = False
    view_only: bool = False


class ProductList(Answer):
    """All of them."""

    products: list[ProductRow]


def state_of(row: ProductRow) -> ProductState:
    """The noun of a product's row."""
    return ProductState(
        symbol=row.product_id,
        base_increment=row.base_increment,
        price_increment=row.price_increment or row.quote_increment,
        base_min_size=row.base_min_size,
        base_max_size=row.base_max_size,
        quote_min_usd=row.quote_min_size,
        online=row.status == "online",
        disabled=row.is_disabled or row.trading_disabled,
        cancel_only=row.cancel_only,
        limit_only=row.limit_only,
        post_only=row.post_only,
        auction=row.auction_mode,
        view_only=row.view_only,
    )
