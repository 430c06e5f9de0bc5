"""
A backtest through the full pipeline — risk on, Decimal ledger, journal in memory — against a loop that has none of it.

The same strategy on the same generated bars in one process: SMA 10/50 crossings, 5 % of NLV, 60 bps, next open.
Walks only, features and load excluded, as in the peers' figures; the ratio is what counts, the machine drifts.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.reference import Candles, bar_loop
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
    bars = frames(count, granularity_seconds, products)
    name = granularity_name(granularity_seconds)
    span = (START, START + timedelta(seconds=granularity_seconds * count))
    increments = (Decimal("0.00000001"), Decimal("0.0001"), Decimal("0.0001"))
    panel = Panel(
        dict(bars), name, *span, {s: Product(s, *increments) for s in bars}, tiers=dict.fromkeys(bars, "tier1")
    )
    stanza = StrategyStanza("sma_cross", enabled=True, budget=Budget(Decimal(15), 50), params={"take_profit_pct": 20.0})
    config = load_config(ROOT / "config", FREE_HAND)
    (loaded,) = load_strategies(ROOT / "strategies", [stanza], ("sma_cross",))
    quick = LoadedStrategy(loaded.stanza, loaded.strategy, granularity_seconds)
    return prepare(Job(config, Chosen(panel, tuple(bars), "generated"), (quick,), CASH, 7))


def walked(count: int, granularity_seconds: int, products: int, times: int = 3) -> dict[str, float]:
    """Bars a second (median), and how often it trades."""
    job = prepared(count, granularity_seconds, products)
    spent = []
    for _ in range(times):
        begin = time.perf_counter()
        found = job.walk()
        spent.append(time.perf_counter() - begin)
    bars = count * products
    return {
        "bars_per_second": round(bars / median(spent)),
        "bars_per_second_best": round(bars / min(spent)),
        "bars_per_fill": round(bars / len(found.fills), 1),
        "microseconds_per_fill": round(median(spent) / len(found.fills) * 1e6, 1),
    }


def run() -> dict[str, Any]:
    """Bars a second of three shapes, the reference loop's, linearity from 50,000 to 1,000,000 bars, and peak memory."""
    (bars,) = frames(525_600, 60, 1).values()
    begin = time.perf_counter()
    bar_loop(Candles(*(bars[name].to_numpy()[:100_000] for name in ("open", "high", "low", "close"))))
    reference = 100_000 / (time.perf_counter() - begin)
    hourly, minute, ten = walked(8_760, 3_600, 1), walked(525_600, 60, 1), walked(52_560, 900, 10)
    small, large = walked(50_000, 60, 1), walked(1_000_000, 60, 1, times=1)
    ratio = minute["bars_per_second"] / reference
    linear = small["bars_per_second"] / large["bars_per_second"]
    return {
        "1 x 8,760": hourly,
        "1 x 525,600": minute,
        "10 x 52,560": ten,
        "1 x 50,000": small,
        "1 x 1,000,000": large,
        "reference_loop_bars_per_second": round(reference),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "targets": {
            "times the reference loop, 1 x 525,600": {"value": round(ratio, 2), "limit": 2.0, "ok": ratio >= 2.0},
            "time per bar, 1,000,000 over 50,000": {"value": round(linear, 2), "limit": 2.0, "ok": linear <= 2.0},
        },
    }
