"""
The venue's orders and fills, as the venue knows them.

An order changes only through `settlement` and `lifecycle`; a fill never does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from trader.simulator.numbers import ZERO
from trader.simulator.terms import BRACKET, STOP_LIMIT, Terms

BUY, SELL = "BUY", "SELL"
PENDING, OPEN, QUEUED = "PENDING", "OPEN", "QUEUED"
CANCEL_QUEUED, EDIT_QUEUED = "CANCEL_QUEUED", "EDIT_QUEUED"
FILLED, CANCELLED, EXPIRED, FAILED = "FILLED", "CANCELLED", "EXPIRED", "FAILED"
TERMINAL = frozenset({FILLED, CANCELLED, EXPIRED, FAILED})
MAKER, TAKER = "MAKER", "TAKER"


@dataclass(frozen=True, slots=True)
class Fill:
    """One row of the fills; *size* is quote when *size_in_quote*, *base* is base always."""

    entry_id: str
    trade_id: str
    order_id: str
    product_id: str
    side: str
    time: datetime
    price: Decimal
    base: Decimal
    quote: Decimal
    fee: Decimal
    liquidity: str
    size_in_quote: bool
    trade_type: str = "FILL"

    @property
    def sign(self) -> int:
        """-1 for a reversal, which takes back what its fill did."""
        return -1 if self.trade_type == "REVERSAL" else 1


@dataclass(slots=True, eq=False)
class Order:
    """One accepted order; *configuration* is the echo of what was asked."""

    order_id: str
    client_order_id: str
    product_id: str
    side: str
    terms: Terms
    configuration: dict[str, Any]
    created: datetime
    status: str = PENDING
    trigger_status: str = "INVALID_ORDER_TYPE"
    limit_price: Decimal = ZERO
    """The worst it may trade at now: its limit, what its stop became, or the price protection of a market order."""
    hold_unit: Decimal = ZERO
    """What each unit of base not filled yet holds: itself of a sale, the worst price with fee of a purchase."""
    filled_base: Decimal = ZERO
    filled_quote: Decimal = ZERO
    fees: Decimal = ZERO
    number_of_fills: int = 0
    last_fill: datetime | None = None
    updated: datetime | None = None
    pending_cancel: bool = False
    cancel_message: str = ""
    reject_reason: str = "REJECT_REASON_UNSPECIFIED"
    edits: list[dict[str, str]] = field(default_factory=list)
    attached_id: str = ""
    """The bracket that waits for this order."""
    attached_configuration: dict[str, Any] | None = None
    originating_id: str = ""
    """The order that this bracket is attached to."""

    @property
    def done(self) -> bool:
        """Nothing will happen to it any more."""
        return self.status in TERMINAL

    @property
    def left_base(self) -> Decimal:
        """Base not filled yet, of an order sized in base."""
        return (self.terms.base_size or ZERO) - self.filled_base

    @property
    def untriggered(self) -> bool:
        """A stop that waits for its price."""
        return self.trigger_status == "STOP_PENDING"

    @property
    def size_in_quote(self) -> bool:
        """Sized in quote, fee inside."""
        return self.terms.quote_size is not None

    @property
    def completion(self) -> Decimal:
        """Per cent done."""
        if self.status == FILLED:
            return Decimal(100)
        if self.terms.quote_size:
            return (self.filled_quote + self.fees) / self.terms.quote_size * 100
        return self.filled_base / self.terms.base_size * 100 if self.terms.base_size else ZERO


def first_trigger_status(terms: Terms) -> str:
    """STOP_PENDING for the kinds that wait."""
    return "STOP_PENDING" if terms.order_type in (STOP_LIMIT, BRACKET) else "INVALID_ORDER_TYPE"
