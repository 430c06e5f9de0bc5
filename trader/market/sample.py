"""
The built-in market: fifteen products in three tiers, made from a seed.

A pure function of (seed, symbol, minute): a product's bars do not change when
others are left out, and a span begins like every longer span from its start.
It behaves like the measured market (docs/MARKET.md), and no price in it is real.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from trader.market.bars import resample
from trader.market.gaps import gaps_of
from trader.market.granularity import parse_granularity
from trader.market.panel import Panel
from trader.market.sample_bars import NORMALS, UNIFORMS, prints
from trader.market.sample_paths import MINUTES, Path, draw, walk
from trader.market.sample_products import PRODUCTS, SampleProduct
from trader.market.sample_span import OutsideSample, Piece, chunks, joined, whole_buckets
from trader.market.sample_states import ALTS, BATCH_DAYS, BTC, ORIGIN_DAY, REGIMES, Days, days, regimes
from trader.market.symbols import UnknownSymbol, unknown_symbol
from trader.model.market import DAY_SECONDS, FloatArray, Product, Regime

ALTS_VOL: Final = 1.0
JUMPS_A_DAY: Final = 0.06
SHARED_BY_ALTS: Final = 0.80
SHARED_BY_PRODUCT: Final = 0.70
"""How much of the quick volatility is BTC's, for the common factor and for a product's own movement."""

__all__ = ["PRODUCTS", "OutsideSample", "SampleMarket", "SampleProduct", "UnknownSymbol", "sample_panel"]


class SampleMarket:
    """One seed's market; cheap to make, and two of one seed are the same."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.products: Mapping[str, Product] = MappingProxyType({s: row.product for s, row in PRODUCTS.items()})
        self.spreads_bps: Mapping[str, float] = MappingProxyType({s: row.spread_bps for s, row in PRODUCTS.items()})
        self.themes: Mapping[str, str] = MappingProxyType({s: row.theme for s, row in PRODUCTS.items()})
        self.tiers: Mapping[str, str] = MappingProxyType({s: row.tier for s, row in PRODUCTS.items()})

    @property
    def symbols(self) -> tuple[str, ...]:
        """All there are, in alphabetical order."""
        return tuple(PRODUCTS)

    def regime_on(self, day: datetime) -> Regime:
        """The regime that made the bars of *day*: the truth a detector is judged by."""
        index = int(day.timestamp()) // DAY_SECONDS - ORIGIN_DAY
        return REGIMES[int(regimes(self.seed, _batches(index + 1))[index])]

    def bars(self, symbol: str, start: datetime, end: datetime, granularity: str = "1m") -> pd.DataFrame:
        """Bars of *symbol* in `[start, end)`."""
        return self.frames((symbol,), start, end, granularity)[symbol]

    def panel(
        self,
        start: datetime,
        end: datetime,
        symbols: Sequence[str] | None = None,
        granularity: str = "1m",
        warmup_bars: int = 0,
    ) -> Panel:
        """Bars of *symbols* (all by default) in `[start - warm-up, end)`, with the increments of each product."""
        chosen = tuple(PRODUCTS) if symbols is None else tuple(sorted(set(symbols)))
        step = parse_granularity(granularity)
        frames = self.frames(chosen, start - timedelta(seconds=warmup_bars * step), end, granularity)
        return Panel(
            frames=frames,
            granularity=granularity,
            start=start,
            end=end,
            products={symbol: self.products[symbol] for symbol in chosen},
            gaps={symbol: gaps_of(frame, start, end, step) for symbol, frame in frames.items()},
            sources=dict.fromkeys(chosen, f"built-in market, seed {self.seed}"),
            tiers={symbol: self.tiers[symbol] for symbol in chosen},
            themes={symbol: self.themes[symbol] for symbol in chosen},
            spreads_bps={symbol: self.spreads_bps[symbol] for symbol in chosen},
        )

    def frames(
        self, symbols: Sequence[str], start: datetime, end: datetime, granularity: str = "1m"
    ) -> dict[str, pd.DataFrame]:
        """Symbol to bars in `[start, end)`; buckets that *start* or *end* would cut are left out."""
        step = parse_granularity(granularity)
        for symbol in symbols:
            if symbol not in PRODUCTS:
                raise unknown_symbol(symbol, PRODUCTS, "the built-in market")
        first, last = whole_buckets(start, end, step)
        pieces: dict[str, list[Piece]] = {symbol: [] for symbol in symbols}
        for chunk, count in chunks(first, last):
            for symbol, piece in self._chunk(chunk, count, symbols):
                pieces[symbol].append(piece)
        return {symbol: resample(joined(pieces[symbol], first, last), "1m", granularity) for symbol in symbols}

    def _chunk(self, first: int, count: int, symbols: Sequence[str]) -> Iterator[tuple[str, Piece]]:
        """The bars of *count* days from day *first* after the origin."""
        minute = (ORIGIN_DAY + first) * DAY_SECONDS + 60 * np.arange(count * MINUTES, dtype=np.int64)
        btc = self._walk(BTC, PRODUCTS[BTC].vol, first, count, None, 1.0)
        alone = all(symbol == BTC for symbol in symbols)
        alts = btc if alone else self._walk(ALTS, ALTS_VOL, first, count, btc, SHARED_BY_ALTS)
        for symbol in symbols:
            product = PRODUCTS[symbol]
            noise = draw(self.seed, f"{symbol} prints", first, count, NORMALS, UNIFORMS)
            before, level, sigma = (btc.before, btc.level, btc.sigma)
            if symbol != BTC:
                before, level, sigma = self._mixed(product, first, count, btc, alts)
            traded, block = prints(product, before, level, sigma, noise)
            yield symbol, (minute[traded.ravel()], block)

    def _mixed(
        self, product: SampleProduct, first: int, count: int, btc: Path, alts: Path
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Levels and sigma of a product from BTC, the common factor, and its own movement."""
        rest = product.vol * (1 - product.corr_btc**2) ** 0.5
        beta = product.corr_btc * product.vol / PRODUCTS[BTC].vol
        gamma = rest * product.corr_alts / ALTS_VOL
        own_vol = rest * (1 - product.corr_alts**2) ** 0.5
        own = self._walk(product.symbol, own_vol, first, count, btc, SHARED_BY_PRODUCT)
        before = beta * btc.before + gamma * alts.before + own.before
        level = beta * btc.level + gamma * alts.level + own.level
        sigma = np.sqrt((beta * btc.sigma) ** 2 + (gamma * alts.sigma) ** 2 + own.sigma**2)
        return before, level, sigma

    def _walk(self, stream: str, vol: float, first: int, count: int, market: Path | None, shared: float) -> Path:
        jumps = PRODUCTS[stream].jumps_a_day if stream in PRODUCTS else JUMPS_A_DAY
        known: Days = days(self.seed, stream, vol, jumps, _batches(first + count + 1))
        noise = draw(self.seed, stream, first, count, normals=4, uniforms=0)
        return walk(known, vol, first, noise.normal, None if market is None else market.quick, shared)


def sample_panel(
    seed: int,
    start: datetime,
    end: datetime,
    symbols: Sequence[str] | None = None,
    granularity: str = "1m",
    warmup_bars: int = 0,
) -> Panel:
    """The built-in market of *seed* in `[start - warm-up, end)`."""
    return _market(seed).panel(start, end, symbols, granularity, warmup_bars)


@lru_cache(maxsize=4)
def _market(seed: int) -> SampleMarket:
    return SampleMarket(seed)


def _batches(day_count: int) -> int:
    return -(-day_count // BATCH_DAYS)
