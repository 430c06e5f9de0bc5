"""
A backtest through the full pipeline — risk on, Decimal ledger, journal in memory — against a loop that has none of it.

The same strategy on the same generated bars in one process: SMA 10/50 crossings, 5 % of NLV, 60 bps, next open.
Walks only, features and load excluded, as in the peers' figures.  CPU time of this process, in turns with the loop, and
the median of the ratios: the machine drifts by tens of per cent, a ratio of neighbours hardly.

Hard is the ratio to backtesting.py; bars a second are an aim, for they say as much about the machine.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.reference import TIMES_THE_ORIGINAL, Candles, bar_loop
from trader.backtest.run import Job, Prepared, prepare
from trader.config import load_config
from trader.loader import load_strategies
from trader.market.bars import bars_frame
from trader.market.choose import Chosen
from trader.market.granularity import granularity_name
from trader.market.panel import Panel
from trader.model.market import Product
from trader.policy import Budget, StrategyStanza
from trader.registry import LoadedStrategy
from trader.state.memory import MemoryJournal

ROOT = Path(__file__).resolve().parent.parent
START = datetime(2024, 1, 1, tzinfo=UTC)
FREE_HAND = (
    "policy.risk.cooldown.cooldown_minutes=0",
    "policy.risk.cooldown.cooldown_after_stop_minutes=0",
    "policy.risk.loss_streak.max_losses_in_a_row=1000",
    "policy.risk.pacing.max_trades_per_hour=10000",
    "policy.risk.pacing.max_trades_per_day=10000",
    "policy.risk.pacing.min_seconds_between_trades=0",
    "policy.breakers.drawdown.max_drawdown_pct=99",
    "policy.breakers.daily_loss.max_daily_loss_pct=99",
    "policy.breakers.weekly_loss.max_weekly_loss_pct=99",
    "policy.regime.pinned=chop",
)
"""Rules all asked, none binding: what is measured is the pipeline at one entry or exit in about 40 bars."""
CASH = Decimal(1_000_000_000)
AIM_BARS_PER_SECOND, HARD_TIMES_THE_ORIGINAL = 300_000, 2.0
PAIRS, LOOP_BARS = 5, 200_000


def frames(count: int, step: int, products: int, vol: float = 0.001) -> Mapping[str, pd.DataFrame]:
    """Random walks, one a product."""
    starts = int(START.timestamp()) + step * np.arange(count, dtype=np.int64)
    found = {}
    for number in range(products):
        rng = np.random.default_rng(number)
        close = 100 * np.exp(np.cumsum(rng.normal(0, vol, count)))
        opened = np.concatenate(([100.0], close[:-1]))
        high = np.maximum(opened, close) * (1 + np.abs(rng.normal(0, vol / 2, count)))
        low = np.minimum(opened, close) * (1 - np.abs(rng.normal(0, vol / 2, count)))
        block = np.vstack([opened, high, low, close, np.full(count, 1e9)]).round(4)
        found[f"GEN{number}-USD"] = bars_frame(starts, block)
    return found


def prepared(count: int, granularity_seconds: int, products: int) -> Prepared:
    """SMA 10/50 on *count* bars of each of *products*."""
    return prepared_on(frames(count, granularity_seconds, products), granularity_seconds)


def prepared_on(bars: Mapping[str, pd.DataFrame], granularity_seconds: int, notional_pct: float = 5.0) -> Prepared:
    """SMA 10/50 on *bars*, each entry *notional_pct* of NLV."""
    count = max(len(frame) for frame in bars.values())
    name = granularity_name(granularity_seconds)
    span = (START, START + timedelta(seconds=granularity_seconds * count))
    increments = (Decimal("0.00000001"), Decimal("0.0001"), Decimal("0.0001"))
    panel = Panel(
        dict(bars), name, *span, {s: Product(s, *increments) for s in bars}, tiers=dict.fromkeys(bars, "tier1")
    )
    params = {"take_profit_pct": 20.0, "notional_pct": notional_pct}
    stanza = StrategyStanza("sma_cross", enabled=True, budget=Budget(Decimal(15), 50), params=params)
    config = load_config(ROOT / "config", FREE_HAND)
    (loaded,) = load_strategies(ROOT / "strategies", [stanza], ("sma_cross",))
    quick = LoadedStrategy(loaded.stanza, loaded.strategy, granularity_seconds)
    return prepare(Job(config, Chosen(panel, tuple(bars), "generated"), (quick,), CASH, 7))


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of this process for *work*; what it leaves is cleared away before and after, not meanwhile."""
    gc.collect()
    begin = time.process_time()
    left = work()
    spent = time.process_time() - begin
    del left
    return spent


def candles(count: int) -> Candles:
    """The first *count* bars of the first product, for the loop."""
    (bars,) = frames(525_600, 60, 1).values()
    return Candles(*(bars[name].to_numpy()[:count] for name in ("open", "high", "low", "close")))


def figures(job: Prepared, spent: list[float]) -> dict[str, float]:
    """Bars a second, median and spread, and how often it trades."""
    fills, bars = len(job.walk().fills), job.market.bar_count
    return {
        "bars_per_second": round(bars / median(spent)),
        "bars_per_second_least": round(bars / max(spent)),
        "bars_per_second_most": round(bars / min(spent)),
        "bars_per_fill": round(bars / fills, 1),
        "microseconds_per_fill": round(median(spent) / fills * 1e6, 1),
    }


def run() -> dict[str, Any]:
    """Bars a second of three shapes and of the loop, in turns, and the ratio to backtesting.py that follows."""
    shapes = {"1 x 8,760": (8_760, 3_600, 1), "1 x 525,600": (525_600, 60, 1), "10 x 52,560": (52_560, 900, 10)}
    jobs = {name: prepared(*shape) for name, shape in shapes.items()}
    reference = candles(LOOP_BARS)
    spent: dict[str, list[float]] = {name: [] for name in jobs}
    loop: list[float] = []
    for _ in range(PAIRS):
        loop.append(cpu_seconds(lambda: bar_loop(reference)))
        for name, job in jobs.items():
            spent[name].append(cpu_seconds(partial(job.walk, journal=MemoryJournal())))
    found = {name: figures(job, spent[name]) for name, job in jobs.items()}
    ratios = [525_600 / mine * theirs / LOOP_BARS for mine, theirs in zip(spent["1 x 525,600"], loop, strict=True)]
    times = median(ratios) * TIMES_THE_ORIGINAL
    speeds = {name: found[name]["bars_per_second"] for name in ("1 x 525,600", "10 x 52,560")}
    return {
        **found,
        "reference_loop_bars_per_second": round(LOOP_BARS / median(loop)),
        "times_the_reference_loop": [round(ratio, 2) for ratio in sorted(ratios)],
        "targets": {
            "times backtesting.py 0.6.6, 1 x 525,600": {
                "value": round(times, 2),
                "limit": HARD_TIMES_THE_ORIGINAL,
                "ok": times >= HARD_TIMES_THE_ORIGINAL,
            },
            **{
                f"bars a second, {name}": {
                    "value": speed,
                    "limit": AIM_BARS_PER_SECOND,
                    "ok": speed >= AIM_BARS_PER_SECOND,
                    "hard": False,
                }
                for name, speed in speeds.items()
            },
        },
    }
