"""
What a strategy is: causal columns, and proposals from the last closed bar.

A strategy reaches no exchange, clock, network, file or global state, and what
it is given cannot be changed; so the very same file runs in a notebook, in a
backtest, and beside real money.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from trader.model.market import Bars, Quote, Regime
from trader.model.orders import Position
from trader.model.quick import quick
from trader.model.trading import Side, TradeProposal

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "FeatureSource",
    "Field",
    "History",
    "Regime",
    "Side",
    "Strategy",
    "StrategyContext",
    "StrategyParams",
    "TradeProposal",
    "model_validator",
]


class StrategyParams(BaseModel):
    """Parameters of a strategy; bounds are part of the type, unknown names are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class History(Protocol):
    """The last closed bars of a symbol, on demand."""

    def __call__(self, symbol: str, n: int, /) -> Bars: ...


@quick
@dataclass(frozen=True, slots=True, eq=False)
class StrategyContext:
    """
    All a strategy may know at *as_of*; deeply immutable.

    *symbols*: eligible or held by this strategy, sorted, with a bar of the strategy's timeframe that closed at *as_of*.
    *features[symbol]*: the last row as a mapping of column to float.  *history(symbol, n)*: the last n closed bars.
    *positions*: this strategy's own, by symbol.  *rng_key*: what `rng` is seeded with (seed, strategy, as_of).
    """

    as_of: datetime
    symbols: tuple[str, ...]
    features: Mapping[str, Mapping[str, float]]
    history: History
    quotes: Mapping[str, Quote]
    positions: Mapping[str, Position]
    regime: Regime
    tiers: Mapping[str, str]
    params: Any
    rng_key: tuple[int, ...] = (0,)

    @property
    def rng(self) -> np.random.Generator:
        """A fresh generator keyed by seed, strategy and instant: the same draws on every replay."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self.rng_key)))


class Strategy(ABC):
    """
    One idea.  Subclasses set *timeframe*, *warmup_bars* and `Params`, and implement the two methods.

    *warmup_bars* is how many bars must lie before the first one it is asked about.
    """

    timeframe: ClassVar[str] = "1h"
    warmup_bars: ClassVar[int] = 50

    class Params(StrategyParams):
        """No parameters by default."""

    def __init__(self, params: Any = None) -> None:
        self.params: Any = params if params is not None else self.Params()

    @abstractmethod
    def features(self, bars: pd.DataFrame) -> pd.DataFrame:
        """Causal columns, same index as *bars* (one symbol, closed bars, float64)."""

    @abstractmethod
    def generate_proposals(self, context: StrategyContext) -> list[TradeProposal]:
        """Proposals for the instant *context.as_of*; called with the last closed bar only."""

    def screen(self, features: pd.DataFrame) -> pd.Series | None:
        """True wherever `generate_proposals` could return anything, whatever is held; None means everywhere."""
        return None


def window_bars(strategy: Strategy) -> int:
    """How many bars a feature row may depend on: its own, and the `warmup_bars` before it."""
    return strategy.warmup_bars + 1


class FeatureSource(Protocol):
    """Where a strategy's last feature rows come from: a window (live) or whole columns (backtest)."""

    def rows(self, strategy: str, symbols: tuple[str, ...], as_of: datetime) -> Mapping[str, Mapping[str, float]]:
        """
        The feature row of each symbol's bar that closed at *as_of*; a symbol still warming up is left out.

        The mapping is the caller's, made anew; no row can be written to.
        """

    def history(self, strategy: str, symbol: str, n: int, as_of: datetime) -> Bars:
        """The last *n* closed bars of *symbol* in the strategy's timeframe."""
