"""
From a stanza to the object it names.

Stanza name = module name = class name in CamelCase, keys = fields; so a new
rule needs a file and a stanza, and nothing here.  What a rule must know from
another file (budgets, allocations, fees) is supplied by the field's name.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from trader.config.policy_yaml import Breakers, Risk
from trader.config.stanza import Stanza, keys_of
from trader.risk.rules import ORDER

if TYPE_CHECKING:
    from trader.risk.rule import Breaker, Rule

ENGINE_KEYS = ("caps",)
"""Stanzas under `risk` that belong to the engine, not to a rule."""

_RULES = {key: name for key, name in zip(keys_of(Risk), Risk.model_fields, strict=True) if key not in ENGINE_KEYS}
RULES: tuple[tuple[str, str], ...] = tuple((key, _RULES[key]) for key in sorted(_RULES, key=ORDER.index))
"""(stanza, attribute) of every rule, in the order the engine asks them."""
BREAKERS: tuple[str, ...] = tuple(keys_of(Breakers))
SUPPLIED = ("budgets", "allocations", "fees")


def class_of(package: str, name: str) -> type[Any]:
    """`theme_cap` → `ThemeCap` of `trader.risk.rules.theme_cap`."""
    module = importlib.import_module(f"trader.risk.{package}.{name}")
    found: type[Any] = getattr(module, camel_case(name))
    return found


def camel_case(name: str) -> str:
    """`theme_cap` → `ThemeCap`."""
    return "".join(part.capitalize() for part in name.split("_"))


def rule_of(name: str, stanza: Stanza, supply: Mapping[str, object]) -> Rule:
    """The rule of a stanza."""
    rule: Rule = _made(class_of("rules", name), stanza, supply)
    return rule


def breaker_of(name: str, stanza: Stanza) -> Breaker:
    """The breaker of a stanza."""
    breaker: Breaker = _made(class_of("breakers", name), stanza, {})
    return breaker


def _made(kind: type[Any], stanza: Stanza, supply: Mapping[str, object]) -> Any:
    wanted = {item.name for item in fields(kind)}
    return kind(**dict(stanza), **{name: value for name, value in supply.items() if name in wanted})
