"""
The whole cycle, twice.

`papermill`: `trader run` on the built-in market with the demo's strategies — gather, the live-cycle notebook on its
spare kernel over the socket, decision, durable record, executed notebook on disk.  Each cycle finds its spare kernel
ready, as it does at any cadence above a second or two.

`decision`: 50 products × 10 strategies in one process — strategies asked on their features, integrated, judged,
planned, sent, committed to SQLite with fsync.  `decision_with_features` adds computing the features from windows of
bars, which the kernel does.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench_cycle_kernel import _spread, _target

ROOT = Path(__file__).resolve().parent.parent
START = datetime(2025, 1, 10, tzinfo=UTC)
CYCLES, DECISIONS, PRODUCTS, STRATEGIES = 40, 300, 50, 10


def run() -> dict[str, Any]:
    """The figures and the promised limits (PERFORMANCE (iii), NF2)."""
    with tempfile.TemporaryDirectory() as name:
        cycles, stages = _papermill(Path(name))
    with tempfile.TemporaryDirectory() as name:
        decisions, with_features, orders = _decisions(Path(name))
    figures = {"papermill": _spread(cycles), "decision": _spread(decisions), "with_features": _spread(with_features)}
    return {
        "papermill_seconds": figures["papermill"],
        "papermill_stages_seconds": {stage: _spread(seconds) for stage, seconds in stages.items()},
        "decision_seconds": figures["decision"],
        "decision_with_features_seconds": figures["with_features"],
        "orders_decided": orders,
        "targets": {
            "papermill p95 (aim, s)": _target(figures["papermill"]["p95"], 0.15, hard=False),
            "papermill p99 (aim, s)": _target(figures["papermill"]["p99"], 0.25, hard=False),
            "papermill p95 (NF2, s)": _target(figures["papermill"]["p95"], 1.0),
            "decision p99 (s)": _target(figures["decision"]["p99"], 0.02),
        },
    }


def _papermill(folder: Path) -> tuple[list[float], dict[str, list[float]]]:
    from trader.app import venue_of
    from trader.model.events import CycleEnded
    from trader.ops.scheduler import Slot
    from trader.running.asked import RunAsked
    from trader.running.loop import one_cycle
    from trader.running.session import opened

    overrides = (f"app.paths.var={folder}/var", f"app.paths.reports={folder}/reports")
    asked = RunAsked(ROOT / "config/demo", overrides, strategies_dir=ROOT / "strategies", granularity="1h", start=START,
                     notebook=ROOT / "notebooks/live_cycle.ipynb")  # fmt: skip
    seconds = []
    with opened(asked, venue_of) as session:
        for _ in range(CYCLES + 2):
            session.runner.pool.wait_ready(60)
            as_of = session.market.time(session.gateway.standing().following)
            begin = time.perf_counter()
            done = one_cycle(session, Slot(as_of, as_of))
            seconds.append(time.perf_counter() - begin)
            assert done.notebook == "complete", done
        ended = [event for event in session.journal.replay() if isinstance(event, CycleEnded)][2:]
    stages = {stage: [event.timings_seconds[stage] for event in ended] for stage in ended[0].timings_seconds}
    return seconds[2:], stages


def _decisions(folder: Path) -> tuple[list[float], list[float], int]:
    from trader.features import ColumnFeatures, WindowFeatures
    from trader.registry import Registry

    market, strategies, core = _desk(folder)
    columns = ColumnFeatures.build(strategies, market.timeframes.frames, market.tradable)
    registry = Registry(strategies)
    decisions, with_features, orders = [], [], 0
    for number in range(DECISIONS):
        cycle = core.begin()
        with _timed(decisions):
            proposals = registry.collect(cycle.snapshot, columns)
            decision = core.submit(cycle.id, proposals)
        orders += len(decision.intents)
        core.finish(cycle.id, "complete")
        if number % 10 == 0:
            cycle = core.begin()
            with _timed(with_features):
                window = WindowFeatures(strategies, cycle.snapshot.bars)
                core.submit(cycle.id, registry.collect(cycle.snapshot, window))
            core.finish(cycle.id, "complete")
    return decisions, with_features, orders


def _desk(folder: Path) -> tuple[Any, Any, Any]:
    from trader.app import venue_of
    from trader.config import load_config
    from trader.gateway.describe import Answer
    from trader.gateway.desk_info import Stanza, StrategyFacts
    from trader.loader import load_strategy
    from trader.market.replay import ReplayMarket
    from trader.policy import StrategyStanza
    from trader.running.ground import Ground
    from trader.running.house import gateway_on
    from trader.state.journal import SqliteJournal
    from trader.strategy import window_bars

    budgets = [
        f"strategies.s{n}={{budget: {{max_at_risk_pct: 15, max_trades_per_cycle: 5}}}}" for n in range(STRATEGIES)
    ]
    config = load_config(ROOT / "config/demo", ("app.account=bench", "policy.regime.pinned=bull", *budgets))
    names = ("sma_cross", "breakout", "mean_reversion")
    stanzas = [StrategyStanza(f"{names[n % 3]}", enabled=True) for n in range(STRATEGIES)]
    loaded = [load_strategy(ROOT / f"strategies/{stanza.name}.py", stanza) for stanza in stanzas]
    strategies = [_renamed(one, f"s{n}") for n, one in enumerate(loaded)]
    panel = _panel(DECISIONS * 2)
    market = ReplayMarket(panel, config.universe(), config.regime(), panel.symbols, 7)
    facts = tuple(StrategyFacts(s.stanza.name, s.timeframe_seconds, window_bars(s.strategy)) for s in strategies)
    described = Answer(facts, tuple(Stanza.of(one.stanza) for one in strategies))
    journal = SqliteJournal(folder / "state.sqlite", mode="paper", account="bench")
    ground = Ground(market, "bench", market.step)
    gateway = gateway_on(ground, config, described, ROOT / "strategies", journal, venue_of)
    return market, strategies, gateway._core


def _renamed(loaded: Any, name: str) -> Any:
    from dataclasses import replace

    return replace(loaded, stanza=replace(loaded.stanza, name=name))


def _panel(hours: int) -> Any:
    """50 made-up products, jumpy enough for every strategy to have something to say."""
    from datetime import timedelta

    from trader.market.bars import bars_frame
    from trader.market.panel import Panel
    from trader.model.market import Product

    rng = np.random.default_rng(7)
    count = hours + 300
    starts = int(START.timestamp()) + 3_600 * (np.arange(count, dtype=np.int64) - 300)
    frames = {}
    for symbol in ("BTC-USD", *(f"C{n:02}-USD" for n in range(PRODUCTS - 1))):
        close = 100 * np.exp(np.cumsum(rng.standard_t(4, count) * 0.01))
        opened = np.concatenate(([100.0], close[:-1]))
        wick = np.abs(rng.normal(0, 0.003, (2, count)))
        block = np.array([opened, np.maximum(opened, close) * (1 + wick[0]), np.minimum(opened, close) * (1 - wick[1]),
                          close, rng.lognormal(14, 1, count)])  # fmt: skip
        frames[symbol] = bars_frame(starts, np.ascontiguousarray(block))
    step = Decimal("0.0001")
    products = {symbol: Product(symbol, step, step, step) for symbol in frames}
    return Panel(frames, "1h", START, START + timedelta(hours=hours), products)


@contextmanager
def _timed(into: list[float]) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    into.append(time.perf_counter() - begin)
