"""
What a gateway asks of a market, whether its history is written or still being made.

Instants are numbers on one grid: `time` says when each is, and bars lie between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import pandas as pd

from trader.execution.fills import BarRow, CostsBps
from trader.model.book import Key
from trader.model.market import FeedHealth, IntArray, Membership, Product, Quote, Regime, Snapshot
from trader.model.orders import Position
from trader.policy import UniversePolicy


class Frames(Protocol):
    """Bars by granularity in seconds, and symbol."""

    def frames(self, granularity_seconds: int) -> Mapping[str, pd.DataFrame]: ...


class Bars(Protocol):
    """What the base bars are."""

    @property
    def granularity(self) -> str: ...

    @property
    def symbols(self) -> tuple[str, ...]: ...


class Weather(Protocol):
    """Where the regime is read, and what to warn of."""

    @property
    def symbol(self) -> str: ...

    @property
    def warnings(self) -> Sequence[str]: ...


class Market(Protocol):
    """
    A market one walks: decisions at instants *first* … *last* − 1.

    `advance(k)` comes before anything is asked about instant *k*; what is known of it then does not change.
    """

    step: int
    first: int
    last: int
    tradable: tuple[str, ...]
    policy: UniversePolicy
    themes: dict[str, str]

    @property
    def products(self) -> Mapping[str, Product]: ...

    @property
    def tiers(self) -> Mapping[str, str]: ...

    @property
    def membership(self) -> Mapping[str, Membership]: ...

    @property
    def regime(self) -> Regime: ...

    @property
    def panel(self) -> Bars: ...

    @property
    def timeframes(self) -> Frames: ...

    @property
    def climate(self) -> Weather: ...

    def advance(self, k: int) -> bool:
        """Make everything up to instant *k* known; False where nobody could be asked, so that some of it is not."""

    def time(self, k: int) -> datetime: ...

    def times(self, instants: IntArray) -> IntArray: ...

    def index_at_or_after(self, time: datetime) -> int: ...

    def changes(self, k: int) -> tuple[tuple[Membership, ...], Regime | None]: ...

    def quoted(self, symbol: str, k: int) -> tuple[Quote | None, FeedHealth | None]: ...

    def mark(self, symbol: str, k: int) -> float: ...

    def bars_at(self, j: int) -> Mapping[str, BarRow]: ...

    def costs_bps(self, symbol: str) -> CostsBps: ...

    def closed(self, granularity_seconds: int, k: int) -> tuple[str, ...]: ...

    def snapshot(self, k: int, positions: Mapping[Key, Position]) -> Snapshot: ...


def by_strategy(positions: Mapping[Key, Position]) -> dict[str, dict[str, Position]]:
    """*positions* as a snapshot has them: strategy → symbol → position."""
    found: dict[str, dict[str, Position]] = {}
    for (strategy, symbol), position in positions.items():
        found.setdefault(strategy, {})[symbol] = position
    return found
