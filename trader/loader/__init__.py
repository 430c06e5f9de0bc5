"""
From a folder of files to strategies that can be asked.

A file is read and judged before anything of it runs; then its class is found by
its name, its parameters are checked, and nothing has to be registered.  Every
mistake of every strategy is told at once.  A strategy that is off and cannot be
loaded is left out and stops nobody; one that is asked for never switches itself off.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from trader.config.wording import did_you_mean, listed, near
from trader.errors import TraderError, sentences
from trader.fence import Guard
from trader.loader.params import StrategyRefused, checked_params
from trader.market.granularity import parse_granularity
from trader.policy import StrategyStanza
from trader.purity import refuse
from trader.registry import Failure, LoadedStrategy, attempt
from trader.strategy import Strategy, StrategyParams

__all__ = [
    "StrategyRefused",
    "UnknownStrategy",
    "class_name",
    "discover",
    "load_class",
    "load_strategies",
    "load_strategy",
    "misnamed",
]

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
MODULE = "strategy_"
"""What a strategy's module is called, its name after it."""
WARMUP_BARS_MAX = 100_000

Made = TypeVar("Made")


class UnknownStrategy(TraderError):
    """There is no strategy of this name."""


def discover(directory: Path) -> dict[str, Path]:
    """Strategy name → file, by name; files that begin with _ are nobody's strategy, those `misnamed` stop no other."""
    return {path.stem: path for path in _files(directory) if NAME.fullmatch(path.stem)}


def misnamed(directory: Path) -> dict[Path, str]:
    """The files that can be no strategy for their name, and why, in a sentence."""
    return {path: f"{path}: a strategy's file is named in small letters, digits and _, like sma_cross.py"
            for path in _files(directory) if not NAME.fullmatch(path.stem)}  # fmt: skip


def _files(directory: Path) -> list[Path]:
    if not directory.is_dir():
        raise UnknownStrategy(f"{directory}: there is no such folder; strategies are files in it, like sma_cross.py")
    return sorted(path for path in directory.glob("*.py") if not path.name.startswith("_"))


def class_name(name: str) -> str:
    """`sma_cross` gives `SmaCross`."""
    return "".join(part.capitalize() for part in name.split("_"))


def load_strategies(
    directory: Path,
    stanzas: Iterable[StrategyStanza],
    only: Sequence[str] | None = None,
    defaults: Mapping[str, object] | None = None,
    guard: Guard | None = None,
) -> tuple[LoadedStrategy, ...]:
    """
    Every strategy of *directory* with its stanza, by name; one without a stanza is off (STR2).

    *only* names those to run, enabled or not, and leaves out the rest.  *defaults* (`Config.signal_defaults()`) are
    taken for params of the same name that a stanza leaves out.
    """
    written = {stanza.name: stanza for stanza in stanzas}
    there = discover(directory)
    wanted = sorted(there) if only is None else _known(only, there, directory)
    loaded, problems = [], []
    for name in wanted:
        stanza = written.get(name, StrategyStanza(name))
        if only is not None:
            stanza = replace(stanza, enabled=True)
        try:
            loaded.append(load_strategy(there[name], stanza, defaults or {}, guard))
        except TraderError as error:
            problems += [str(error)] if stanza.enabled else []
    lost = [name for name, stanza in sorted(written.items()) if stanza.enabled and name not in there and only is None]
    problems += [
        f"strategies.yaml: {name}: there is no {directory}/{name}.py; {did_you_mean(name, there)}" for name in lost
    ]
    if problems:
        raise StrategyRefused(sentences(problems))
    return tuple(loaded)


def _known(names: Sequence[str], there: Mapping[str, Path], directory: Path) -> list[str]:
    exist = f"{directory} has {listed(there)}"
    if not names:
        raise UnknownStrategy(f"no strategy is selected; {exist}")
    unknown = [name for name in dict.fromkeys(names) if name not in there]
    if unknown:
        odd = {path.stem: said for path, said in misnamed(directory).items()}
        said = [odd.get(name) or f"{name}: unknown strategy{_meant(name, there)}" for name in unknown]
        raise UnknownStrategy(sentences([*said, exist]))
    return sorted(set(names))


def _meant(name: str, there: Mapping[str, Path]) -> str:
    meant = near(name, there)
    return f"; did you mean {meant}?" if meant else ""


def load_strategy(
    path: Path, stanza: StrategyStanza, defaults: Mapping[str, object] | None = None, guard: Guard | None = None
) -> LoadedStrategy:
    """
    The strategy in the file *path*, its stanza filled up with every parameter it runs with.

    Raises `StrategyRefused`, or what `purity.refuse` raises.
    """
    shown = _shown(path)
    kind = load_class(path, guard)
    params = _run(stanza.name, f"{shown}: Params", lambda: checked_params(kind, stanza, defaults or {}, shown), guard)
    strategy = _run(stanza.name, f"{shown}: {kind.__name__} cannot be made", lambda: kind(params), guard)
    try:
        seconds = parse_granularity(strategy.timeframe)
    except TraderError as error:
        raise StrategyRefused(f"{shown}: {kind.__name__}.timeframe: {error}") from None
    bars: object = _run(stanza.name, f"{shown}: {kind.__name__}.warmup_bars", lambda: strategy.warmup_bars, guard)
    if type(bars) is not int or not 1 <= bars <= WARMUP_BARS_MAX:
        raise StrategyRefused(
            f"{shown}: {kind.__name__}.warmup_bars is {bars!r:.40}; it is a whole number from 1 to {WARMUP_BARS_MAX}"
        )
    return LoadedStrategy(replace(stanza, params=params.model_dump()), strategy, seconds)


def load_class(path: Path, guard: Guard | None = None) -> type[Strategy]:
    """The class a strategy file defines, checked for purity and shape, its code run once."""
    name, shown = path.stem, _shown(path)
    source = refuse(path, shown)
    module = ModuleType(MODULE + name)
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # pydantic and dataclasses look a class's names up there
    code = compile(source, str(path), "exec", dont_inherit=True)
    try:
        _run(name, f"{shown}: cannot be loaded", lambda: exec(code, module.__dict__), guard)
    except TraderError:
        del sys.modules[module.__name__]
        raise
    wanted = class_name(name)
    kind = module.__dict__.get(wanted)
    own = [found.__name__ for found in module.__dict__.values() if _is_strategy(found, module.__name__)]
    if not isinstance(kind, type):
        has = f"; it has {listed(own)}: did you mean class {wanted}?" if own else ""
        raise StrategyRefused(f"{shown}: has no class {wanted} (the file's name in CamelCase){has}")
    if not issubclass(kind, Strategy):
        raise StrategyRefused(f"{shown}: class {wanted} is no Strategy; write class {wanted}(Strategy)")
    missing = sorted(getattr(kind, "__abstractmethods__", ()))
    if missing:
        raise StrategyRefused(f"{shown}: class {wanted} lacks {' and '.join(missing)}")
    if not _is_params(kind.Params):
        raise StrategyRefused(f"{shown}: {wanted}.Params is no StrategyParams; write class Params(StrategyParams)")
    return kind


def _is_params(found: object) -> bool:
    return isinstance(found, type) and issubclass(found, StrategyParams)


def _is_strategy(found: object, module: str) -> bool:
    return isinstance(found, type) and found.__module__ == module and issubclass(found, Strategy)


def _run(name: str, what: str, call: Callable[[], Made], guard: Guard | None) -> Made:
    """What *call*, which runs the code of strategy *name*, returns; `StrategyRefused` where it fails."""
    made = attempt(name, MODULE + name, call, guard=guard)
    if isinstance(made, Failure):
        if isinstance(made.error, TraderError):
            raise made.error
        raise StrategyRefused(f"{what}: {made.detail}")
    return made


def _shown(path: Path) -> str:
    """*path* as it is told: from where we stand if it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_absolute() and path.is_relative_to(here) else str(path)
