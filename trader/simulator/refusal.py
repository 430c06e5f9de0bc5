"""
Why the venue says no, in its own codes.

A refused order is an answer (HTTP 200, `success: false`); a request the venue
cannot even read is an HTTP error, and an exception here.
"""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN_NEW = "UNKNOWN_FAILURE_REASON"
UNKNOWN_PREVIEW = "UNKNOWN_PREVIEW_FAILURE_REASON"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A NewOrderFailureReason, what a preview calls it, and the venue's words."""

    reason: str
    preview: str
    message: str


class BadRequest(Exception):
    """An HTTP error with the venue's JSON body."""

    def __init__(self, status: int, error: str, message: str, details: bool = True) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": error, "error_details": message, "message": message}
        if not details:
            del self.body["error_details"]


def only_preview(preview: str, message: str) -> Refusal:
    """A reason that has a preview code and no code of its own."""
    return Refusal(UNKNOWN_NEW, preview, message)


NO_SUCH_ORDER = "order with this orderID was not found"
INVALID_PRODUCT = Refusal("INVALID_PRODUCT_ID", "PREVIEW_INVALID_PRODUCT_ID", "ProductID is invalid")
INVALID_SIDE = Refusal("INVALID_SIDE", "PREVIEW_INVALID_SIDE", "side is invalid")
UNSUPPORTED = Refusal(
    "UNSUPPORTED_ORDER_CONFIGURATION", "PREVIEW_INVALID_ORDER_CONFIG", "source is not enabled for trading"
)
NOT_A_NUMBER = Refusal("INVALID_REQUEST", "PREVIEW_NON_NUMERIC_ORDER_SIZE", "order size is not a number")
NO_QUOTE_SIZE = Refusal(
    "QUOTE_ORDERS_NOT_ALLOWED_FOR_PRODUCT", "PREVIEW_INVALID_ORDER_CONFIG", "quote orders are not allowed"
)
SIZE_DECIMALS = Refusal("INVALID_SIZE_PRECISION", "PREVIEW_INVALID_SIZE_PRECISION", "Too many decimals in order amount")
QUOTE_DECIMALS = Refusal(
    "INVALID_SIZE_PRECISION", "PREVIEW_INVALID_QUOTE_SIZE_PRECISION", "Too many decimals in order amount"
)
PRICE_DECIMALS = Refusal(
    "INVALID_PRICE_PRECISION", "PREVIEW_INVALID_PRICE_PRECISION", "Too many decimals in order price"
)
PRICE_INVALID = Refusal("INVALID_LIMIT_PRICE", "PREVIEW_INVALID_LIMIT_PRICE", "limit price is invalid")
BASE_SMALL = only_preview("PREVIEW_INVALID_BASE_SIZE_TOO_SMALL", "base size is too small")
BASE_LARGE = only_preview("PREVIEW_INVALID_BASE_SIZE_TOO_LARGE", "base size is too large")
QUOTE_SMALL = only_preview("PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL", "quote size is too small")
QUOTE_LARGE = only_preview("PREVIEW_INVALID_QUOTE_SIZE_TOO_LARGE", "quote size is too large")
NO_FUNDS = Refusal("INSUFFICIENT_FUND", "PREVIEW_INSUFFICIENT_FUND", "Insufficient balance in source account")
WOULD_CROSS = Refusal(
    "INVALID_LIMIT_PRICE_POST_ONLY", "PREVIEW_INVALID_LIMIT_PRICE_POST_ONLY", "post only order would cross the book"
)
NO_LIQUIDITY = Refusal("INVALID_NO_LIQUIDITY", "PREVIEW_INVALID_NO_LIQUIDITY", "no liquidity")
TRADING_OFF = Refusal("TRADING_DISABLED", "PREVIEW_TRADING_DISABLED", "trading is disabled for this product")
UNTRADABLE = Refusal("UNTRADABLE_PRODUCT", "PREVIEW_UNTRADABLE_PRODUCT", "product is not tradable")
ENTRY_OFF = Refusal("ORDER_ENTRY_DISABLED", "PREVIEW_NOT_ALLOWED_BY_MARKET_STATE", "order entry is disabled")
HALTED = Refusal("PRODUCT_TRADING_HALTED", "PREVIEW_PRODUCT_TRADING_HALTED", "trading is halted for this product")
LIMIT_ONLY = Refusal(
    "UNSUPPORTED_ORDER_CONFIGURATION", "PREVIEW_NOT_ALLOWED_BY_MARKET_STATE", "only limit orders are allowed"
)
POST_ONLY = Refusal("ORDER_ENTRY_DISABLED", "PREVIEW_NOT_ALLOWED_BY_MARKET_STATE", "only post only orders are allowed")
NO_END_TIME = Refusal("GTD_ORDERS_MUST_HAVE_END_TIME", "PREVIEW_INVALID_END_TIME", "GTD orders must have an end time")
END_PAST = Refusal("END_TIME_IS_IN_THE_PAST", "PREVIEW_INVALID_END_TIME", "end time is in the past")
END_FAR = Refusal("END_TIME_TOO_FAR_IN_FUTURE", "PREVIEW_INVALID_END_TIME", "end time is too far in the future")
STOP_INVALID = only_preview("PREVIEW_INVALID_STOP_PRICE", "stop price is invalid")
STOP_OVER_LAST = only_preview("PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE", "stop price is above the last trade price")
STOP_UNDER_LAST = only_preview("PREVIEW_STOP_PRICE_BELOW_LAST_TRADE_PRICE", "stop price is below the last trade price")
STOP_OVER_LIMIT = only_preview("PREVIEW_STOP_PRICE_ABOVE_LIMIT_PRICE", "stop price is above the limit price")
STOP_UNDER_LIMIT = only_preview("PREVIEW_STOP_PRICE_BELOW_LIMIT_PRICE", "stop price is below the limit price")
NO_QUOTE_BRACKET = Refusal(
    "QUOTE_SIZE_NOT_ALLOWED_FOR_BRACKET", "PREVIEW_QUOTE_SIZE_NOT_ALLOWED_FOR_BRACKET", "a bracket is sized in base"
)
ATTACHED_SIZE = only_preview("PREVIEW_ATTACHED_ORDER_SIZE_MUST_BE_NIL", "attached order size must be omitted")
ATTACHED_KIND = only_preview(
    "PREVIEW_ATTACHED_ORDERS_ONLY_ALLOWED_ON_MARKET_LIMIT", "attached orders go with market and limit orders only"
)
ATTACHED_SIDE = only_preview("PREVIEW_INVALID_BRACKET_ORDER_SIDE", "attached orders go with buys only")
ATTACHED_PRICES = only_preview("PREVIEW_ATTACHED_ORDER_MUST_HAVE_POSITIVE_PRICES", "attached prices must be positive")


def _attached(leg: str, what: str) -> Refusal:
    code = f"INVALID_ATTACHED_{leg}_PRICE"
    return Refusal(
        f"{code}{what}", f"PREVIEW_{code}{what}", f"attached {leg.lower().replace('_', ' ')} price is invalid"
    )


TARGET_PRICE, TARGET_DECIMALS = _attached("TAKE_PROFIT", ""), _attached("TAKE_PROFIT", "_PRECISION")
LOSS_PRICE, LOSS_DECIMALS = _attached("STOP_LOSS", ""), _attached("STOP_LOSS", "_PRECISION")
SPOT_POSITION = Refusal("UNSUPPORTED_ORDER_CONFIGURATION", UNKNOWN_PREVIEW, "spot has no position to close")
TOO_MANY_OPEN = Refusal("BREACHED_RISK_LIMIT", "PREVIEW_BREACHED_RISK_LIMIT", "too many open orders")
DUPLICATE = Refusal("DUPLICATE_CLIENT_ORDER_ID", UNKNOWN_PREVIEW, "client order id was used before")
