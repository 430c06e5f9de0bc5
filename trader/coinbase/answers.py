"""
What the venue's answers have in common, and the one row that both ways to it read: a product.

A flag or a status that is not there is an error that names it, never a guess:
whoever takes a missing "disabled" for "no" trades what cannot be traded.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, model_validator

from trader.model.wire import ProductState


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


def _text_if_null(value: Any) -> Any:
    return "" if value is None else value


Number = Annotated[Decimal, Field(allow_inf_nan=False)]
Maybe = Annotated[Decimal | None, BeforeValidator(_none_if_empty)]
"""A number, or nothing where the venue sends an empty text."""
Words = Annotated[str, BeforeValidator(_text_if_null)]


class Answer(BaseModel):
    """What the venue sends, frozen; more than we know of is welcome, for it adds fields without asking."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ProductRow(Answer):
    """A product with its increments, smallest orders and flags."""

    product_id: str
    base_increment: Number
    quote_increment: Maybe = None
    price_increment: Maybe = None
    base_min_size: Number
    base_max_size: Maybe = None
    quote_min_size: Maybe = None
    status: str
    is_disabled: StrictBool
    trading_disabled: StrictBool
    cancel_only: StrictBool
    limit_only: StrictBool
    post_only: StrictBool
    auction_mode: StrictBool
    view_only: StrictBool | None = None
    alias: Words = ""

    @model_validator(mode="after")
    def _has_an_increment(self) -> Self:
        if not (self.price_increment or self.quote_increment):
            raise ValueError(f"product {self.product_id} has neither a price_increment nor a quote_increment")
        return self

    @property
    def state(self) -> ProductState:
        """The noun: what the product permits just now."""
        price_increment = self.price_increment or self.quote_increment
        assert price_increment, "a row without one is not read"
        return ProductState(
            symbol=self.product_id,
            base_increment=self.base_increment,
            price_increment=price_increment,
            base_min_size=self.base_min_size,
            base_max_size=self.base_max_size,
            quote_min_usd=Decimal(1) if self.quote_min_size is None else self.quote_min_size,
            online=self.status == "online",
            disabled=self.is_disabled or self.trading_disabled,
            cancel_only=self.cancel_only,
            limit_only=self.limit_only,
            post_only=self.post_only,
            auction=self.auction_mode,
            view_only=bool(self.view_only),
            alias=self.alias,
        )
