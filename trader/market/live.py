"""
A market whose history is still being made: Coinbase's, over REST and streams.

The same grid, the same questions and the same code of universe and regime as the
replay.  An instant is advanced to once its last bar is over; every bar known then
is closed, and what was quoted is what was quoted at that instant.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from trader.execution.fills import BarRow, CostsBps
from trader.market.coinbase_rest import PublicRest
from trader.market.coinbase_streams import Streams
from trader.market.granularity import parse_granularity
from trader.market.live_climate import LiveClimate
from trader.market.live_fill import BackFill
from trader.market.live_products import LiveProducts
from trader.market.live_vouch import Vouching
from trader.market.live_window import LiveWindow, WindowAt
from trader.market.market import by_strategy
from trader.market.panel import DensePanel, Panel
from trader.market.timeframes import Timeframes
from trader.model.book import Key
from trader.model.market import FeedHealth, IntArray, Membership, Product, Quote, Regime, Snapshot
from trader.model.money import ZERO
from trader.model.orders import Position
from trader.policy import RegimePolicy, UniversePolicy

FAR: Final = datetime(2100, 1, 1, tzinfo=UTC)
LATE_START: Final = timedelta(seconds=8_640)
"""A cycle may begin a tenth of its interval after its instant, and an interval is a day at most."""


@dataclass(frozen=True, slots=True)
class LiveWanted:
    """
    What to run on.  *since* is where an account with simulated fills stopped, so that its bars are played;
    *end* is the last instant; *history_seconds* is what must be warm before the first, *regime_seconds* how far back
    the regime is read, of its own symbol alone.
    """

    tradable: tuple[str, ...]
    granularity: str = "1m"
    history_seconds: int = 0
    since: datetime | None = None
    end: datetime | None = None
    seed: int = 0
    regime_seconds: int = 0


def watched(tradable: tuple[str, ...], regime: RegimePolicy) -> tuple[str, ...]:
    """What a feed must tell of: everything tradable, and what the regime is read from."""
    return tuple(sorted({*tradable, *([] if regime.pinned is not None else [regime.symbol])}))


class LiveMarket:
    """
    Instants are counted from 1970 in steps of one bar, so they mean the same in every process.

    `advance(k)` before anything is asked about *k*.  `quote`, `mids`, `watermark`, `health` of a symbol speak of this
    very moment, for a last look: no call is made for them.
    """

    def __init__(
        self,
        rest: PublicRest,
        streams: Streams,
        wanted: LiveWanted,
        universe: UniversePolicy,
        regime: RegimePolicy,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rest, self._streams = rest, streams
        self.policy, self.tradable, self._seed = universe, tuple(sorted(wanted.tradable)), wanted.seed
        self.step = parse_granularity(wanted.granularity)
        symbols = watched(self.tradable, regime)
        self.themes = {symbol: universe.theme(symbol) for symbol in symbols}
        self._costs: dict[str, CostsBps] = {one.name: (one.spread_bps / 2, one.slippage_bps) for one in universe.tiers}
        self._products = LiveProducts(rest, symbols)
        self.exchange_down = False
        self.climate = LiveClimate(self.tradable, universe, regime)
        now = rest.time()
        at = rest.closed_before(int(now.timestamp()) // self.step * self.step, self.step)
        self.first = self.index_at_or_after(wanted.since or now - LATE_START)
        self.last = self.index_at_or_after(wanted.end or FAR)
        back = max(0, at - self.first * self.step)
        longer = {regime.symbol: wanted.regime_seconds + back}
        self._window = LiveWindow(symbols, self.step, wanted.history_seconds + back, longer)
        self.fill = BackFill(rest, streams, self._window, sleep)
        self.fill.load(at)
        self.feed = Vouching(rest, streams, self.fill, self.step)
        self._now = self._closed(at)

    def advance(self, k: int) -> bool:
        """
        Make everything up to instant *k* known, as far as the venue answers; waits for the last bar to be over.

        False where it did not, so that bars up to *k* may be missing.
        """
        at = k * self.step
        if at > self._now.at:
            self.exchange_down = not (self.fill.reach(at) and self.fill.tried(self._products.look))
            if not self.fill.down:
                self.fill.tried(lambda: self.feed.ask_again(self.tradable, self.time(k)))
            self._now = self._closed(at)
        return not (self.exchange_down or self.fill.down)

    def _closed(self, at: int) -> WindowAt:
        found = self._window.close(at, self.products)
        self.climate.see(found, self.feed.spread)
        return found

    def take_up(self, membership: Mapping[str, Membership], at: datetime) -> None:
        """Go on from the memberships the ledger recorded; before the first `advance`."""
        self.climate.take_up(membership, at)

    @property
    def products(self) -> Mapping[str, Product]:
        """Increments and flags, as last seen."""
        return self._products.now

    @property
    def panel(self) -> Panel:
        """The window of closed bars."""
        return self._now.panel

    @property
    def dense(self) -> DensePanel:
        """The same on the grid."""
        return self._now.dense

    @property
    def timeframes(self) -> Timeframes:
        """The same in every timeframe."""
        return self._now.timeframes

    @property
    def membership(self) -> Mapping[str, Membership]:
        """Who may be traded at the instant advanced to, and who not."""
        return self.climate.membership

    @property
    def tiers(self) -> Mapping[str, str]:
        """Symbol to tier."""
        return {symbol: member.tier for symbol, member in self.climate.membership.items()}

    @property
    def regime(self) -> Regime:
        """The weather there."""
        return self.climate.regime

    def time(self, k: int) -> datetime:
        """When instant *k* is."""
        return datetime.fromtimestamp(k * self.step, UTC)

    def times(self, instants: IntArray) -> IntArray:
        """Epoch seconds of *instants*."""
        return instants * self.step

    def index_at_or_after(self, time: datetime) -> int:
        """The first instant not before *time*."""
        return math.ceil(time.timestamp() / self.step)

    def changes(self, k: int) -> tuple[tuple[Membership, ...], Regime | None]:
        """All there is to say of instant *k*; whoever compares finds what is new."""
        return tuple(self.membership.values()), self.regime

    def mark(self, symbol: str, k: int) -> float:
        """The last close of *symbol* known at instant *k*."""
        return self._now.mark(symbol, k * self.step)

    def bars_at(self, j: int) -> Mapping[str, BarRow]:
        """The bars of interval *j*, of the symbols that traded in it."""
        found = ((symbol, self._now.bar(symbol, j * self.step)) for symbol in self._window.symbols)
        return {symbol: bar for symbol, bar in found if bar is not None}

    def costs_bps(self, symbol: str) -> CostsBps:
        """Half spread and slippage of *symbol*'s tier, in bps."""
        return self._costs.get(self.tiers.get(symbol, ""), (ZERO, ZERO))

    def closed(self, granularity_seconds: int, k: int) -> tuple[str, ...]:
        """Symbols with a bar of *granularity_seconds* that closed exactly at *k*."""
        return self.timeframes.closed(granularity_seconds, k * self.step)

    def quote(self, symbol: str) -> Quote | None:
        """What is quoted at this very moment, with the venue's time; None where that is in doubt."""
        return self.feed.quote(symbol)

    def quoted(self, symbol: str, k: int) -> tuple[Quote | None, FeedHealth]:
        """What was quoted of *symbol* at instant *k*, and what the feed vouches for."""
        time = self.time(k)
        return self.feed.quote(symbol, time), self.feed.health(symbol, time)

    def mids(self, symbol: str) -> tuple[tuple[datetime, Decimal], ...]:
        """Mid prices of the last minute."""
        return self._streams.mids(symbol)

    def watermark(self, symbol: str) -> datetime:
        """The end of the last interval known to be closed, traded in or not."""
        return self.feed.watermark(symbol)

    def health(self, symbol: str) -> FeedHealth:
        """What the feed vouches for at this very moment."""
        return self.feed.health(symbol)

    def snapshot(self, k: int, positions: Mapping[Key, Position]) -> Snapshot:
        """All that is known at instant *k*."""
        time = self.time(k)
        quotes = {symbol: self.feed.quote(symbol, time) for symbol in self._window.symbols}
        return Snapshot(
            id=str(k * self.step),
            as_of=time,
            products=self.products,
            quotes={symbol: quote for symbol, quote in quotes.items() if quote is not None},
            membership=self.membership,
            regime=self.regime,
            closed={seconds: self.closed(seconds, k) for seconds in self.timeframes.known},
            positions=by_strategy(positions),
            seed=self._seed,
            health={symbol: self.feed.health(symbol, time) for symbol in self._window.symbols},
            exchange_down=self.exchange_down,
        )
