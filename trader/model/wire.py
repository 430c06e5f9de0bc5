"""
The venue's side of an order: what leaves, and what it says is there.

Below this line nothing knows Coinbase's spellings: an adapter turns these nouns
into the venue's words and back.  A `WireOrder` is frozen with its intent before
it is sent, so what is sent twice is the same to the last byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trader.model.market import ProductFlag
from trader.model.money import ZERO, Liquidity
from trader.model.trading import Side


class WireKind(StrEnum):
    """What kind of order leaves.  A market order never does: it has no worst case."""

    LIMIT_IOC = "limit_ioc"
    LIMIT_GTC = "limit_gtc"
    LIMIT_GTD = "limit_gtd"
    STOP_LIMIT_GTC = "stop_limit_gtc"


@dataclass(frozen=True, slots=True)
class WireOrder:
    """
    One order as it will leave; sizes in base units, prices in USD, on the product's increments.

    *end_time* is set for GTD alone, *stop_price* for stops alone (a SELL that triggers at or below it).
    """

    client_order_id: str
    symbol: str
    side: Side
    kind: WireKind
    size: Decimal
    limit_price: Decimal
    post_only: bool = False
    stop_price: Decimal | None = None
    end_time: datetime | None = None


class VenueStatus(StrEnum):
    """Where the venue says an order is; the last four are final."""

    PENDING = "pending"
    OPEN = "open"
    CANCEL_QUEUED = "cancel_queued"
    UNKNOWN = "unknown"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """The venue will not execute any more of it; fills of before may still be on their way to us."""
        return self in _FINAL


_FINAL = frozenset({VenueStatus.FILLED, VenueStatus.CANCELLED, VenueStatus.EXPIRED, VenueStatus.FAILED})


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """
    An order as the venue tells it.  *size* and *limit_price* are None where the order has none (quote-sized market
    orders, which only others place); *kind* is "" for a kind we never send.
    """

    order_id: str
    client_order_id: str
    symbol: str
    side: Side
    kind: str
    status: VenueStatus
    created_at: datetime
    size: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    post_only: bool = False
    filled_size: Decimal = ZERO
    filled_value_usd: Decimal = ZERO
    fees_usd: Decimal = ZERO
    quote_size: Decimal | None = None
    end_time: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Resting:
    """
    As much of an order at the venue as is needed to end it: its id there, whether it *enters* (a BUY), and whether
    the venue *is_ending* it already.
    """

    order_id: str
    enters: bool
    is_ending: bool = False


class FillKind(StrEnum):
    """Whether a row executes, or takes back or corrects what one before it said."""

    FILL = "fill"
    REVERSAL = "reversal"
    CORRECTION = "correction"
    SYNTHETIC = "synthetic"
    OTHER = "of another kind"
    """A word of the venue's that we do not know: somebody must look, and the other rows count."""


@dataclass(frozen=True, slots=True)
class VenueFill:
    """One row of the venue's fills; *entry_id* is unique per row, *size* is in base units whatever the venue sent."""

    entry_id: str
    trade_id: str
    order_id: str
    time: datetime
    symbol: str
    side: Side
    size: Decimal
    price: Decimal
    fee_usd: Decimal
    liquidity: Liquidity
    kind: FillKind = FillKind.FILL


@dataclass(frozen=True, slots=True)
class Balance:
    """One wallet; what we own of the currency is both together."""

    currency: str
    available: Decimal
    hold: Decimal

    @property
    def total(self) -> Decimal:
        """Available and on hold."""
        return self.available + self.hold


@dataclass(frozen=True, slots=True)
class Preview:
    """What the venue says an order would do; it takes it where *errors* is empty."""

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    commission_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ProductState:
    """
    What a product permits just now, with its increments and smallest order; None where the venue does not say.

    *alias* is the product whose market it is, paid from another wallet (BTC-USDC: BTC-USD); "" where it has its own.
    """

    symbol: str
    base_increment: Decimal
    price_increment: Decimal
    base_min_size: Decimal
    base_max_size: Decimal | None = None
    quote_min_usd: Decimal = Decimal(1)
    online: bool = True
    disabled: bool = False
    cancel_only: bool = False
    limit_only: bool = False
    post_only: bool = False
    auction: bool = False
    view_only: bool = False
    alias: str = ""

    @property
    def tradable(self) -> bool:
        """Orders of some kind are taken."""
        return self.online and not (self.disabled or self.cancel_only or self.auction or self.view_only)

    @property
    def flags(self) -> frozenset[ProductFlag]:
        """What it does not take just now, as a snapshot's product says it."""
        said = frozenset(flag for flag in _SWITCHES if getattr(self, flag.value))
        return said if self.online else said | {ProductFlag.OFFLINE}


_SWITCHES = tuple(flag for flag in ProductFlag if flag is not ProductFlag.OFFLINE)
"""Flags that are fields of a `ProductState`, by the same name."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the account pays and what its key may do."""

    maker_bps: Decimal
    taker_bps: Decimal
    can_view: bool
    can_trade: bool
    can_transfer: bool
    portfolio_id: str = ""
