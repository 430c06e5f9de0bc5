"""`trader strategy list / new NAME`: which strategies there are, and a working skeleton of another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trader.cli.options import DEFAULT_CONFIG_DIR, AsJson, ConfigDir
from trader.errors import TraderError
from trader.policy import StrategyStanza

if TYPE_CHECKING:
    from trader.config import Config

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The strategies: listed, and a new one begun.")

StrategiesDir = Annotated[Path, typer.Option(metavar="DIR", help="Folder of the strategy files.")]
TestsDir = Annotated[Path, typer.Option(metavar="DIR", help="Folder of their tests.")]


class NameTaken(TraderError):
    """Nothing that exists is overwritten."""


@app.command("list")
def list_(
    strategies_dir: StrategiesDir = Path("strategies"),
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
    as_json: AsJson = False,
) -> None:
    """
    Every strategy file: enabled, disabled or refused (and why), its timeframe, warm-up and parameters.

    Example: trader strategy list
    """
    from trader.app import Asked, configured
    from trader.loader import discover, misnamed

    config = configured(Asked(config_dir))
    rows = [_row(name, path, config) for name, path in discover(strategies_dir).items()]
    rows += [_refused(_head(path.stem, path, config), why) for path, why in misnamed(strategies_dir).items()]
    if as_json:
        typer.echo(json.dumps(rows, sort_keys=True))
        return
    if not rows:
        typer.echo(f"{strategies_dir} has no strategy; `trader strategy new NAME` begins one")
        return
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        shape = f"{row['timeframe']:>4}, {row['warmup_bars']} bars warm-up" if row["timeframe"] else ""
        typer.echo(f"{row['name']:<{width}}  {row['state']:<8}  {shape}  {row['says']}".rstrip())


def _row(name: str, path: Path, config: Config) -> dict[str, Any]:
    from trader.guard import AuditGuard
    from trader.loader import load_strategy

    head = _head(name, path, config)
    try:
        loaded = load_strategy(path, _stanza(name, config), config.signal_defaults(), AuditGuard())
    except TraderError as error:
        return _refused(head, str(error))
    return head | {
        "state": "enabled" if head["enabled"] else "disabled",
        "timeframe": loaded.strategy.timeframe,
        "warmup_bars": loaded.strategy.warmup_bars,
        "params": loaded.strategy.params.model_dump(mode="json"),
        "says": (type(loaded.strategy).__doc__ or "").strip().partition("\n")[0],
    }


def _head(name: str, path: Path, config: Config) -> dict[str, Any]:
    stanza = _stanza(name, config)
    return {
        "name": name,
        "path": str(path),
        "enabled": stanza.enabled,
        "priority": stanza.priority,
        "max_at_risk_pct": float(stanza.budget.max_at_risk_pct),
        "max_trades_per_cycle": stanza.budget.max_trades_per_cycle,
        "symbols": None if stanza.symbols is None else list(stanza.symbols),
    }


def _stanza(name: str, config: Config) -> StrategyStanza:
    return next((each for each in config.strategies() if each.name == name), StrategyStanza(name))


def _refused(head: dict[str, Any], why: str) -> dict[str, Any]:
    return head | {"state": "refused", "timeframe": None, "warmup_bars": None, "params": {}, "says": why}


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits and _, like vol_breakout.")],
    strategies_dir: StrategiesDir = Path("strategies"),
    tests_dir: TestsDir = Path("tests/strategies"),
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
    as_json: AsJson = False,
) -> None:
    """
    Write a working strategy, its test and its stanza (`enabled: false`); nothing that exists is touched.

    Example: trader strategy new vol_breakout
    """
    from trader.cli.strategy_skeleton import skeleton, stanza_of, test_of
    from trader.loader import NAME, class_name
    from trader.reporting.store import write_whole

    if not NAME.fullmatch(name):
        raise NameTaken(f"{name}: a strategy is named in small letters, digits and _, like vol_breakout")
    strategy, test, stanzas = (
        strategies_dir / f"{name}.py",
        tests_dir / f"test_{name}.py",
        config_dir / "strategies.yaml",
    )
    taken = [path for path in (strategy, test) if path.exists()]
    if taken:
        raise NameTaken(f"{taken[0]} exists already; choose another name")
    text = _with_stanza(stanzas, name, stanza_of(name))
    for path, content in ((strategy, skeleton(name, class_name(name))), (test, test_of(name)), (stanzas, text)):
        write_whole(path, content.encode())
    if as_json:
        typer.echo(json.dumps({"config": str(stanzas), "strategy": str(strategy), "test": str(test)}, sort_keys=True))
        return
    typer.echo(
        f"wrote {strategy}, {test} and its stanza in {stanzas} (off)\n"
        f"next: trader check purity {name} && trader backtest --strategies {name}"
    )


def _with_stanza(path: Path, name: str, stanza: str) -> str:
    """The text of strategies.yaml with *stanza* at its end; what stood there reads as before."""
    import yaml

    try:
        before = path.read_text(encoding="utf-8")
    except OSError as error:
        raise NameTaken(f"{path}: cannot be read: {error.strerror}; a strategy's stanza goes into it") from None
    after = before + ("" if before.endswith("\n") or not before else "\n") + stanza
    try:
        was, now = yaml.safe_load(before) or {}, yaml.safe_load(after)
    except yaml.YAMLError as error:
        raise NameTaken(f"{path}: {name} cannot be added to it: {str(error).partition(chr(10))[0]}") from None
    if isinstance(was, dict) and name in was:
        raise NameTaken(f"{path}: {name} has a stanza already; choose another name")
    if not isinstance(was, dict) or not isinstance(now, dict) or now != was | {name: now.get(name)}:
        raise NameTaken(f"{path}: {name} cannot be added at its end; write the stanza yourself:\n{stanza}")
    return after
