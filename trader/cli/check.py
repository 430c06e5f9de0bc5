"""`trader check lookahead / warmup / purity STRATEGY`: is a strategy honest?  Exit 1 when it is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from trader.cli.options import DEFAULT_CONFIG_DIR, AsJson, ConfigDir, aside
from trader.errors import TraderError
from trader.strategy import window_bars

if TYPE_CHECKING:
    import pandas as pd

    from trader.backtest.bias import Fence
    from trader.registry import LoadedStrategy

SYMBOLS_MAX = 3
BARS, BARS_MAX = 900, 3_000

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Bias and purity checks of one strategy.")

Name = Annotated[str, typer.Argument(metavar="STRATEGY", help="Name of the strategy: its file without .py.")]
Data = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="A lake, like var/lake; default TRADER_DATA, else the built-in market."),
]
Symbols = Annotated[
    str | None, typer.Option(metavar="A,B", help=f"Symbols to check on; default {SYMBOLS_MAX} of them.")
]
StrategiesDir = Annotated[Path, typer.Option(metavar="DIR", help="Folder of the strategy files.")]
Seed = Annotated[int, typer.Option(metavar="N", help="Seed of the built-in market.")]


class TooFewBars(TraderError):
    """Nothing can be said on so little."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The strategy under check, how to load it anew, and the bars it is checked on."""

    reload: Callable[[], LoadedStrategy]
    loaded: LoadedStrategy
    frames: Mapping[str, pd.DataFrame]
    source: str


@app.command()
def lookahead(
    strategy: Name,
    data: Data = None,
    symbols: Symbols = None,
    strategies_dir: StrategiesDir = Path("strategies"),
    seed: Seed = 0,
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
    as_json: AsJson = False,
) -> None:
    """
    Cut off the future at many instants: no feature, and no screen, of the past may change by a bit.

    Example: trader check lookahead sma_cross
    """
    from trader.backtest.bias import check_lookahead

    subject = _subject("lookahead", strategy, data, symbols, strategies_dir, seed, config_dir, as_json)
    with aside():
        found = [check_lookahead(subject.loaded, symbol, bars, _fence()) for symbol, bars in subject.frames.items()]
    _say("lookahead", strategy, subject, [str(bias) for bias in found if bias is not None], as_json)


@app.command()
def warmup(
    strategy: Name,
    data: Data = None,
    symbols: Symbols = None,
    strategies_dir: StrategiesDir = Path("strategies"),
    seed: Seed = 0,
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
    as_json: AsJson = False,
) -> None:
    """
    Compute each row from its bar and the warmup_bars before it: it must equal, to the last bit, that of all history.

    Example: trader check warmup sma_cross
    """
    from trader.backtest.bias import check_warmup

    subject = _subject("warmup", strategy, data, symbols, strategies_dir, seed, config_dir, as_json)
    with aside():
        found = [check_warmup(subject.loaded, symbol, bars, _fence()) for symbol, bars in subject.frames.items()]
    _say("warmup", strategy, subject, [str(bias) for bias in found if bias is not None], as_json)


@app.command()
def purity(
    strategy: Name,
    data: Data = None,
    symbols: Symbols = None,
    strategies_dir: StrategiesDir = Path("strategies"),
    seed: Seed = 0,
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
    as_json: AsJson = False,
) -> None:
    """
    Read the file, then ask the strategy at many instants, twice and in other orders: the answers must be the same.

    It finds mistakes, not deceit: what a file hides on purpose, like a word put together while running, may pass.

    Example: trader check purity sma_cross
    """
    from trader.backtest.rehearsal import Stage, rehearse

    subject = _subject("purity", strategy, data, symbols, strategies_dir, seed, config_dir, as_json)
    stage = Stage(subject.frames, subject.loaded.timeframe_seconds)
    with aside():
        found = list(rehearse(subject.reload, stage, _fence()))
    _say("purity", strategy, subject, found, as_json)


def _subject(
    check: str,
    name: str,
    data: Path | None,
    symbols: str | None,
    strategies_dir: Path,
    seed: int,
    config_dir: Path,
    as_json: bool,
) -> Subject:
    from trader.app import Asked, configured, seeded
    from trader.guard import AuditGuard
    from trader.loader import load_strategies
    from trader.purity import Impure, refuse

    config = configured(seeded(Asked(config_dir), seed))
    guard = AuditGuard()

    def reload() -> LoadedStrategy:
        wanted = load_strategies(strategies_dir, config.strategies(), [name], config.signal_defaults(), guard)
        return wanted[0]

    path = strategies_dir / f"{name}.py"
    if path.is_file():
        try:
            refuse(path, str(path))
        except Impure as impure:
            _no(check, name, [finding.sentence(str(path)) for finding in impure.findings], as_json)
    with aside():
        loaded = reload()
    frames, source = _frames(loaded, data, symbols, config.app.seed)
    return Subject(reload, loaded, frames, source)


def _frames(
    loaded: LoadedStrategy, data: Path | None, symbols: str | None, seed: int
) -> tuple[dict[str, pd.DataFrame], str]:
    """Bars of the strategy's timeframe, its warm-up and something to look at."""
    from datetime import timedelta

    from trader.app import data_folder
    from trader.cli.backtest import symbols_in
    from trader.market.choose import SAMPLE_START, Wanted, choose
    from trader.market.history import Lake

    timeframe, seconds, warmup_bars = loaded.strategy.timeframe, loaded.timeframe_seconds, window_bars(loaded.strategy)
    folder, chosen = data_folder(data), symbols_in(symbols)
    if folder is None:
        end = SAMPLE_START + timedelta(seconds=seconds * BARS)
        wanted = Wanted(None, chosen or ("BTC-USD", "ETH-USD", "DOGE-USD"), timeframe, SAMPLE_START, end, seed)
        found = choose(wanted, "BTC-USD", warmup_bars * seconds)
    else:
        few = chosen or Lake(folder).offering(timeframe)[:SYMBOLS_MAX]
        found = choose(Wanted(folder, few, timeframe), "BTC-USD", warmup_bars * seconds)
    frames = {symbol: found.panel.frames[symbol].iloc[-BARS_MAX - warmup_bars :] for symbol in found.tradable}
    short = [f"{symbol} has {len(bars)} bars" for symbol, bars in frames.items() if len(bars) < warmup_bars + 2]
    if short:
        raise TooFewBars(f"{', '.join(short)} of {timeframe}: too few to judge a warm-up of {warmup_bars} bars")
    return frames, found.source


def _fence() -> Fence:
    from trader.backtest.bias import Fence
    from trader.guard import AuditGuard, SignalTimer

    return Fence(SignalTimer(), AuditGuard())


def _say(check: str, name: str, subject: Subject, findings: list[str], as_json: bool) -> None:
    if findings:
        _no(check, name, findings, as_json)
    bars = {symbol: len(frame) for symbol, frame in subject.frames.items()}
    if as_json:
        typer.echo(_document(check, name, [], subject.source, bars))
        return
    on = f"{sum(bars.values())} bars of {', '.join(bars)} ({subject.source})"
    typer.echo(f"{name}: {check} holds, on {on}, warm-up {subject.loaded.strategy.warmup_bars} bars")


def _no(check: str, name: str, findings: list[str], as_json: bool) -> NoReturn:
    if as_json:
        typer.echo(_document(check, name, findings, None, {}))
    else:
        typer.echo("\n".join([f"{name}: {check} does not hold", *(f"  {finding}" for finding in findings)]))
    raise typer.Exit(1)


def _document(check: str, name: str, findings: list[str], source: str | None, bars: dict[str, int]) -> str:
    found = {"bars": bars, "check": check, "findings": findings, "ok": not findings, "source": source, "strategy": name}
    return json.dumps(found, sort_keys=True)
