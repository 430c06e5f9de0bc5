"""
The house, composed: which configuration, which bars, which strategies, and in which mode.

Everything below is told what it works with; only here is it chosen, so a mode
is three plugs (feed, exchange, journal) and nowhere a question.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
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


def strategies_of(asked: Asked, config: Config) -> tuple[LoadedStrategy, ...]:
    """
    The strategies to run: those named, enabled or not, else every enabled one.

    Raises NoStrategy, with what there is, where that is none.
    """
    from trader.loader import discover, load_strategies

    loaded = load_strategies(asked.strategies_dir, config.strategies(), asked.strategies, config.signal_defaults())
    running = tuple(one for one in loaded if one.stanza.enabled)
    if not running:
        there = ", ".join(sorted(discover(asked.strategies_dir))) or "none"
        raise NoStrategy(
            f"no strategy is enabled in {asked.config_dir}/strategies.yaml and none was named; "
            f"name some with --strategies (there are: {there})"
        )
    return running


def backtest_job(
    asked: Asked, wanted: Wanted, cash_usd: Decimal | None = None, seed: int | None = None, name: str = "backtest"
) -> Job:
    """Everything a backtest of *asked* on the bars *wanted* needs, loaded and checked."""
    from dataclasses import replace

    from trader.backtest.run import Job, warmup_seconds
    from trader.market.choose import choose

    config = configured(asked)
    strategies = strategies_of(asked, config)
    seed = config.app.seed if seed is None else seed
    chosen = choose(replace(wanted, seed=seed), config.regime().symbol, warmup_seconds(config, strategies))
    return Job(
        config=config,
        chosen=chosen,
        strategies=strategies,
        cash_usd=config.app.starting_cash_usd if cash_usd is None else cash_usd,
        seed=seed,
        name=name,
    )
