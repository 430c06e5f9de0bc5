"""
What an `order_configuration` asks for.

The venue's eleven spellings come down to one set of terms; what cannot be
understood, or is not for spot, is refused with the venue's code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from trader.simulator.refusal import (
    NO_END_TIME,
    NO_QUOTE_BRACKET,
    NO_QUOTE_SIZE,
    NOT_A_NUMBER,
    UNSUPPORTED,
    BadRequest,
    Refusal,
)

GTC, GTD = "GOOD_UNTIL_CANCELLED", "GOOD_UNTIL_DATE_TIME"
IOC, FOK = "IMMEDIATE_OR_CANCEL", "FILL_OR_KILL"
MARKET, LIMIT, STOP_LIMIT, BRACKET = "MARKET", "LIMIT", "STOP_LIMIT", "BRACKET"
STOP_UP, STOP_DOWN = "STOP_DIRECTION_STOP_UP", "STOP_DIRECTION_STOP_DOWN"

KINDS = {
    "market_market_ioc": (MARKET, IOC),
    "sor_limit_ioc": (LIMIT, IOC),
    "limit_limit_fok": (LIMIT, FOK),
    "limit_limit_gtc": (LIMIT, GTC),
    "limit_limit_gtd": (LIMIT, GTD),
    "stop_limit_stop_limit_gtc": (STOP_LIMIT, GTC),
    "stop_limit_stop_limit_gtd": (STOP_LIMIT, GTD),
    "trigger_bracket_gtc": (BRACKET, GTC),
    "trigger_bracket_gtd": (BRACKET, GTD),
}
NUMBERS = ("base_size", "quote_size", "limit_price", "stop_price", "stop_trigger_price")


@dataclass(frozen=True, slots=True)
class Terms:
    """One order's terms; `None` where the kind has no such thing."""

    key: str
    order_type: str
    time_in_force: str
    base_size: Decimal | None
    quote_size: Decimal | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    stop_up: bool
    post_only: bool
    end_time: datetime | None

    @property
    def rests(self) -> bool:
        """Whether what is not filled at once stays on the book."""
        return self.time_in_force in (GTC, GTD)


def read_terms(configuration: Mapping[str, Any], side: str) -> Terms | Refusal:
    """The terms of *configuration* for a BUY or SELL, or why there are none."""
    if len(configuration) != 1:
        return UNSUPPORTED
    key, fields = next(iter(configuration.items()))
    if key not in KINDS or not isinstance(fields, Mapping):
        return UNSUPPORTED
    order_type, tif = KINDS[key]
    numbers = {name: _number(name, fields.get(name)) for name in NUMBERS}
    if any(value is not None and not value.is_finite() for value in numbers.values()):
        return NOT_A_NUMBER
    refused = _misshapen(order_type, tif, side, numbers, fields)
    if refused is not None:
        return refused
    return Terms(
        key, order_type, tif, numbers["base_size"], numbers["quote_size"], numbers["limit_price"],
        numbers["stop_trigger_price"] if order_type == BRACKET else numbers["stop_price"],
        fields.get("stop_direction") == STOP_UP, fields.get("post_only") is True, _time(fields.get("end_time")),
    )  # fmt: skip


def _misshapen(
    order_type: str, tif: str, side: str, numbers: Mapping[str, Decimal | None], fields: Mapping[str, Any]
) -> Refusal | None:
    by_quote = numbers["quote_size"] is not None
    if by_quote == (numbers["base_size"] is not None):
        return UNSUPPORTED
    if by_quote and order_type == BRACKET:
        return NO_QUOTE_BRACKET
    if by_quote and (order_type != MARKET or side == "SELL"):
        return NO_QUOTE_SIZE
    if order_type != MARKET and numbers["limit_price"] is None:
        return UNSUPPORTED
    if order_type == STOP_LIMIT and (
        numbers["stop_price"] is None or fields.get("stop_direction") not in (STOP_UP, STOP_DOWN)
    ):
        return UNSUPPORTED
    if order_type == BRACKET and numbers["stop_trigger_price"] is None:
        return UNSUPPORTED
    if tif == GTD and not fields.get("end_time"):
        return NO_END_TIME
    return None


def _number(name: str, value: Any) -> Decimal | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadRequest(400, "unknown", f"proto: (line 1:1): invalid value for string field {name}: {value!r}")
    try:
        return Decimal(value)
    except InvalidOperation:
        return Decimal("NaN")


def _time(value: Any) -> datetime | None:
    if not value:
        return None
    try:
        time = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError as error:
        raise BadRequest(400, "INVALID_ARGUMENT", f"end_time is invalid: {value}") from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)
