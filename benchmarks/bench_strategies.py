"""
What asking strategies costs: signals over a year of minutes, the registry beyond a strategy's own code, the fence
around it, features from whole columns and from live windows.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from trader.features import ColumnFeatures, WindowFeatures
from trader.features.columns import bars_of
from trader.guard import AuditGuard, SignalTimer
from trader.loader import load_strategies
from trader.market.bars import bars_frame
from trader.model.market import Bars, Membership, Quote, Regime, Snapshot
from trader.model.trading import Side, TradeProposal
from trader.policy import StrategyStanza
from trader.registry import LoadedStrategy, Registry
from trader.signals import rolling_max, rolling_std, sma
from trader.strategy import Strategy, StrategyContext

HOUR, MINUTE = 3_600, 60
START = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
NAMES = ("breakout", "mean_reversion", "sma_cross")


class Asked(Strategy):
    """Has nothing to say, or one wish a symbol."""

    wishes = False

    def features(self, bars: pd.DataFrame) -> pd.DataFrame:
        return bars[["close"]]

    def generate_proposals(self, context: StrategyContext) -> list[TradeProposal]:
        return [TradeProposal(s, Side.BUY, 2.0, 3.0, 6.0, 0.7) for s in context.symbols] if self.wishes else []


class Wishing(Asked):
    """One wish a symbol."""

    wishes = True


class Ready:
    """Feature rows that are there already."""

    def __init__(self, symbols: tuple[str, ...]) -> None:
        self.known = {symbol: MappingProxyType({"x": 1.0}) for symbol in symbols}

    def rows(self, strategy: str, symbols: tuple[str, ...], as_of: datetime) -> Mapping[str, Mapping[str, float]]:
        return self.known

    def history(self, strategy: str, symbol: str, n: int, as_of: datetime) -> Bars:
        raise LookupError(symbol)


def walk(bars: int, step: int, seed: int = 0) -> pd.DataFrame:
    """A random walk with volume."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.004, bars)))
    block = np.stack([close, close * 1.002, close * 0.998, close, rng.lognormal(3, 1, bars)])
    return bars_frame(START + step * np.arange(bars, dtype=np.int64), block)


def best(call: Callable[[], object], times: int = 7, each: int = 1) -> float:
    """Seconds of one call: the best of *times* batches of *each*."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        for _ in range(each):
            call()
        taken.append((time.perf_counter() - began) / each)
    return min(taken)


def snapshot(symbols: tuple[str, ...], as_of: datetime, step: int = HOUR, **changes: Any) -> Snapshot:
    """Everything eligible and just closed."""
    return replace(
        Snapshot(
            id="bench",
            as_of=as_of,
            products={},
            quotes={s: Quote(s, Decimal(100), Decimal(101), as_of) for s in symbols},
            membership={s: Membership(s, "tier1", eligible=True) for s in symbols},
            regime=Regime.CHOP,
            closed={step: symbols},
        ),
        **changes,
    )


def registry_figures() -> dict[str, float]:
    """Microseconds of `collect` beyond what strategies do themselves."""
    now = datetime(2024, 6, 1, tzinfo=UTC)
    one, hundred = ("BTC-USD",), tuple(f"S{n:03}-USD" for n in range(100))
    quiet, loud = (LoadedStrategy(StrategyStanza("s", enabled=True), kind(), HOUR) for kind in (Asked, Wishing))
    crowd = Registry([LoadedStrategy(StrategyStanza(f"s{n:02}", enabled=True), Wishing(), HOUR) for n in range(50)])
    ready = Ready(one)

    def us(registry: Registry, at: Snapshot) -> float:
        return best(lambda: registry.collect(at, ready), each=5_000) * 1e6

    return {
        "collect_1x1_us": us(Registry([quiet]), snapshot(one, now)),
        "collect_1x1_guarded_us": us(Registry([quiet], guard=AuditGuard()), snapshot(one, now)),
        "collect_1x1_guarded_timed_us": us(Registry([quiet], SignalTimer(), AuditGuard()), snapshot(one, now)),
        "collect_1x1_one_proposal_us": us(Registry([loud]), snapshot(one, now)),
        "collect_nothing_due_us": us(Registry([quiet]), snapshot(one, now, closed={})),
        "collect_50x100_ms": best(lambda: crowd.collect(snapshot(hundred, now), Ready(hundred))) * 1e3,
    }


def feature_figures() -> dict[str, float]:
    """Columns over a year of minutes, one row looked up, and live windows of 50 symbols for 3 strategies."""
    folder = Path(__file__).resolve().parent.parent / "strategies"
    loaded = load_strategies(folder, [], NAMES)
    minutes = [LoadedStrategy(each.stanza, each.strategy, MINUTE) for each in loaded]
    year = {"BTC-USD": walk(525_600, MINUTE)}
    built = {each.stanza.name: best(lambda e=each: ColumnFeatures.build([e], lambda _: year), 3) for each in minutes}
    columns = ColumnFeatures.build(minutes, lambda _: year)
    noon = datetime(2024, 6, 1, 12, tzinfo=UTC)
    symbols = tuple(f"S{n:02}-USD" for n in range(50))
    frames = {s: walk(200, HOUR, n) for n, s in enumerate(symbols)}
    bars = {(HOUR, s): bars_of(s, HOUR, frame).last(60) for s, frame in frames.items()}
    at = datetime.fromtimestamp(START + 200 * HOUR, UTC)

    def live() -> None:
        Registry(loaded).collect(snapshot(symbols, at, bars=bars), WindowFeatures(loaded, bars))

    return {
        **{f"columns_{name}_525600_ms": seconds * 1e3 for name, seconds in built.items()},
        "row_lookup_us": best(lambda: columns.rows("sma_cross", ("BTC-USD",), noon), each=2_000) * 1e6,
        "window_3_strategies_50_symbols_ms": best(live) * 1e3,
    }


def run() -> dict[str, object]:
    """Best of several batches each, so that a busy neighbour counts least."""
    close = walk(525_600, MINUTE)["close"].to_numpy()
    figures = {
        "sma_10_and_50_525600_ms": best(lambda: (sma(close, 10), sma(close, 50))) * 1e3,
        "rolling_std_50_525600_ms": best(lambda: rolling_std(close, 50)) * 1e3,
        "rolling_max_50_525600_ms": best(lambda: rolling_max(close, 50)) * 1e3,
        "audit_event_unguarded_us": best(lambda: sys.audit("trader.nothing"), each=20_000) * 1e6,
    }
    guard = AuditGuard()

    def watched() -> None:
        with guard.watch("s"):
            pass

    figures |= {
        "audit_event_not_watching_us": best(lambda: sys.audit("trader.nothing"), each=20_000) * 1e6,
        "watch_us": best(watched, each=20_000) * 1e6,
        **registry_figures(),
        **feature_figures(),
    }
    limits = {
        "sma_10_and_50_525600_ms": 150.0,
        "collect_1x1_us": 15.0,
        "collect_50x100_ms": 100.0,
        "watch_us": 1.0,
    }
    targets = {name: {"value": round(figures[name], 3), "limit": limit, "ok": figures[name] <= limit}
               for name, limit in limits.items()}  # fmt: skip
    return {**{name: round(value, 3) for name, value in figures.items()}, "targets": targets}
