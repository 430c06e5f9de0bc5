"""
The market of a seed as a live gateway sees it: minutes of the venue's prices, and what a feed vouches for.

Instants are minutes since 1970, as in `trader.market.live`.  What was quoted is asked of the price path, never
of the trader; the feed may stand still while the venue goes on, and then every quote is as old as it looks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np
import pandas as pd

from tests.simulation.clock import at, ms_of
from tests.simulation.feed import MINUTE_MS, Feed
from tests.simulation.host import Hearing
from tests.simulation.house import MEMBERS, SYMBOLS, THEMES, TIERS, WITHOUT_DOGE, desk_of
from tests.simulation.prices import TICK_MS
from tests.simulation.venue import Venue
from trader.execution.fills import BarRow, CostsBps
from trader.market.bars import bars_frame
from trader.market.coinbase_rest import product_of
from trader.market.live import LATE_START
from trader.market.market import by_strategy
from trader.model.book import Key
from trader.model.market import FeedHealth, IntArray, Membership, Product, Quote, Regime, Snapshot
from trader.model.money import ZERO
from trader.model.orders import Position

STEP, JUMP = 60, Decimal(50)
WAY_MS = 45
"""How old a quote is when it arrives, where the time is as it is at a venue that is far away."""


class Minutes:
    """Closed bars of one minute, made anew where somebody has moved the price since."""

    def __init__(self, venue: Venue, first_ms: int) -> None:
        self._venue, self._first_ms = venue, first_ms
        self._made: dict[str, pd.DataFrame] = {}
        self._moves = 0

    def frames(self, granularity_seconds: int) -> Mapping[str, pd.DataFrame]:
        """One-minute bars by symbol, the minutes to come included: whoever asks cuts them off."""
        assert granularity_seconds == STEP, "nobody here thinks in anything else"
        moves = sum(path.moves for path in self._venue.paths.values())
        if not self._made or moves != self._moves:
            self._moves = moves
            self._made = {symbol: self._frame(symbol) for symbol in SYMBOLS}
        return self._made

    def _frame(self, symbol: str) -> pd.DataFrame:
        path = self._venue.paths[symbol]
        per_minute = MINUTE_MS // TICK_MS
        count = len(path.mids) // per_minute
        ticks = np.array(path.mids[: count * per_minute], np.float64).reshape(count, per_minute)
        ticks *= float(path.listing.price_increment)
        block = np.stack([ticks[:, 0], ticks.max(1), ticks.min(1), ticks[:, -1], np.ones(count)])
        starts = self._first_ms // 1000 + STEP * np.arange(count, dtype=np.int64)
        return bars_frame(starts, block)


@dataclass(frozen=True, slots=True)
class BaseBars:
    """What the base bars are."""

    granularity: str = "1m"
    symbols: tuple[str, ...] = SYMBOLS


@dataclass(frozen=True, slots=True)
class Weather:
    """Where the regime is read."""

    symbol: str = SYMBOLS[0]
    warnings: tuple[str, ...] = ()


class SimulatedMarket:
    """`trader.market.market.Market`, and of the live one what a last look asks: this very moment."""

    step = STEP
    tradable = SYMBOLS
    panel, climate = BaseBars(), Weather()
    exchange_down = False

    def __init__(self, feed: Feed, minutes: Minutes, now: datetime, hearing: Hearing | None = None) -> None:
        self.feed, self.timeframes, self._hearing = feed, minutes, hearing
        self._way_ms = 0 if hearing is None else WAY_MS
        self.policy = desk_of("wide", "taker").universe
        self.themes, self.tiers = dict(THEMES), TIERS
        self.first, self.last = self.index_at_or_after(now - LATE_START), 1 << 40
        self.products: Mapping[str, Product] = {}
        self._minute = 0
        self._look()

    def advance(self, k: int) -> bool:
        """Come to instant *k*; the bars are always to be had."""
        if self._hearing is not None:
            self._hearing.reach(k * STEP)
        self._minute = k % 60
        self._look()
        return True

    def _look(self) -> None:
        """The products as the venue has them now."""
        self.products = {symbol: product_of(self.feed.venue.product(symbol)) for symbol in SYMBOLS}

    @property
    def membership(self) -> Mapping[str, Membership]:
        return WITHOUT_DOGE if self._minute in (20, 21) else MEMBERS

    @property
    def regime(self) -> Regime:
        return Regime.CRASH if self._minute in (40, 41) else Regime.CHOP

    def changes(self, k: int) -> tuple[tuple[Membership, ...], Regime | None]:
        return tuple(self.membership.values()), self.regime

    def time(self, k: int) -> datetime:
        return at(k * MINUTE_MS)

    def times(self, instants: IntArray) -> IntArray:
        return instants * STEP

    def index_at_or_after(self, time: datetime) -> int:
        return math.ceil(time.timestamp() / STEP)

    def mark(self, symbol: str, k: int) -> float:
        """The last close known at instant *k*: the mid a tick before."""
        path = self.feed.venue.paths[symbol]
        return float(path.usd(path.at(k * MINUTE_MS - 1)))

    def bars_at(self, j: int) -> Mapping[str, BarRow]:
        raise NotImplementedError("a venue's fills are taken in, not played")

    def costs_bps(self, symbol: str) -> CostsBps:
        return (ZERO, ZERO)

    def closed(self, granularity_seconds: int, k: int) -> tuple[str, ...]:
        return SYMBOLS if granularity_seconds == STEP else ()

    def quoted(self, symbol: str, k: int) -> tuple[Quote, FeedHealth]:
        ms = k * MINUTE_MS
        quote, suspect = self.feed.at_instant(symbol, ms)
        return quote, _vouched(ms_of(quote.time), suspect)

    def quote(self, symbol: str) -> Quote | None:
        """What is quoted at this very moment."""
        return self.feed.quote(symbol, self.feed.clock.ms - self._way_ms)

    def health(self, symbol: str) -> FeedHealth:
        """What the feed vouches for at this very moment."""
        return _vouched(self.feed.heard_ms(self.feed.clock.ms - self._way_ms), symbol in self.feed.bad)

    def snapshot(self, k: int, positions: Mapping[Key, Position]) -> Snapshot:
        ms = k * MINUTE_MS
        quoted = {symbol: self.quoted(symbol, k) for symbol in SYMBOLS}
        return Snapshot(
            id=str(k * STEP),
            as_of=at(ms),
            products=self.products,
            quotes={symbol: quote for symbol, (quote, _) in quoted.items()},
            membership=self.membership,
            regime=self.regime,
            closed={STEP: SYMBOLS},
            positions=by_strategy(positions),
            health={symbol: health for symbol, (_, health) in quoted.items()},
            exchange_down=self.exchange_down,
        )


def _vouched(heard_ms: int, suspect: bool) -> FeedHealth:
    return FeedHealth(at(heard_ms // MINUTE_MS * MINUTE_MS), STEP, JUMP if suspect else ZERO, suspect)
