"""
What a run hands over to be reported.

Plain values, complete and in order: the report is a function of a `BacktestRun`
and of nothing else, so that it can be made again from the same run, byte for
byte.  Percentages are numbers; times epoch seconds or aware datetimes; money,
sizes and prices of fills and round trips `Decimal` or decimal strings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from trader.model.market import Bars, FloatArray, IntArray

Series = Mapping[str, FloatArray]
Caps = Mapping[str, float]


def _no_times() -> IntArray:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class ExposureTrace:
    """Exposure in % of NLV at *times* (their own axis: a run may thin it out), and the caps it had to respect."""

    times: IntArray = field(default_factory=_no_times)
    by_asset: Series = field(default_factory=dict)
    by_theme: Series = field(default_factory=dict)
    by_strategy: Series = field(default_factory=dict)
    asset_caps_pct: Caps = field(default_factory=dict)
    theme_caps_pct: Caps = field(default_factory=dict)
    strategy_caps_pct: Caps = field(default_factory=dict)
    total_cap_pct: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class BacktestRun:
    """
    Everything a report is made of.

    *metadata* has the keys of the contract, and freely `config` (what was in force, secrets never), `warnings`
    (sentences about the data), `name`.  *times* are the instants of the grid in `[start, end]`, the first with
    the starting cash untouched; *nlv* and *cash* at those.  *fills*, *round_trips* and *rejections* are in the
    form of the contract, in order of time.  *bars* may reach before the start; only `[start, end)` is drawn.
    *benchmark_close* is BTC at *times* (NaN before it is known); None takes BTC from *bars* where it is there.
    """

    metadata: Mapping[str, Any]
    times: IntArray
    nlv: FloatArray
    cash: FloatArray
    fills: Sequence[Mapping[str, Any]]
    round_trips: Sequence[Mapping[str, Any]]
    rejections: Sequence[Mapping[str, Any]]
    bars: Mapping[str, Bars]
    decisions: int
    bar_count: int
    fees_usd: Decimal
    slippage_usd: Decimal
    exposure: ExposureTrace = field(default_factory=ExposureTrace)
    benchmark_symbol: str = "BTC-USD"
    benchmark_close: FloatArray | None = None
