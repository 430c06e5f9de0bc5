"""
From what a user asked for to a backtest that can start: loaded, checked, or refused in a sentence.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from trader.config import Config, load_config
from trader.errors import TraderError

if TYPE_CHECKING:
    from trader.backtest.run import Job
    from trader.market.choose import Wanted
    from trader.registry import LoadedStrategy

DATA_VARIABLE = "TRADER_DATA"


class NoStrategy(TraderError):
    """Nothing would be asked."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What every verb that decides asks for: configuration, strategies, and what differs from them."""

    config_dir: Path
    overrides: Sequence[str] = ()
    strategies: tuple[str, ...] | None = None
    strategies_dir: Path = Path("strategies")


def data_folder(given: Path | None) -> Path | None:
    """The lake to read: the one *given*, else the one `TRADER_DATA` names, else None for the built-in market."""
    if given is not None:
        return given
    named = os.environ.get(DATA_VARIABLE)
    return Path(named) if named else None


def configured(asked: Asked) -> Config:
    """The checked configuration; strategies' own parameters are checked when they are loaded."""
    return load_config(asked.config_dir, asked.overrides)


def seeded(asked: Asked, seed: int | None) -> Asked:
    """*asked* with *seed*, where one is given, as its `app.seed`: whatever a seed may not be is told by that key."""
    return asked if seed is None else replace(asked, overrides=(*asked.overrides, f"app.seed={seed}"))


def none_enabled(config_dir: Path, there: Sequence[str]) -> NoStrategy:
    """What to say where no strategy would run and *there* are these."""
    return NoStrategy(
        f"no strategy is enabled in {config_dir}/strategies.yaml and none was named; "
        f"name some with --strategies (there are: {', '.join(sorted(there)) or 'none'})"
    )


def strategies_of(asked: Asked, config: Config) -> tuple[LoadedStrategy, ...]:
    """
    The strategies to run: those named, enabled or not, else every enabled one.

    Raises NoStrategy, with what there is, where that is none.
    """
    from trader.backtest.patience import ANSWER_SECONDS, patience
    from trader.guard import AuditGuard
    from trader.loader import discover, load_strategies

    defaults = config.signal_defaults()
    with patience(ANSWER_SECONDS, "being loaded"):
        loaded = load_strategies(asked.strategies_dir, config.strategies(), asked.strategies, defaults, AuditGuard())
    running = tuple(one for one in loaded if one.stanza.enabled)
    if not running:
        raise none_enabled(asked.config_dir, list(discover(asked.strategies_dir)))
    return running


def backtest_job(
    asked: Asked, wanted: Wanted, cash_usd: Decimal | None = None, seed: int | None = None, name: str = ""
) -> Job:
    """Everything a backtest of *asked* on the bars *wanted* needs, loaded and checked."""
    from trader.backtest.run import Job
    from trader.market.choose import choose, history_seconds
    from trader.strategy import window_bars

    config = configured(seeded(asked, seed))
    strategies = strategies_of(asked, config)
    regime = config.regime()
    windows = [window_bars(one.strategy) * one.timeframe_seconds for one in strategies]
    chosen = choose(replace(wanted, seed=config.app.seed), regime.symbol, history_seconds(regime, windows))
    return Job(
        config=config,
        chosen=chosen,
        strategies=strategies,
        cash_usd=config.app.starting_cash_usd if cash_usd is None else cash_usd,
        seed=config.app.seed,
        name=name,
    )
