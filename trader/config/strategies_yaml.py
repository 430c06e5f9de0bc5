"""
`strategies.yaml`: which strategies run, with what budget and parameters (STR2, STR3).

A strategy without a stanza is off.  What stands under `params` belongs to the
strategy and is checked by it; here it is only held to be plain and finite.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from trader.config.stanza import Stanza, StanzaName, Symbol
from trader.config.values import REFUSED, Amount, Count, Switch
from trader.config.wording import shown


def _plain(value: Any) -> Any:
    """Parameters as a strategy expects them: floats for fractions, tuples for lists; NaN and infinity refused."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise PydanticCustomError(REFUSED, "{sentence}", {"sentence": f"{shown(value)} is not a finite number"})
        return float(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return tuple(map(_plain, value)) if isinstance(value, list) else value


class BudgetKeys(Stanza):
    """How much a strategy may have at risk, and how often it may enter."""

    max_at_risk_pct: Annotated[Decimal, Amount(above="0", at_most="100", unit="% of NLV", default="5")] = Decimal(5)
    max_trades_per_cycle: Annotated[int, Count(at_least="1", at_most="1000", default="2")] = 2


class StrategyKeys(Stanza):
    """One strategy's stanza; here alone a key may be left out, and a strategy left out is off."""

    enabled: Annotated[bool, Switch(default=False)] = False
    priority: Annotated[int, Count(at_least="0", at_most="10000", default="100")] = 100
    budget: BudgetKeys = BudgetKeys()
    symbols: tuple[Symbol, ...] | None = None
    params: dict[str, Annotated[Any, BeforeValidator(_plain)]] = Field(default_factory=dict)


StrategiesYaml = dict[StanzaName, StrategyKeys]
