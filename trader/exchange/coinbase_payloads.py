"""
The venue's answers, as far as we read them.

What is unknown is ignored, for the venue adds fields without asking; what we
need and do not find is named.  Empty texts stand for zero or for nothing
exactly where the venue was seen to send them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BeforeValidator, StrictBool, ValidationError

from trader.coinbase.answers import Answer, Maybe, ProductRow, Words
from trader.exchange.coinbase_failures import Failed, Why, clipped
from trader.exchange.coinbase_session import Reply

PROBLEMS_MAX = 3
NO_TIMES = ("", "0001-01-01T00:00:00Z")
"""How the venue writes that there is none: the second was seen on the stream."""


def _zero_if_empty(value: Any) -> Any:
    return "0" if value == "" else value


Sum = Annotated[Decimal, BeforeValidator(_zero_if_empty)]
Time = AwareDatetime
MaybeTime = Annotated[AwareDatetime | None, BeforeValidator(lambda value: None if value in NO_TIMES else value)]


class ServerTime(Answer):
    epochMillis: int  # noqa: N815 - the venue's spelling


class Pagination(Answer):
    next_cursor: Words = ""
    has_next: StrictBool | None = None


class Products(Answer):
    products: tuple[ProductRow, ...]
    pagination: Pagination | None = None


class Amount(Answer):
    value: Decimal
    currency: str


class Account(Answer):
    uuid: str
    currency: str
    available_balance: Amount
    hold: Amount
    type: str


class Accounts(Answer):
    accounts: tuple[Account, ...]
    has_next: StrictBool
    cursor: Words = ""


class FeeTier(Answer):
    maker_fee_rate: Decimal
    taker_fee_rate: Decimal


class Fees(Answer):
    fee_tier: FeeTier


class Permissions(Answer):
    can_view: StrictBool
    can_trade: StrictBool
    can_transfer: StrictBool
    portfolio_uuid: Words = ""


class OrderTerms(Answer):
    """What stands under the one key of an order_configuration; kinds we never send have other fields besides."""

    base_size: Maybe = None
    quote_size: Maybe = None
    limit_price: Maybe = None
    stop_price: Maybe = None
    post_only: bool | None = None
    end_time: MaybeTime = None


class Order(Answer):
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


class OneOrder(Answer):
    order: Order


class Orders(Answer):
    orders: tuple[Order, ...]
    has_next: StrictBool
    cursor: Words = ""


class Fill(Answer):
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


class Fills(Answer):
    fills: tuple[Fill, ...]
    cursor: Words = ""


class Estimate(Answer):
    errs: tuple[Any, ...]
    warning: tuple[Any, ...] = ()
    commission_total: Maybe = None


class Made(Answer):
    order_id: Words = ""
    client_order_id: Words = ""
    product_id: Words = ""
    side: Words = ""


class Denial(Answer):
    error: Words = ""
    new_order_failure_reason: Words = ""
    preview_failure_reason: Words = ""
    message: Words = ""
    error_details: Words = ""


class Created(Answer):
    success: StrictBool
    success_response: Made | None = None
    error_response: Denial | None = None
    order_id: Words = ""


class Cancelled(Answer):
    success: StrictBool
    order_id: str
    failure_reason: Words = ""


class CancelledOrders(Answer):
    results: tuple[Cancelled, ...]


Read = TypeVar("Read", bound=Answer)


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
