"""
What is known of the market at one instant.

A `Snapshot` is everything a decision may look at: it is gathered once, stored
under its id, and the kernel and the gateway decide on the very same one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from trader.model.quick import quick

if TYPE_CHECKING:
    from trader.model.orders import Position

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
DAY_SECONDS = 86_400


class Regime(StrEnum):
    """The market's weather, read from BTC-USD or pinned by config (U3)."""

    BULL = "bull"
    CHOP = "chop"
    BEAR = "bear"
    CRASH = "crash"


def asset_of(symbol: str) -> str:
    """What a symbol is a price of, whatever it is quoted in: BTC-USD and BTC-USDC are both BTC."""
    return symbol.partition("-")[0]


@dataclass(frozen=True, slots=True)
class Product:
    """The exchange's metadata for a symbol: increments and smallest order."""

    symbol: str
    base_increment: Decimal
    quote_increment: Decimal
    base_min_size: Decimal
    quote_min_usd: Decimal = Decimal(1)


@quick
@dataclass(frozen=True, slots=True)
class Quote:
    """Best bid and ask with the venue's time (UTC)."""

    symbol: str
    bid: Decimal
    ask: Decimal
    time: datetime

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
@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """
    All that is known at the instant *as_of* (UTC): every bar with close ≤ *as_of*, and no other.

    *bars* maps (granularity_seconds, symbol) to the last closed bars and is empty where features come from
    elsewhere (a backtest has them vectorised). *closed* maps granularity_seconds to the symbols whose bar
    closed exactly at *as_of*. *positions* maps strategy to its positions by symbol.
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
