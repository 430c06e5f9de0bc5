"""
What a WebSocket frame of Coinbase's says, whatever of its shapes it came in.

The envelope may have a client id or not, a heartbeat's counter may be a number
or a word, an error has neither channel nor sequence.  A frame that cannot be
understood raises `BadFrame` that says why; nothing is guessed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, Final

DIGITS_MAX: Final = 40


class BadFrame(ValueError):
    """A frame that is not what the venue documents."""


@dataclass(frozen=True, slots=True)
class TopOfBook:
    """Best bid and ask of a ticker."""

    symbol: str
    bid: Decimal
    ask: Decimal


@dataclass(frozen=True, slots=True)
class BookChange:
    """Levels of one book as (bid?, price, size): absolute sizes, "0" removes; a *snapshot* replaces all before it."""

    symbol: str
    snapshot: bool
    levels: tuple[tuple[bool, str, str], ...]


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade of the market."""

    symbol: str
    trade_id: str
    price: Decimal
    size: Decimal
    time: datetime


@dataclass(frozen=True, slots=True)
class OrderTold:
    """
    What the user channel says of an order: where it stands in all, not what was executed.  A hint to ask over REST,
    where prices, fees and ids of executions come from.
    """

    order_id: str
    client_order_id: str
    symbol: str
    status: str
    filled_size: Decimal


@dataclass(frozen=True, slots=True)
class ProductTold:
    """A row of the status channel."""

    symbol: str
    status: str


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The whole set of subscriptions: channel to product ids."""

    channels: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Beat:
    """The venue is there."""

    counter: int


@dataclass(frozen=True, slots=True)
class Complaint:
    """The venue says no to something we sent; which channel it meant it does not say."""

    message: str


Event = TopOfBook | BookChange | Trade | OrderTold | ProductTold | Subscribed | Beat | Complaint


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: *time* is the venue's, *sequence* counts every frame of the connection (None for a complaint)."""

    channel: str
    time: datetime | None
    sequence: int | None
    events: tuple[Event, ...]
    snapshot: bool = False


def parse(text: str | bytes) -> Frame:
    """The frame in *text*; unknown channels are frames without events."""
    try:
        raw = json.loads(text)
        if raw.get("type") == "error":
            return Frame("error", None, None, (Complaint(str(raw.get("message", ""))),))
        channel = raw["channel"]
        read = _READERS.get(channel)
        rows = raw["events"] or ()
        events = tuple(event for row in rows for event in read(row)) if read else ()
        snapshot = any(row.get("type") == "snapshot" for row in rows)
        return Frame(channel, instant(raw["timestamp"]), int(raw["sequence_num"]), events, snapshot)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        raise BadFrame(f"{type(error).__name__} {error} in {str(text)[:120]!r}") from error


def instant(text: str) -> datetime:
    """An RFC 3339 time, to the microsecond, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _number(value: Any) -> Decimal:
    """What no arithmetic chokes on; whether NaN is a price is for others to say."""
    number = Decimal(_name(value))
    if number.is_snan() or number.adjusted() > DIGITS_MAX:
        raise ValueError(f"{value!r} is no number")
    return number


def _level(row: dict[str, Any]) -> tuple[bool, str, str]:
    price, size = _name(row["price_level"]), _name(row["new_quantity"])
    if not (isfinite(float(price)) and 0 <= float(size) < float("inf")):
        raise ValueError(f"{size!r} at {price!r} is no level of a book")
    return row["side"] == "bid", price, size


def _tops(row: dict[str, Any]) -> list[Event]:
    """A ticker without best prices (a batch, or an empty side of the book) says nothing of them."""
    return [
        TopOfBook(_name(one["product_id"]), _number(one["best_bid"]), _number(one["best_ask"]))
        for one in row["tickers"]
        if one.get("best_bid") and one.get("best_ask")
    ]


def _levels(row: dict[str, Any]) -> list[Event]:
    levels = tuple([_level(one) for one in row["updates"] or ()])
    return [BookChange(_name(row["product_id"]), row["type"] == "snapshot", levels)]


def _trades(row: dict[str, Any]) -> list[Event]:
    """Oldest first, whatever the order they came in."""
    found: list[Event] = [
        Trade(
            _name(one["product_id"]),
            _name(one["trade_id"]),
            _number(one["price"]),
            _number(one["size"]),
            instant(one["time"]),
        )
        for one in row["trades"] or ()
    ]
    return found[::-1]


def _orders(row: dict[str, Any]) -> list[Event]:
    return [
        OrderTold(
            _name(one["order_id"]),
            one.get("client_order_id") or "",
            _name(one["product_id"]),
            _name(one["status"]),
            _number(one.get("cumulative_quantity") or "0"),
        )
        for one in row.get("orders") or ()
    ]


def _products(row: dict[str, Any]) -> list[Event]:
    return [ProductTold(_name(one["id"]), one.get("status") or "") for one in row["products"] or ()]


def _subscriptions(row: dict[str, Any]) -> list[Event]:
    return [Subscribed({name: tuple(map(_name, ids or ())) for name, ids in (row["subscriptions"] or {}).items()})]


def _beats(row: dict[str, Any]) -> list[Event]:
    return [Beat(int(row["heartbeat_counter"]))]


_READERS: Final[dict[str, Callable[[dict[str, Any]], list[Event]]]] = {
    "ticker": _tops,
    "ticker_batch": _tops,
    "l2_data": _levels,
    "market_trades": _trades,
    "user": _orders,
    "status": _products,
    "subscriptions": _subscriptions,
    "heartbeats": _beats,
}
