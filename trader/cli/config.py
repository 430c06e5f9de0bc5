"""
`trader config check` and `trader config show`: is it right, and what is in force.

Exit 0 when the configuration is right, 2 with every mistake of every file when it is not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from trader.cli.options import DEFAULT_CONFIG_DIR, AsJson, ConfigDir
from trader.config import Config, ConfigError, ParamsChecker, load_config
from trader.config.problem import Problem, dotted
from trader.errors import TraderError
from trader.policy import StrategyStanza

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Check the configuration, or show what is in force.\n\nExample: trader config check --config-dir config/demo",
)

Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FILE.KEY=VALUE", help="Override one key, like policy.risk.cash.min_cash_pct=5."),
]
StrategiesDir = Annotated[
    Path, typer.Option(metavar="DIR", help="Folder of the strategies that strategies.yaml names.")
]
DEFAULT_STRATEGIES_DIR = Path("strategies")


@app.command()
def check(
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
    strategies_dir: StrategiesDir = DEFAULT_STRATEGIES_DIR,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """
    Say whether the configuration is right; if not, everything that is wrong with it.

    Example: trader config check --set policy.risk.total_cap.max_total_at_risk_pct=10
    """
    config = _load(config_dir, strategies_dir, overrides, as_json)
    notes = config.notes(datetime.now(UTC))
    if as_json:
        _say({"valid": True, "problems": [], "notes": notes, "hash": config.hash, "full_hash": config.full_hash})
        return
    enabled = [stanza.name for stanza in config.strategies() if stanza.enabled]
    for note in notes:
        typer.echo(f"note: {note}")
    typer.echo(
        f"{config_dir}: right; mode {config.app.mode}, strategies {', '.join(enabled) or 'none'}, {config.hash[:16]}"
    )


@app.command()
def show(
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
    strategies_dir: StrategiesDir = DEFAULT_STRATEGIES_DIR,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """
    Show every key in force and who wrote it; what looks like a secret is masked.

    Example: trader config show --config-dir config/demo
    """
    config = _load(config_dir, strategies_dir, overrides, as_json)
    lines = list(_lines(config.redacted(), ()))
    if as_json:
        sources = {dotted(path): _source(config, path) for path, _ in lines}
        _say({"config": config.redacted(), "sources": sources, "hash": config.hash, "full_hash": config.full_hash})
        return
    told = [(f"{dotted(path)}: {_shown(value)}", _source(config, path)) for path, value in lines]
    width = min(72, max(len(text) for text, _ in told))
    for text, source in told:
        typer.echo(f"{text:<{width}}  # {source}")
    typer.echo(f"hash {config.hash}\nfull_hash {config.full_hash}")


def _load(config_dir: Path, strategies_dir: Path, overrides: list[str] | None, as_json: bool) -> Config:
    looked_for = strategies_dir if strategies_dir != DEFAULT_STRATEGIES_DIR or strategies_dir.is_dir() else None
    given = tuple(overrides or ())
    try:
        config = load_config(config_dir, given, strategies_dir=looked_for)
        if looked_for is not None and any(map(_is_used, config.strategies())):
            load_config(config_dir, given, params_checker=_strategies_own_word(looked_for, config.signal_defaults()))
    except ConfigError as error:
        if not as_json:
            raise
        _say({"valid": False, "problems": [_as_json(problem) for problem in error.problems]})
        raise typer.Exit(error.exit_code) from None
    return config


def _is_used(stanza: StrategyStanza) -> bool:
    return stanza.enabled or bool(stanza.params)


def _strategies_own_word(directory: Path, defaults: Mapping[str, object]) -> ParamsChecker:
    """Asks the strategies themselves; one that is off and has no params is not even imported."""
    from trader.loader import load_strategy

    def problems(stanza: StrategyStanza) -> list[str]:
        if not _is_used(stanza):
            return []
        try:
            load_strategy(directory / f"{stanza.name}.py", stanza, defaults)
        except TraderError as error:
            place = f"strategies.yaml: {stanza.name}.params"
            return [line.removeprefix(place).removeprefix(".").removeprefix(": ") for line in str(error).splitlines()]
        return []

    return problems


def _as_json(problem: Problem) -> dict[str, str]:
    return {"source": problem.source, "key": dotted(problem.path[1:]), "sentence": str(problem)}


def _lines(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(node, dict) and node:
        for key, inner in node.items():
            yield from _lines(inner, (*path, key))
    else:
        yield path, node


def _source(config: Config, path: tuple[str, ...]) -> str:
    return config.sources.get(path, "default")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(str, value)) + "]"
    return value if isinstance(value, str) else json.dumps(value)


def _say(document: dict[str, Any]) -> None:
    typer.echo(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False))
