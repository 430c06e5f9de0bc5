"""
A backtest, start to end: bars and a desk in, everything a report needs out.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from trader import __version__
from trader.backtest.bias import Fence
from trader.backtest.honest import doubts
from trader.backtest.outcome import to_run
from trader.backtest.patience import ANSWER_SECONDS, FEATURES_SECONDS, patience
from trader.backtest.walk import Walk
from trader.backtest.walked import Failing, Walked
from trader.config import Config
from trader.config.desk import desk_of
from trader.errors import sentences
from trader.features import ColumnFeatures, FeaturesFailed
from trader.guard import AuditGuard
from trader.market.choose import Chosen, with_hints
from trader.market.replay import ReplayMarket
from trader.model.market import IntArray
from trader.ports import Journal
from trader.registry import LoadedStrategy, Registry
from trader.reporting.run import BacktestRun
from trader.state.memory import UnreadJournal

OBJECTS_BETWEEN_SEARCHES = 1_000_000
"""How many new objects a walk makes before Python looks for cycles among them."""


@dataclass(frozen=True, slots=True)
class Job:
    """One backtest to run; *name* is what its report is called, by default its strategies and span."""

    config: Config
    chosen: Chosen
    strategies: tuple[LoadedStrategy, ...]
    cash_usd: Decimal
    seed: int
    name: str = ""


@dataclass(slots=True)
class Prepared:
    """
    A job with its market laid out and its features computed: what is left is the walk.

    *failed*: strategies whose features could not be computed, and why; they are not asked.
    """

    job: Job
    market: ReplayMarket
    features: ColumnFeatures
    screens: IntArray
    registry: Registry
    every_bar: bool = False
    failed: Mapping[str, str] = field(default_factory=dict)

    def walk(self, journal: Journal | None = None) -> Walked:
        """Walk it, every event into *journal* where somebody wants to read it."""
        job = self.job
        desk = desk_of(job.config, self.registry, self.market.policy, [one.stanza for one in job.strategies])
        self.market.rewind()
        found = Walk(
            desk, self.market, self.features, self.screens, job.cash_usd, journal or UnreadJournal(), self.every_bar
        )
        found.opened(job.cash_usd, __version__, job.config.hash)
        start = self.market.time(self.market.first)
        found.walked.failures.update({name: [(start, why)] for name, why in self.failed.items()})
        with rare_collections(), patience(ANSWER_SECONDS, "answering"):
            return found.run()


@contextmanager
def rare_collections() -> Iterator[None]:
    """
    Look for cycles rarely: a walk makes none, keeps what it makes, and would be searched again and again.

    Still look: a strategy is a stranger's code and may make some.
    """
    before = gc.get_threshold()
    gc.set_threshold(OBJECTS_BETWEEN_SEARCHES, *before[1:])
    try:
        yield
    finally:
        gc.freeze()  # these two put everything among the old, unsearched; else leaving would begin with one long search
        gc.unfreeze()
        gc.set_threshold(*before)


def prepare(job: Job, every_bar: bool = False) -> Prepared:
    """
    Lay out the market and compute every strategy's features once, and keep those that the walk will look at.

    *every_bar* wakes at every instant, for the proof that sleeping changes nothing.
    Raises a TraderError where a strategy's timeframe cannot be made of the bars, or every strategy's features are junk.
    """
    config, panel = job.config, job.chosen.panel
    universe = with_hints(config.universe(), panel)
    market = ReplayMarket(panel, universe, config.regime(), job.chosen.tradable, job.seed)
    guard = AuditGuard()
    failed: dict[str, str] = {}
    with patience(FEATURES_SECONDS, "computing its features"):
        features = ColumnFeatures.build(job.strategies, market.timeframes.frames, market.tradable, guard, failed=failed)
    asked = [one for one in job.strategies if one.stanza.name not in failed]
    if not asked:
        raise FeaturesFailed(sentences(failed.values()))
    screens = [market.instants_of(features.screen_closes(one.stanza.name)) for one in asked]
    wakes = np.unique(np.concatenate(screens)) if screens else np.empty(0, np.int64)
    if not every_bar:
        features.keep(market.times(wakes))
    return Prepared(job, market, features, wakes, Registry(asked, guard=guard), every_bar, failed)


def backtest(job: Job) -> BacktestRun:
    """
    Prepare, walk, and hand over to be reported.

    Raises `UsesTheFuture` where a strategy does, before anything is walked.
    """
    prepared = prepare(job)
    asked, market = prepared.registry.strategies, prepared.market
    with patience(FEATURES_SECONDS, "computing its features"):
        told = doubts(asked, market.timeframes.frames, market.tradable, Fence(guard=AuditGuard()))
    return report_run(prepared, prepared.walk(), told)


def report_run(prepared: Prepared, walked: Walked, told: Sequence[str] = ()) -> BacktestRun:
    """*walked* as the report wants it; *told* are warnings beyond those that follow from it."""
    job, market = prepared.job, prepared.market
    risk = job.config.policy.risk
    themes = {market.themes[symbol] for symbol in market.tradable}
    theme_cap, overrides = risk.theme_cap.max_theme_exposure_pct, risk.theme_cap.overrides
    return to_run(
        walked,
        market,
        metadata(job, market, walked.failures, told),
        theme_caps_pct={theme: float(overrides.get(theme, theme_cap)) for theme in sorted(themes)},
        asset_cap_pct=float(risk.position_cap.max_position_size_pct),
        strategy_caps_pct={one.stanza.name: float(one.stanza.budget.max_at_risk_pct) for one in job.strategies},
        total_cap_pct=float(risk.total_cap.max_total_at_risk_pct),
    )


def metadata(
    job: Job, market: ReplayMarket, failures: Mapping[str, Sequence[Failing]], told: Sequence[str] = ()
) -> Mapping[str, Any]:
    """Who made this, of what, under which rules: enough to make it again."""
    config = job.config
    fees = config.execution().fees
    span: Sequence[datetime] = [market.time(market.first), market.time(market.last)]
    strategies = [one.stanza.name for one in job.strategies]
    return {
        "name": job.name or ", ".join(strategies),
        "engine_version": __version__,
        "config_hash": config.hash,
        "data_hash": job.chosen.panel.data_hash,
        "data_source": job.chosen.source,
        "strategies": strategies,
        "symbols": list(job.chosen.tradable),
        "granularity": job.chosen.panel.granularity,
        "start": span[0].astimezone(UTC),
        "end": span[1].astimezone(UTC),
        "seed": job.seed,
        "mode": "backtest",
        "starting_cash_usd": float(job.cash_usd),
        "fees_bps": {"maker": float(fees.maker_bps), "taker": float(fees.taker_bps)},
        "config": config.redacted(),
        "failures": {name: len(failed) for name, failed in sorted(failures.items())},
        "warnings": [
            *_failed(failures),
            *told,
            *job.chosen.panel.warnings,
            *market.climate.warnings,
            *_never_eligible(market),
        ],
    }


def _failed(failures: Mapping[str, Sequence[Failing]]) -> Iterator[str]:
    for name, failed in sorted(failures.items()):
        first, why = failed[0]
        times = "once" if len(failed) == 1 else f"{len(failed)} times"
        yield f"strategy {name} failed {times} and lost its proposals, first at {first:%Y-%m-%d %H:%M}: {why}"


def _never_eligible(market: ReplayMarket) -> Iterator[str]:
    for member in market.climate.never_eligible(market.first, market.last):
        numbers = "" if member.observed is None else f" {member.observed:,.2f} against {member.limit:,.2f}"
        yield f"{member.symbol}: never eligible in this span; at its end: {member.exclusion_reason}{numbers}"
