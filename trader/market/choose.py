"""
Which bars a run walks on: a lake, or the built-in market where none is named.

The regime's symbol comes along to be watched even where it is not traded, and
enough history before the start for everything to be warm at it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trader.errors import TraderError
from trader.market.granularity import parse_granularity
from trader.market.history import Lake
from trader.market.panel import Panel
from trader.market.sample import SampleMarket
from trader.model.market import DAY_SECONDS
from trader.policy import RegimePolicy, UniversePolicy

SAMPLE_START = datetime(2025, 1, 1, tzinfo=UTC)
SAMPLE_SPAN = timedelta(days=45)
SAMPLE_GRANULARITY, LAKE_GRANULARITY = "5m", "1h"


class BadSpan(TraderError):
    """The dates asked for make no span."""


class BadSource(TraderError):
    """The source of the bars has no such thing."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for; None means the default of the source.  *segments* of grade B are used where named."""

    data: Path | None = None
    symbols: tuple[str, ...] | None = None
    granularity: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    seed: int = 0
    segments: tuple[str, ...] = ()

    @property
    def bar_length(self) -> str:
        """The granularity asked for, or the source's default."""
        return self.granularity or (SAMPLE_GRANULARITY if self.data is None else LAKE_GRANULARITY)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The bars, which of their symbols may be traded, and where they come from, in words."""

    panel: Panel
    tradable: tuple[str, ...]
    source: str


def history_seconds(regime: RegimePolicy, windows_seconds: Iterable[int]) -> int:
    """History wanted before the start: the longest of the strategies' windows, or what the regime needs."""
    return max([*windows_seconds, regime.warmup_bars * parse_granularity(regime.timeframe)])


def choose(wanted: Wanted, watched: str, warmup_seconds: int) -> Chosen:
    """
    The panel of *wanted*, with *watched* (BTC-USD for the regime) where the source has it.

    *warmup_seconds* of history come before the start, and never less than the day the universe looks back on.
    Raises a TraderError for an unknown symbol, an empty lake, a span without bars or that ends before it starts.
    """
    if wanted.start is not None and wanted.end is not None and wanted.end <= wanted.start:
        raise BadSpan(f"--end {wanted.end:%Y-%m-%d} is not after --start {wanted.start:%Y-%m-%d}; --end is exclusive")
    step = parse_granularity(wanted.bar_length)
    warmup_bars = -(-max(warmup_seconds, DAY_SECONDS) // step)
    if wanted.data is None:
        if wanted.segments:
            raise BadSource("--segments: the built-in market has none; name a lake with --data DIR")
        return _from_sample(wanted, watched, warmup_bars)
    return _from_lake(wanted, watched, warmup_bars)


def _from_sample(wanted: Wanted, watched: str, warmup_bars: int) -> Chosen:
    market = SampleMarket(wanted.seed)
    tradable = wanted.symbols or market.symbols
    start = wanted.start or SAMPLE_START
    end = wanted.end or start + SAMPLE_SPAN
    if end <= start:
        raise BadSpan(f"--end {end:%Y-%m-%d} is not after the start, {start:%Y-%m-%d}")
    symbols = sorted({*tradable, watched} & {*market.symbols, *tradable})
    panel = market.panel(start, end, symbols, wanted.bar_length, warmup_bars)
    return Chosen(panel, tuple(sorted(tradable)), f"the built-in market, seed {wanted.seed}")


def _from_lake(wanted: Wanted, watched: str, warmup_bars: int) -> Chosen:
    assert wanted.data is not None
    lake = Lake(wanted.data)
    span = (wanted.start, wanted.end)
    offered = lake.offering(wanted.bar_length, *span, segments=wanted.segments)
    tradable = wanted.symbols or offered
    symbols = set(tradable) | ({watched} & set(offered))
    panel = lake.load_panel(sorted(symbols), wanted.bar_length, *span, warmup_bars, segments=wanted.segments)
    return Chosen(panel, tuple(sorted(tradable)), f"lake {wanted.data.name}")


def with_hints(policy: UniversePolicy, panel: Panel) -> UniversePolicy:
    """*policy* with the tiers and themes that the panel's source knows, for symbols the config does not list."""
    names = {tier.name for tier in policy.tiers}
    tiers = {symbol: tier for symbol, tier in panel.tiers.items() if tier in names}
    return replace(
        policy,
        tier_of={**tiers, **policy.tier_of},
        theme_of={**panel.themes, **policy.theme_of},
    )
