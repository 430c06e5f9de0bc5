"""
The shape of all five files in one place, and every key there is.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import TypeAdapter

from trader.config.app_yaml import AppYaml
from trader.config.policy_yaml import PolicyYaml
from trader.config.problem import FILES, Path
from trader.config.signals_yaml import SignalsYaml
from trader.config.stanza import inside, is_stanza, keys_of
from trader.config.strategies_yaml import StrategiesYaml
from trader.config.universe_yaml import UniverseYaml

SHAPES: dict[str, Any] = dict(zip(FILES, (AppYaml, PolicyYaml, UniverseYaml, SignalsYaml, StrategiesYaml), strict=True))
ANY_NAME = "<name>"


@cache
def adapter(file: str) -> TypeAdapter[Any]:
    """What checks the tree of one file."""
    return TypeAdapter(SHAPES[file])


def shape_at(path: Path) -> Any:
    """The shape of what stands at *path*; None where nothing may."""
    shape = SHAPES.get(str(path[0])) if path else None
    for part in path[1:]:
        shape = inside(shape, part)
    return shape


@cache
def every_key() -> tuple[tuple[str, ...], ...]:
    """Every key of every file, as a path; a free name is `<name>`."""
    return tuple(path for file in FILES for path in _keys(SHAPES[file], (file,)))


def _keys(shape: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for key, info in keys_of(shape).items():
        yield (*path, key)
        yield from _keys(info.annotation, (*path, key))
    if get_origin(shape) is dict and is_stanza(get_args(shape)[1]):
        yield from _keys(get_args(shape)[1], (*path, ANY_NAME))
