"""
From a verdict to a position: the nouns of the second half of the decision path.

The planner writes `OrderIntent`, the exchange answers with `Fill`, the ledger
keeps `Order` and `Position`.  All frozen; money, sizes and prices are
`Decimal`; times are UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trader.model.later import LATER
from trader.model.money import ZERO, Liquidity
from trader.model.quick import quick
from trader.model.trading import ExitReason, Side


class OrderType(StrEnum):
    """How the order meets the market."""

    MARKET = "market"
    LIMIT_MAKER = "limit_maker"
    STOP_LIMIT = "stop_limit"
    """Protection that rests at the exchange: a SELL that triggers at its stop and ends a little below."""


@quick
@dataclass(frozen=True, slots=True)
class OrderIntent:
    """
    Decided and stored, not yet known to the exchange.

    *size* and *limit_price* lie on the product's increments.  *worst_case_usd* is what the whole order may cost
    (BUY) incl. fee and slippage, 0 for a SELL.  A BUY carries the protection its position will have.
    *replaces* is the intent whose unfilled rest this one goes on with: approved once, never counted twice.
    """

    client_order_id: str
    as_of: datetime
    symbol: str
    side: Side
    strategy: str
    size: Decimal
    order_type: OrderType
    limit_price: Decimal | None
    reference_price: Decimal
    worst_case_usd: Decimal
    stop_price: Decimal | None = None
    take_profit_price: Decimal | None = None
    exit_reason: ExitReason | None = None
    reason: str = ""
    replaces: str = field(default="", metadata=LATER)

    @property
    def protects(self) -> bool:
        """It rests at the exchange to protect a position, and claims nothing that an exit could not have."""
        return self.order_type is OrderType.STOP_LIMIT


class OrderStatus(StrEnum):
    """The life of an intent; the last five are terminal and reserve nothing."""

    STORED = "stored"
    SENT = "sent"
    UNKNOWN = "unknown"
    OPEN = "open"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"

    terminal: bool
    """Nothing more can happen to the order."""


_TERMINAL = (OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.REJECTED, OrderStatus.NOT_SENT)
for _status in OrderStatus:
    _status.terminal = _status in _TERMINAL


@quick
@dataclass(frozen=True, slots=True)
class Order:
    """An intent with what has become of it; *filled_size* in base units."""

    intent: OrderIntent
    status: OrderStatus
    filled_size: Decimal = ZERO

    @property
    def remaining_size(self) -> Decimal:
        """What may still fill."""
        return self.intent.size - self.filled_size


@quick
@dataclass(frozen=True, slots=True)
class Fill:
    """One execution.  *fill_id* is the venue's and unique; *client_order_id* names our order."""

    fill_id: str
    client_order_id: str
    time: datetime
    symbol: str
    side: Side
    size: Decimal
    price: Decimal
    fee_usd: Decimal
    liquidity: Liquidity
    strategy: str
    reason: str = ""
    exit_reason: ExitReason | None = None
    slippage_usd: Decimal = ZERO

    @property
    def notional_usd(self) -> Decimal:
        """Size times price."""
        return self.size * self.price


@quick
@dataclass(frozen=True, slots=True)
class Position:
    """What one strategy holds of one symbol, with its protection.

    *cost_usd* is what the held size cost without fees; *fees_usd* the entry fees of the held size.
    """

    symbol: str
    strategy: str
    size: Decimal
    cost_usd: Decimal
    fees_usd: Decimal
    opened_at: datetime
    stop_price: Decimal | None = None
    take_profit_price: Decimal | None = None
    stop_triggered: bool = False
    """The stop has sold a part; the rest follows at the next open, wherever that is."""
    trail_price: Decimal | None = field(default=None, metadata=LATER)
    """The trailing stop as far as it has come: it rises with the price and never falls (EXITS)."""

    @property
    def nearest_stop(self) -> Decimal | None:
        """The higher of the stop and the trailing stop, where there is one."""
        levels = [level for level in (self.stop_price, self.trail_price) if level is not None]
        return max(levels, default=None)

    @property
    def entry_price(self) -> Decimal:
        """Average price paid, fees excluded."""
        return self.cost_usd / self.size


@quick
@dataclass(frozen=True, slots=True)
class RoundTrip:
    """Entry to exit of one strategy in one symbol; *pnl_usd* is after all fees."""

    symbol: str
    strategy: str
    entry_time: datetime
    exit_time: datetime
    size: Decimal
    entry_price: Decimal
    exit_price: Decimal
    pnl_usd: Decimal
    fees_usd: Decimal
    exit_reason: ExitReason
