"""
All of it or none of it.

`load_config` reads, lays over, checks every file and then the files against
each other.  It returns a configuration without a known mistake, or raises one
error with every mistake of every file, before anything has been started.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path as FilePath
from typing import Any, TypeAlias

from trader.config.checking import Mistake, check_file
from trader.config.config import Config
from trader.config.cross_limits import limits
from trader.config.cross_live import live
from trader.config.cross_names import names
from trader.config.facts import Facts
from trader.config.layers import Merged, merge
from trader.config.overrides import lay_overrides
from trader.config.problem import FILES, ConfigError, Path, Problem
from trader.config.reading import Node
from trader.config.secret_values import HOME, looks_secret, names_a_secret
from trader.config.wording import did_you_mean
from trader.policy import StrategyStanza

ParamsChecker: TypeAlias = Callable[[StrategyStanza], list[str]]
"""Says what a strategy thinks of its params, each as `key: sentence` (see `params_problems`) or as a sentence alone."""


def load_config(
    directory: FilePath | str = "config",
    overrides: Sequence[str] = (),
    *,
    strategies_dir: FilePath | None = None,
    params_checker: ParamsChecker | None = None,
) -> Config:
    """
    The configuration of *directory* with *overrides* (`policy.risk.x.y=4`) on top, or `ConfigError`.

    With *strategies_dir* every stanza must have its file there; *params_checker* is asked about every stanza.
    """
    merged = merge(FilePath(directory))
    lay_overrides(merged, overrides)
    contents = {file: _checked(merged, file) for file in FILES if file not in merged.unusable}
    for path, sentence in _across(merged, strategies_dir):
        merged.blame(path, sentence)
    if merged.problems:
        raise ConfigError(merged.problems)

    app, policy, universe, signals, strategies = (contents[file] for file in FILES)
    config = Config(app, policy, universe, signals, strategies, dict(merged.origins))
    if params_checker is not None:
        for stanza in config.strategies():
            for said in params_checker(stanza):
                merged.blame(*_of_params(config, stanza, said))
    if merged.problems:
        raise ConfigError(merged.problems)
    return config


def _of_params(config: Config, stanza: StrategyStanza, said: str) -> Mistake:
    key, colon, sentence = said.partition(": ")
    if not colon or not re.fullmatch(r"[\w.\[\]']+", key):
        return ("strategies", stanza.name), said
    signal = config.signal_paths().get(key)
    if signal is not None and key not in stanza.params:
        return signal, f"{sentence} in {stanza.name}, which takes it from here"
    return ("strategies", stanza.name, "params", key), sentence


def _checked(merged: Merged, file: str) -> Any:
    content, mistakes = check_file(file, merged.tree.get(file))
    for path, sentence in mistakes:
        merged.blame(path, sentence)
    return content


def _across(merged: Merged, strategies_dir: FilePath | None) -> Iterator[Mistake]:
    facts = Facts({file: tree for file, tree in merged.tree.items() if file not in merged.unusable})
    yield from _secrets(merged.tree, ())
    yield from limits(facts)
    yield from live(facts)
    yield from names(facts)
    if strategies_dir is not None:
        yield from _files(merged, facts, strategies_dir)


def _files(merged: Merged, facts: Facts, strategies_dir: FilePath) -> Iterator[Mistake]:
    if not strategies_dir.is_dir():
        merged.problems.append(
            Problem(str(strategies_dir), (), "there is no such folder; strategies are looked for in it")
        )
        return
    written = sorted(path.stem for path in strategies_dir.glob("*.py") if not path.stem.startswith("_"))

    def hint(name: str) -> str:
        return did_you_mean(name, written) if written else "that folder holds no strategy"

    stanzas = facts.at("strategies")
    for name in stanzas if isinstance(stanzas, dict) else ():
        if name not in written:
            yield ("strategies", name), f"there is no {strategies_dir}/{name}.py; {hint(name)}"


def _secrets(node: Node, path: Path) -> Iterator[Mistake]:
    """Where a secret stands, and of what kind; never what it is."""
    if isinstance(node, dict):
        for key, inner in node.items():
            kind = looks_secret(key)
            if kind:
                yield (*path, key), f"looks like {kind}; {HOME}"
            elif names_a_secret(key) and isinstance(inner, str | int) and not isinstance(inner, bool) and inner != "":
                yield (*path, key), f"holds a secret by its name; {HOME}"
            else:
                yield from _secrets(inner, (*path, key))
    elif isinstance(node, list):
        for number, inner in enumerate(node):
            yield from _secrets(inner, (*path, number))
    elif isinstance(node, str) and (kind := looks_secret(node)):
        yield path, f"looks like {kind}; {HOME}"
