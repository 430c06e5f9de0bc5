"""
One file's tree against its shape: every mistake as a sentence, whatever was written.

Pydantic finds them; here they are told: where, what, what is allowed, and what
was probably meant.  A strategy's own parameters are told the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from trader.config.problem import Path, dotted
from trader.config.shapes import adapter, every_key, shape_at
from trader.config.stanza import keys_of, kind_of
from trader.config.values import REFUSED
from trader.config.wording import did_you_mean, listed, near, shown

Mistake = tuple[Path, str]

_WORDED: dict[str, str] = {
    "greater_than": "{value} is not above {gt}",
    "greater_than_equal": "{value} is below {ge}",
    "less_than": "{value} is not below {lt}",
    "less_than_equal": "{value} is above {le}",
    "list_type": "{value} is not a list; write [a, b]",
    "tuple_type": "{value} is not a list; write [a, b]",
    "string_type": "{value} is not text",
    "finite_number": "{value} is not a finite number",
}
_NOT_A_NUMBER = ("int_type", "int_parsing", "float_type", "float_parsing", "decimal_type", "decimal_parsing")


def check_file(file: str, tree: object) -> tuple[Any, list[Mistake]]:
    """The frozen content of *file*, or every mistake in it."""
    try:
        return adapter(file).validate_python(tree), []
    except ValidationError as error:
        return None, [_mistake(file, detail) for detail in error.errors(include_url=False)]


def params_problems(params: type[BaseModel], values: Mapping[str, object]) -> list[str]:
    """What a strategy's own *params* class says of *values*: `fast_bars: 1 is below 2`; empty when it accepts them."""
    try:
        params.model_validate(dict(values))
    except ValidationError as error:
        details = [(tuple(detail["loc"]), detail) for detail in error.errors(include_url=False)]
        return [
            ": ".join(filter(None, (dotted(path), _params_sentence(params, path, detail)))) for path, detail in details
        ]
    return []


def _params_sentence(params: type[BaseModel], path: Path, detail: Any) -> str:
    if detail["type"] == "extra_forbidden" and len(path) == 1:
        return f"unknown key; {did_you_mean(str(path[0]), keys_of(params))}"
    return "missing" if detail["type"] == "missing" else _sentence(detail)


def _mistake(file: str, detail: Any) -> Mistake:
    path: Path = (file, *(part for part in detail["loc"] if part != "[key]"))
    if detail["type"] == "missing":
        return path, _missing(path)
    if detail["type"] == "extra_forbidden":
        return path, unknown_key(path)
    if detail["type"] in ("model_type", "model_attributes_type", "dict_type"):
        return path, _not_a_group(path, detail["input"])
    return path, _sentence(detail)


def _sentence(detail: Any) -> str:
    kind, value = detail["type"], shown(detail["input"])
    context = detail.get("ctx", {})
    if kind == REFUSED:
        return str(context["sentence"])
    if kind in _NOT_A_NUMBER:
        return f"{value} is not a number"
    if kind in _WORDED:
        return _WORDED[kind].format(**{**context, "value": value})
    if kind in ("value_error", "assertion_error"):
        return str(context.get("error", detail["msg"]))
    return f"{value}: {detail['msg'][0].lower()}{detail['msg'][1:]}"


def _missing(path: Path) -> str:
    info = keys_of(shape_at(path[:-1])).get(str(path[-1]))
    kind = kind_of(info) if info is not None else None
    if kind is None:
        keys = listed(keys_of(shape_at(path)))
        return "missing; write it out" + (f", with the keys {keys}" if keys != "nothing" else "")
    usual = "null" if kind.optional else kind.default
    example = f", e.g. {path[-1]}: {usual}" if usual is not None else ""
    return f"missing; write it out{example}; allowed: {kind.in_words}"


def _not_a_group(path: Path, value: object) -> str:
    keys = keys_of(shape_at(path))
    hint = f"keys: {listed(keys)}" if keys else "write {} where there are none"
    return f"{shown(value)} is not a group of keys; {hint}"


def unknown_key(path: Path) -> str:
    """What was probably meant by a key that nothing knows: here, or elsewhere."""
    key, siblings = str(path[-1]), keys_of(shape_at(path[:-1]))
    typo = near(key, siblings, cutoff=0.85)
    homes = [home for home in every_key() if home[-1] == key]
    if homes and not typo:
        return f"unknown key here; it belongs under {' or '.join(_place(home) for home in homes[:3])}"
    meant = typo or near(key, siblings)
    if meant:
        return f"unknown key; did you mean {meant}?"
    elsewhere = near(key, {home[-1] for home in every_key()}, cutoff=0.8)
    if elsewhere:
        home = next(_from_file(home, path) for home in every_key() if home[-1] == elsewhere)
        return f"unknown key; did you mean {home}?"
    return f"unknown key; allowed: {listed(siblings)}"


def _place(home: tuple[str, ...]) -> str:
    return f"{'.'.join(home[1:-1])} in {home[0]}.yaml" if len(home) > 2 else f"the top of {home[0]}.yaml"


def _from_file(home: tuple[str, ...], path: Path) -> str:
    same_file = home[0] == path[0]
    return ".".join(home[1:]) if same_file else f"{'.'.join(home[1:])} in {home[0]}.yaml"
