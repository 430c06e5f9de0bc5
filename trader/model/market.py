"""
What is known of the market at one instant.

A `Snapshot` is everything a decision may look at: it is gathered once, stored
under its id, and the kernel and the gateway decide on the very same one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from trader.model.later import LATER
from trader.model.money import ZERO
from trader.model.quick import quick

if TYPE_CHECKING:
    from trader.model.orders import Position

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
DAY_SECONDS = 86_400
NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of a quote that came without one: stale by any measure."""


class Regime(StrEnum):
    """The market's weather, read from BTC-USD or pinned by config (U3)."""

    BULL = "bull"
    CHOP = "chop"
    BEAR = "bear"
    CRASH = "crash"


def asset_of(symbol: str) -> str:
    """What a symbol is a price of, whatever it is quoted in: BTC-USD and BTC-USDC are both BTC."""
    return symbol.partition("-")[0]


class ProductFlag(StrEnum):
    """What the exchange does not take in a product just now (EX1)."""

    OFFLINE = "offline"
    DISABLED = "disabled"
    CANCEL_ONLY = "cancel_only"
    LIMIT_ONLY = "limit_only"
    POST_ONLY = "post_only"
    AUCTION = "auction"
    VIEW_ONLY = "view_only"


@dataclass(frozen=True, slots=True)
class Product:
    """The exchange's metadata for a symbol: increments, smallest order, and what it does not take just now."""

    symbol: str
    base_increment: Decimal
    quote_increment: Decimal
    base_min_size: Decimal
    quote_min_usd: Decimal = Decimal(1)
    flags: frozenset[ProductFlag] = field(default=frozenset(), metadata=LATER)


@quick
@dataclass(frozen=True, slots=True)
class Quote:
    """Best bid and ask with the venue's time (UTC), never the time of receipt; `NO_TIME` where it gave none."""

    symbol: str
    bid: Decimal
    ask: Decimal
    time: datetime

    @property
    def sound(self) -> bool:
        """Two prices above zero, the bid not above the ask; a crossed, empty or unreadable quote is none."""
        bid, ask = self.bid, self.ask
        return bid.is_finite() and ask.is_finite() and ZERO < bid <= ask

    @property
    def mid(self) -> Decimal:
        """Half way between bid and ask."""
        return (self.bid + self.ask) / 2

    @property
    def spread_bps(self) -> Decimal:
        """Ask less bid over mid, in 1e-4."""
        return (self.ask - self.bid) / self.mid * 10_000


@dataclass(frozen=True, slots=True)
class Bar:
    """One closed interval `[start, start + granularity)`; volume in base units."""

    symbol: str
    start: datetime
    granularity_seconds: int
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """
    Closed bars of one symbol as columns, oldest first; read-only arrays of one length.

    *start* int64 epoch seconds of each bar's open (UTC); prices and volume float64.
    A missing bar is a missing row: nothing is filled in.
    """

    symbol: str
    granularity_seconds: int
    start: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def __len__(self) -> int:
        return len(self.start)

    def last(self, n: int) -> Bars:
        """The newest *n* bars (fewer where there are fewer), as views."""
        cut = slice(max(0, len(self.start) - n), None)
        columns = (self.open, self.high, self.low, self.close, self.volume)
        return Bars(self.symbol, self.granularity_seconds, self.start[cut], *(column[cut] for column in columns))


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether a symbol may be traded, and the measure that decided it (U1)."""

    symbol: str
    tier: str
    eligible: bool
    streak: int = 0
    """Reviews in a row that ask for the other answer; at `confirm_cycles` the answer turns."""
    exclusion_reason: str = ""
    observed: Decimal | None = None
    limit: Decimal | None = None


@quick
@dataclass(frozen=True, slots=True)
class FeedHealth:
    """
    What a live feed vouches for in one symbol, beyond its quote; by default nothing.

    *watermark* is the end of the last base bar (of *bar_seconds*) known to be closed, traded in or not; None: none is.
    *jump_sigmas* is how far the quote's mid lies from the last one accepted, in σ (`trader/outliers.py`);
    *suspect* says that it is not accepted: too far and not confirmed, or nothing there yet to hold it against.
    """

    watermark: datetime | None = None
    bar_seconds: int = 60
    jump_sigmas: Decimal = ZERO
    suspect: bool = True


@quick
@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """
    All that is known at the instant *as_of* (UTC): every bar with close ≤ *as_of*, and no other.

    *bars* maps (granularity_seconds, symbol) to the last closed bars and is empty where features come from
    elsewhere (a backtest has them vectorised). *closed* maps granularity_seconds to the symbols whose bar
    closed exactly at *as_of*. *positions* maps strategy to its positions by symbol.

    *health* is what a live feed vouches for, by symbol: one that is not in it is vouched for in nothing.  None is
    history, whose bars are complete and whose quotes are made at *as_of*.  *exchange_down*: it takes no orders at all.
    """

    id: str
    as_of: datetime
    products: Mapping[str, Product]
    quotes: Mapping[str, Quote]
    membership: Mapping[str, Membership]
    regime: Regime
    closed: Mapping[int, tuple[str, ...]]
    positions: Mapping[str, Mapping[str, Position]] = field(default_factory=dict)
    bars: Mapping[tuple[int, str], Bars] = field(default_factory=dict)
    seed: int = 0
    health: Mapping[str, FeedHealth] | None = field(default=None, metadata=LATER)
    exchange_down: bool = field(default=False, metadata=LATER)
