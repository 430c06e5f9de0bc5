"""
docs/RISK_REASONS.md, from the rules themselves: every reason, who gives it, and when.

Run as a module it prints the page: `python -m tests.house.risk_reasons > docs/RISK_REASONS.md`.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

from trader import sizing
from trader.loader import class_name
from trader.model.trading import RiskReason, TradingState
from trader.risk.rules import ORDER

ROOT = Path(__file__).resolve().parents[2]
PAGE = "docs/RISK_REASONS.md"
HEAD = """# Risk reasons

Why a proposal was refused or trimmed: `rejections` of a report, the notebook's objections and `trader audit show` give
these words. A rule never enlarges anything; where several object, the smallest permitted size counts. A breaker's
reason stands with its trip: it leaves only exits. Limits stand in `config/policy.yaml`, in the stanza named as the
rule; the letters in brackets are requirements (`tests/requirements.toml`).

Made of the rules' own words by `python -m tests.house.risk_reasons > docs/RISK_REASONS.md`.

| reason | given by | when |
| --- | --- | --- |
"""
ENGINE = (
    "Whatever the rule: it could not compute, because a number is none or there is no price to divide by; the "
    "objection names it."
)
BY_VALUE = {
    "trading_state_gate": {RiskReason(state.value) for state in TradingState if state is not TradingState.ACTIVE}
}
"""A rule that makes its reason of the state it finds."""
DEFECTS = {"schema": sizing}
"""Whose findings a rule hands on: a proposal's defects bring their own reason."""


def render() -> str:
    """The whole page."""
    breakers = sorted(path.stem for path in (ROOT / "trader/risk/breakers").glob("[!_]*.py"))
    speakers = [("rules", name) for name in ORDER] + [("breakers", name) for name in breakers]
    rows = [(reason, *speaker) for speaker in speakers for reason in reasons_of(*speaker)]
    lines = []
    for reason in RiskReason:
        for _, kind, name in [row for row in rows if row[0] is reason]:
            said = f"{kind.removesuffix('s')} [`{name}`](../trader/risk/{kind}/{name}.py)"
            lines.append(f"| `{reason.value}` | {said} | {told(kind, name)} |")
        if reason is RiskReason.UNKNOWN_STATE:
            lines.append(f"| `{reason.value}` | [the engine](../trader/risk/engine.py) | {ENGINE} |")
    return HEAD + "\n".join(lines) + "\n"


def reasons_of(kind: str, name: str) -> set[RiskReason]:
    """The reasons that the code of one rule or breaker can give."""
    found = BY_VALUE.get(name, set()) | {
        reason for _, method in inspect.getmembers(_kind(kind, name), inspect.isfunction) for reason in _named(method)
    }
    if name in DEFECTS:
        helpers = inspect.getmembers(DEFECTS[name], inspect.isfunction)
        found |= {reason for _, helper in helpers for reason in _named(helper)}
    return found


def told(kind: str, name: str) -> str:
    """The first paragraph of the docstring, in one line."""
    return " ".join((inspect.getdoc(_kind(kind, name)) or "").partition("\n\n")[0].split())


def out_of_step(page: str) -> list[str]:
    """What in *page* is not as it would be rendered; nothing where it is in step."""
    return [] if page == render() else [f"{PAGE}: not as the rules say; python -m tests.house.risk_reasons > {PAGE}"]


def _kind(kind: str, name: str) -> type:
    found = getattr(importlib.import_module(f"trader.risk.{kind}.{name}"), class_name(name))
    assert isinstance(found, type)
    return found


def _named(function: FunctionType) -> Iterator[RiskReason]:
    """The reasons a function names itself, by a constant, or through a function of trader.risk that it calls."""
    names = function.__code__.co_names
    for name in names:
        value = function.__globals__.get(name)
        if isinstance(value, RiskReason):
            yield value
        elif "RiskReason" in names and name in RiskReason.__members__:
            yield RiskReason[name]
        elif isinstance(value, FunctionType) and value.__module__.startswith("trader.risk"):
            yield from _named(value)


if __name__ == "__main__":
    sys.stdout.write(render())
