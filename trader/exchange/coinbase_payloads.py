"""
The venue's answers, as far as we read them.

What is unknown is ignored, for the venue adds fields without asking; what we
need and do not find is named.  Empty texts stand for zero or for nothing
exactly where the venue was seen to send them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, StrictBool, ValidationError

from trader.exchange.coinbase_failures import Failed, Why, clipped
from trader.exchange.coinbase_session import Reply

PROBLEMS_MAX = 3


def _zero_if_empty(value: Any) -> Any:
    return "0" if value == "" else value


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


def _text_if_null(value: Any) -> Any:
    return "" if value is None else value


Sum = Annotated[Decimal, BeforeValidator(_zero_if_empty)]
Maybe = Annotated[Decimal | None, BeforeValidator(_none_if_empty)]
Words = Annotated[str, BeforeValidator(_text_if_null)]
Time = AwareDatetime


class Payload(BaseModel):
    """Frozen; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ServerTime(Payload):
    epochMillis: int  # noqa: N815 - the venue's spelling


class Product(Payload):
    product_id: str
    base_increment: Decimal
    quote_increment: Maybe = None
    price_increment: Maybe = None
    base_min_size: Decimal
    base_max_size: Maybe = None
    quote_min_size: Maybe = None
    status: str
    is_disabled: StrictBool
    cancel_only: StrictBool
    limit_only: StrictBool
    post_only: StrictBool
    trading_disabled: StrictBool
    auction_mode: StrictBool
    view_only: StrictBool | None = None


class Pagination(Payload):
    next_cursor: Words = ""
    has_next: StrictBool | None = None


class Products(Payload):
    products: tuple[Product, ...]
    pagination: Pagination | None = None


class Amount(Payload):
    value: Decimal
    currency: str


class Account(Payload):
    uuid: str
    currency: str
    available_balance: Amount
    hold: Amount
    type: str


class Accounts(Payload):
    accounts: tuple[Account, ...]
    has_next: StrictBool
    cursor: Words = ""


class FeeTier(Payload):
    maker_fee_rate: Decimal
    taker_fee_rate: Decimal


class Fees(Payload):
    fee_tier: FeeTier


class Permissions(Payload):
    can_view: StrictBool
    can_trade: StrictBool
    can_transfer: StrictBool
    portfolio_uuid: Words = ""


class OrderTerms(Payload):
    """What stands under the one key of an order_configuration; kinds we never send have other fields besides."""

    base_size: Maybe = None
    quote_size: Maybe = None
    limit_price: Maybe = None
    stop_price: Maybe = None
    post_only: bool | None = None


class Order(Payload):
    order_id: str
    client_order_id: str
    product_id: str
    side: str
    status: str
    created_time: Time
    order_configuration: dict[str, OrderTerms | None] | None = None
    filled_size: Sum
    filled_value: Sum
    total_fees: Sum
    reject_reason: Words = ""
    reject_message: Words = ""
    cancel_message: Words = ""


class OneOrder(Payload):
    order: Order


class Orders(Payload):
    orders: tuple[Order, ...]
    has_next: StrictBool
    cursor: Words = ""


class Fill(Payload):
    entry_id: str
    trade_id: str
    order_id: str
    trade_time: Time
    trade_type: str
    price: Decimal
    size: Decimal
    commission: Decimal
    product_id: str
    sequence_timestamp: Time | None = None
    liquidity_indicator: Words = ""
    size_in_quote: StrictBool
    side: str


class Fills(Payload):
    fills: tuple[Fill, ...]
    cursor: Words = ""


class Estimate(Payload):
    errs: tuple[Any, ...]
    warning: tuple[Any, ...] = ()
    commission_total: Maybe = None


class Made(Payload):
    order_id: Words = ""
    client_order_id: Words = ""
    product_id: Words = ""
    side: Words = ""


class Denial(Payload):
    error: Words = ""
    new_order_failure_reason: Words = ""
    preview_failure_reason: Words = ""
    message: Words = ""
    error_details: Words = ""


class Created(Payload):
    success: StrictBool
    success_response: Made | None = None
    error_response: Denial | None = None
    order_id: Words = ""


class Cancelled(Payload):
    success: StrictBool
    order_id: str
    failure_reason: Words = ""


class CancelledOrders(Payload):
    results: tuple[Cancelled, ...]


Read = TypeVar("Read", bound=Payload)


def read(model: type[Read], reply: Reply) -> Read | Failed:
    """*reply* as *model*, or a failure that names what is missing or wrong."""
    if isinstance(reply, Failed):
        return reply
    try:
        return model.model_validate(reply)
    except ValidationError as error:
        rows = error.errors(include_url=False, include_input=False, include_context=False)
    named = [f"{'.'.join(map(str, row['loc']))}: {row['msg'].lower()}" for row in rows[:PROBLEMS_MAX]]
    more = f" and {len(rows) - PROBLEMS_MAX} more" if len(rows) > PROBLEMS_MAX else ""
    return Failed(Why.GARBLED, f"its answer has another shape than it should: {clipped('; '.join(named))}{more}")
