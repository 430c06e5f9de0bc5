"""
A strategy's parameters: from its stanza, else from signals.yaml, else its own defaults; all of them checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum

from trader.config.checking import params_problems
from trader.errors import TraderError, sentences
from trader.policy import StrategyStanza
from trader.strategy import Strategy, StrategyParams

UNCHANGEABLE = (str, int, float, bool, Decimal, Enum, frozenset, type(None))


class StrategyRefused(TraderError):
    """A strategy that cannot be loaded; the message says why, and what would be right."""


def params_of(kind: type[Strategy], stanza: StrategyStanza, defaults: Mapping[str, object]) -> dict[str, object]:
    """What *kind*'s Params are made of: the stanza's values, and from *defaults* what it leaves out."""
    fields = kind.Params.model_fields
    return {name: value for name, value in defaults.items() if name in fields} | dict(stanza.params)


def checked_params(
    kind: type[Strategy], stanza: StrategyStanza, defaults: Mapping[str, object], shown: str
) -> StrategyParams:
    """The parameters *kind* runs with; raises `StrategyRefused` with everything that is wrong with them."""
    values = params_of(kind, stanza, defaults)
    fields = kind.Params.model_fields.items()
    usual = {name: field.get_default(call_default_factory=True) for name, field in fields if not field.is_required()}
    problems = params_problems(kind.Params, {**usual, **values})
    if problems:
        raise StrategyRefused(sentences(_in_file(stanza.name, said) for said in problems))
    params = kind.Params.model_validate(values)
    for name, value in params.model_dump().items():
        if not _unchangeable(value):
            said = f"a {type(value).__name__}, which can be changed; use a tuple or a plain value"
            raise StrategyRefused(f"{shown}: {kind.__name__}.Params.{name} is {said}")
    return params


def _in_file(name: str, said: str) -> str:
    key, colon, sentence = said.partition(": ")
    return f"strategies.yaml: {name}.params.{key}: {sentence}" if colon else f"strategies.yaml: {name}.params: {said}"


def _unchangeable(value: object) -> bool:
    return all(map(_unchangeable, value)) if isinstance(value, tuple) else isinstance(value, UNCHANGEABLE)
