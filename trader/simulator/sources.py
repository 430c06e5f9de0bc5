"""
Where the simulated venue takes its bars from: the built-in market, or a lake.

A source answers for any span, also one that lies in the venue's future; what
may be told of it is for the tape to know.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pandas as pd

from trader.errors import TraderError
from trader.market.bars import resample
from trader.market.granularity import granularity_name, parse_granularity
from trader.market.history import Lake
from trader.market.sample import SampleMarket
from trader.simulator.catalogue import Listing, catalogue_of


class NoMarket(TraderError):
    """There is nothing to trade on."""


class BarSource(Protocol):
    """Bars of every listed product."""

    @property
    def listings(self) -> Mapping[str, Listing]:
        """Product id to listing."""
        ...

    @property
    def finest_seconds(self) -> int:
        """The shortest bar there is of all products."""
        ...

    def frame(self, symbol: str, start: datetime, end: datetime, seconds: int) -> pd.DataFrame:
        """Bars of *symbol* in `[start, end)`."""
        ...


class SampleSource:
    """The built-in market of one seed."""

    finest_seconds = 60

    def __init__(self, seed: int = 0) -> None:
        self._market = SampleMarket(seed)
        self.listings: Mapping[str, Listing] = catalogue_of(self._market.products, self._market.spreads_bps)

    def frame(self, symbol: str, start: datetime, end: datetime, seconds: int) -> pd.DataFrame:
        """Bars of *symbol* in `[start, end)`."""
        return self._market.bars(symbol, start, end, granularity_name(seconds))


class LakeSource:
    """A lake's own products in `[start, end)`, loaded once at *granularity*."""

    def __init__(
        self, path: Path, granularity: str = "1m", start: datetime | None = None, end: datetime | None = None
    ) -> None:
        panel = Lake(path).load_panel(None, granularity, start, end)
        if not panel.frames:
            raise NoMarket(f"{path}: no {granularity} bars to simulate a venue on")
        self.finest_seconds = parse_granularity(granularity)
        self.listings: Mapping[str, Listing] = catalogue_of(panel.products, panel.spreads_bps)
        self.start, self.end = panel.start, panel.end
        self._frames = panel.frames

    def frame(self, symbol: str, start: datetime, end: datetime, seconds: int) -> pd.DataFrame:
        """Bars of *symbol* in `[start, end)`; a bucket is told whole or not at all."""
        bars = self._frames[symbol].loc[_utc(start) : _utc(end)]
        bars = bars[bars.index < _utc(end)]
        return resample(bars, granularity_name(self.finest_seconds), granularity_name(seconds))


def _utc(time: datetime) -> pd.Timestamp:
    return pd.Timestamp(time.astimezone(UTC))
