"""`trader run`: a dry run, paper, or live rehearsed, cycle by cycle, each in an executed notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trader.cli.backtest import (
    BadOption,
    End,
    Granularity,
    Overrides,
    Seed,
    Segments,
    Start,
    Strategies,
    StrategiesDir,
    Symbols,
    day,
    names,
    symbols_in,
)
from trader.cli.options import DEFAULT_CONFIG_DIR, AsJson, ConfigDir
from trader.ops.arming import utc_now

if TYPE_CHECKING:
    from trader.running.telling import CycleTold, Told

Mode = Annotated[str | None, typer.Option(metavar="M", help="dry_run, paper or live; default that of app.yaml.")]
Feed = Annotated[
    str, typer.Option(metavar="F", help="sample (the built-in market, the default), lake (bars on disk), coinbase.")
]
Lake = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="The lake of --feed lake; default TRADER_DATA.")
]
Cycles = Annotated[int | None, typer.Option(metavar="N", help="Stop after so many; default to the end of history.")]
Interval = Annotated[
    int | None, typer.Option(metavar="S", help="Market seconds from cycle to cycle; default one bar, not app.yaml.")
]
Speed = Annotated[str, typer.Option(metavar="X", help="Market seconds per second, or max: wait for nothing.")]
Notebook = Annotated[Path, typer.Option(metavar="FILE", help="The notebook that is run once a cycle.")]


def command(
    mode: Mode = None,
    feed: Feed = "",
    data: Lake = None,
    start: Start = None,
    end: End = None,
    granularity: Granularity = None,
    symbols: Symbols = None,
    segments: Segments = None,
    strategies: Strategies = None,
    strategies_dir: StrategiesDir = Path("strategies"),
    seed: Seed = None,
    overrides: Overrides = None,
    cycles: Cycles = None,
    interval: Interval = None,
    speed: Speed = "max",
    notebook: Notebook = Path("notebooks/live_cycle.ipynb"),
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
    as_json: AsJson = False,
) -> None:
    """
    Run strategies on a market that moves, with a journal that outlives the process: stop it and start it again.

    Exit 1 where a strategy failed, as in a backtest, although the others traded on: the last lines say which and why.
    Exit 2 where executed notebooks could not be written.
    Exit 4 where trading is halted or killed at the end: nothing is sent until trader resume.

    Example: trader run --mode paper --strategies sma_cross,breakout --granularity 1h --cycles 24
    """
    from trader.app import run
    from trader.running.asked import RunAsked

    asked = RunAsked(
        config_dir, tuple(overrides or ()), names(strategies), strategies_dir, mode, feed, data, symbols_in(symbols),
        granularity, day(start, "--start"), day(end, "--end"), seed, cycles, interval, pace(speed), notebook,
        segments=names(segments) or (),
    )  # fmt: skip
    told = run(asked, Speaker(quiet=as_json))
    typer.echo(json.dumps(told.document(), sort_keys=True) if as_json else told.line())
    if told.exit_code:
        raise typer.Exit(told.exit_code)


def pace(given: str) -> float | None:
    """`--speed`: a number, or None for max."""
    if given == "max":
        return None
    try:
        return float(given)
    except ValueError as error:
        raise BadOption(f"--speed {given}: a number above 0 (3600 runs an hour in a second), or max") from error


class Speaker:
    """One line for each cycle as it ends; *quiet* where a program wants the document alone."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet

    def begun(self, told: Told) -> None:
        """Who runs on what."""
        self._say(f"{told.mode.replace('_', ' ')} account {told.account} on {told.source}")

    def cycle(self, told: CycleTold) -> None:
        """One cycle is over."""
        self._say(told.line())

    def note(self, sentence: str) -> None:
        """Something else worth knowing."""
        self._say(sentence)

    def critical(self, sentence: str) -> None:
        """What nobody may miss goes to the error channel, whoever reads the other."""
        typer.echo(f"CRITICAL {utc_now():%Y-%m-%dT%H:%M:%S}Z {sentence}", err=True)

    def _say(self, line: str) -> None:
        typer.echo(line, err=self._quiet)
