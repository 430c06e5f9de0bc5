"""
History as a market that moves: what was known at every instant, and no more.

Backtest and paper runs on a lake or the built-in market walk the same
`ReplayMarket`, so they see the same quotes, the same universe and the same
regime.  Instant *k* is the close of interval *k − 1* and the open of *k*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial

import numpy as np

from trader.execution.fills import BarRow, CostsBps
from trader.market.climate import Climate
from trader.market.lazy import BarsAt, ClosedAt, QuotesAt
from trader.market.market import by_strategy
from trader.market.panel import DensePanel, Panel, dense
from trader.market.timeframes import Timeframes
from trader.model.book import Key
from trader.model.market import DAY_SECONDS, FeedHealth, FloatArray, IntArray, Membership, Quote, Regime, Snapshot
from trader.model.money import BPS, ZERO, exact
from trader.model.orders import Position
from trader.model.quick import maker
from trader.policy import RegimePolicy, UniversePolicy
from trader.universe import Measure

make_snapshot, make_quote = maker(Snapshot), maker(Quote)
make_row = partial(tuple.__new__, BarRow)  # what `BarRow` does, without a call of its own
TIMES_KEPT = 8


class ReplayMarket:
    """
    A panel prepared for walking: instants *first* … *last*, decisions at *first* … *last* − 1.

    *tradable* are the panel's symbols that may be traded; the others are watched only (BTC-USD for the regime, where
    it was not asked for).
    """

    def __init__(
        self,
        panel: Panel,
        universe: UniversePolicy,
        regime: RegimePolicy,
        tradable: Sequence[str] | None = None,
        seed: int = 0,
    ) -> None:
        self.panel = panel
        self.tradable = tuple(sorted(panel.symbols if tradable is None else tradable))
        self.products = panel.products
        self.dense: DensePanel = dense(panel)
        self.step = panel.granularity_seconds
        d = self.dense
        self._marks = {symbol: marks.data for symbol, marks in zip(d.symbols, d.marks, strict=True)}
        columns = zip(d.open, d.high, d.low, d.close, d.volume, strict=True)
        self._bars = {
            symbol: tuple([one.data for one in five]) for symbol, five in zip(d.symbols, columns, strict=True)
        }
        self._row = {symbol: row for row, symbol in enumerate(self.dense.symbols)}
        origin = int(self.dense.starts[0])
        self._origin = origin
        self._began, self._length = datetime.fromtimestamp(origin, UTC), timedelta(seconds=self.step)
        count = len(self.dense.starts)
        start, end = int(panel.start.timestamp()), int(panel.end.timestamp())
        self.first = min(max(0, -(-(start - origin) // self.step)), count)
        self.last = max(self.first, min(count, (end - origin) // self.step))
        self.timeframes = Timeframes(panel)
        self.climate = Climate(self.dense, self.tradable, universe, regime, self.timeframes, panel.spreads_bps)
        self.themes: dict[str, str] = {symbol: universe.theme(symbol) for symbol in self.dense.symbols}
        self.tiers: dict[str, str] = {}
        self.membership: dict[str, Membership] = {}
        self.regime = Regime.CHOP
        self._instants: list[int] = self.climate.instants.tolist()
        self._seed = seed
        self._costs: dict[str, CostsBps] = {
            tier.name: (tier.spread_bps / 2, tier.slippage_bps) for tier in universe.tiers
        }
        self._half_spreads = {name: half_bps * BPS for name, (half_bps, _) in self._costs.items()}
        self._mids: tuple[int, dict[str, Decimal]] = (-1, {})
        self.policy = universe
        self.time = lru_cache(TIMES_KEPT)(self._time)
        self.rewind()

    @property
    def change_instants(self) -> IntArray:
        """Instants at which a membership or the regime changes, sorted."""
        return self.climate.instants

    def rewind(self) -> None:
        """Back to what was known just before the first instant."""
        self.membership, self.tiers, self.regime = {}, {}, Regime.CHOP
        self._entered = 0
        self._enter(self.first - 1)

    def _enter(self, k: int) -> tuple[dict[str, Membership], Regime | None]:
        """Take in every change up to instant *k*, and give what changed."""
        instants = self._instants
        found: dict[str, Membership] = {}
        turned: Regime | None = None
        while self._entered < len(instants) and instants[self._entered] <= k:
            memberships, regime = self.climate.at(instants[self._entered])
            found.update({member.symbol: member for member in memberships})
            turned = regime or turned
            self._entered += 1
        if found:
            self.membership = self.membership | found
            self.tiers = self.tiers | {symbol: member.tier for symbol, member in found.items()}
        if turned is not None:
            self.regime = turned
        return found, turned

    def advance(self, k: int) -> bool:
        """History is all there: nothing has to be waited for."""
        return True

    def changes(self, k: int) -> tuple[tuple[Membership, ...], Regime | None]:
        """
        What has changed since it was last asked, up to instant *k*, and counts from now on.

        At the first instant that is everything: who is in and who is out, and the regime.
        """
        if k != self.first and (self._entered >= len(self._instants) or self._instants[self._entered] > k):
            return (), None
        found, regime = self._enter(k)
        if k == self.first:
            return tuple(self.membership[symbol] for symbol in sorted(self.membership)), self.regime
        return tuple(found[symbol] for symbol in sorted(found)), regime

    def _time(self, k: int) -> datetime:
        return self._began + k * self._length

    def instants(self, first: int, last: int) -> IntArray:
        """Epoch seconds of instants *first* … *last*, both included."""
        return self._origin + np.arange(first, last + 1, dtype=np.int64) * self.step

    def times(self, instants: IntArray) -> IntArray:
        """Epoch seconds of *instants*."""
        return self._origin + instants * self.step

    def instants_of(self, seconds: IntArray) -> IntArray:
        """Indices of the instants at *seconds* (epoch, on the grid)."""
        return (seconds - self._origin) // self.step

    @property
    def bar_count(self) -> int:
        """Bars of the tradable symbols in the span that is walked."""
        span = slice(self.first, self.last)
        rows = (self._row[symbol] for symbol in self.tradable if symbol in self._row)
        return sum(int(np.count_nonzero(~np.isnan(self.dense.close[row][span]))) for row in rows)

    def benchmark(self) -> FloatArray | None:
        """The regime symbol's last known close at every instant walked; None where it is not in the panel."""
        row = self._row.get(self.climate.symbol)
        if row is None:
            return None
        marks = self.dense.marks[row][max(self.first - 1, 0) : self.last]
        return marks if self.first > 0 else np.concatenate([[np.nan], marks])

    def index_at_or_after(self, time: datetime) -> int:
        """The first instant not before *time*."""
        return -(-(int(time.timestamp()) - self._origin) // self.step)

    def next_midnight(self, k: int) -> int:
        """The first instant at or after *k* that falls on 00:00 UTC."""
        return k + (-(self._origin + k * self.step) % DAY_SECONDS) // self.step

    def marks(self, symbol: str) -> FloatArray:
        """The last close known at the end of each interval; NaN before the first."""
        return self.dense.marks[self._row[symbol]]

    def mark(self, symbol: str, k: int) -> float:
        """The last close of *symbol* known at instant *k*."""
        return self._marks[symbol][k - 1]

    def mid(self, symbol: str, k: int) -> Decimal:
        """The same, exact: what everything held is valued at."""
        instant, known = self._mids
        if instant != k:
            known = {}
            self._mids = (k, known)
        mid = known.get(symbol)
        if mid is None:
            mid = known[symbol] = exact(self.mark(symbol, k))
        return mid

    def path(self, symbol: str) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Last known close, low and high of *symbol* by interval."""
        row = self._row[symbol]
        return self.dense.marks[row], self.dense.low[row], self.dense.high[row]

    def lows(self, symbol: str) -> FloatArray:
        """Low by interval, NaN where nothing traded."""
        return self.dense.low[self._row[symbol]]

    def highs(self, symbol: str) -> FloatArray:
        """High by interval, NaN where nothing traded."""
        return self.dense.high[self._row[symbol]]

    def costs_bps(self, symbol: str) -> CostsBps:
        """Half spread and slippage of *symbol*'s tier, in bps."""
        return self._costs.get(self.tiers.get(symbol, ""), (ZERO, ZERO))

    def bars_at(self, j: int) -> Mapping[str, BarRow]:
        """The bars of interval *j*, of the symbols that traded in it."""
        return BarsAt(self, j)

    def bar(self, symbol: str, j: int) -> BarRow | None:
        """The bar of *symbol* in interval *j*, or None where nothing traded."""
        opens, highs, lows, closes, volumes = self._bars[symbol]
        opened = opens[j]
        return None if opened != opened else make_row((opened, highs[j], lows[j], closes[j], volumes[j]))

    def quote(self, symbol: str, k: int) -> Quote | None:
        """The last close known at *k*, plus and minus half the tier's spread; None before the first bar."""
        if symbol not in self._row or k < 1:
            return None
        mid = self.mid(symbol, k)
        if mid.is_nan():
            return None
        half = mid * self._half_spreads.get(self.tiers.get(symbol, ""), ZERO)
        return make_quote(symbol, mid - half, mid + half, self.time(k))

    def quoted(self, symbol: str, k: int) -> tuple[Quote | None, FeedHealth | None]:
        """What is quoted of *symbol* at *k*; no health, for nobody doubts history."""
        return self.quote(symbol, k), None

    def closed(self, granularity_seconds: int, k: int) -> tuple[str, ...]:
        """Symbols with a bar of *granularity_seconds* that closed exactly at *k*."""
        return self.timeframes.closed(granularity_seconds, self._origin + k * self.step)

    def measures(self, k: int) -> list[Measure]:
        """What a review of the universe at instant *k* looks at, by symbol."""
        return self.climate.measures(k)

    def snapshot(self, k: int, positions: Mapping[Key, Position]) -> Snapshot:
        """All that is known at instant *k*; quotes and closed bars are looked up when asked for."""
        seconds = self._origin + k * self.step
        return make_snapshot(
            str(seconds),
            self.time(k),
            self.products,
            QuotesAt(self, k),
            self.membership,
            self.regime,
            ClosedAt(self, seconds),
            by_strategy(positions),
            seed=self._seed,
        )
