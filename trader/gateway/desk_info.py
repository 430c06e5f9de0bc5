"""
What the kernel is told of the desk, and the gateway of the strategies: facts, never code.

The gateway imports no strategy.  What it must know of one — the bars it thinks
in, how many it needs — is told by a process that has loaded it and is gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from trader.model.market import Regime
from trader.policy import StrategyStanza

if TYPE_CHECKING:
    from trader.market.gather import Need


@dataclass(frozen=True, slots=True)
class StrategyFacts:
    """One strategy that runs: the length of its bars, how many it wants, and its symbols (None: all)."""

    name: str
    timeframe_seconds: int
    window_bars: int
    symbols: tuple[str, ...] | None = None


def needs_of(strategies: Iterable[StrategyFacts]) -> dict[int, Need]:
    """What must be in a snapshot for *strategies* to be warm: granularity in seconds → need."""
    from trader.market.gather import Need

    needs: dict[int, Need] = {}
    for facts in strategies:
        symbols = None if facts.symbols is None else frozenset(facts.symbols)
        before = needs.get(facts.timeframe_seconds)
        if before is None:
            needs[facts.timeframe_seconds] = Need(facts.window_bars, symbols)
            continue
        both = None if symbols is None or before.symbols is None else symbols | before.symbols
        needs[facts.timeframe_seconds] = Need(max(before.bars, facts.window_bars), both)
    return needs


@dataclass(frozen=True, slots=True)
class Stanza:
    """One strategy's stanza as far as a kernel needs it; *params_json* as the file has them."""

    name: str
    enabled: bool
    symbols: tuple[str, ...] | None = None
    params_json: str = "{}"

    @classmethod
    def of(cls, stanza: StrategyStanza) -> Stanza:
        """*stanza*, ready to travel."""
        return cls(stanza.name, stanza.enabled, stanza.symbols, json.dumps(dict(stanza.params), sort_keys=True))

    def back(self) -> StrategyStanza:
        """The stanza, with the budget and priority of nobody: those are the gateway's."""
        params = {name: _tuples(value) for name, value in json.loads(self.params_json).items()}
        return StrategyStanza(self.name, self.enabled, symbols=self.symbols, params=params)


def _tuples(value: Any) -> Any:
    """Lists as tuples, which is how a configuration has them."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class DeskInfo:
    """
    Whose desk it is and what runs on it: everything a kernel is told.

    *stanzas* are those of the strategies that run or are switched off here; *defaults_json* is what `signals.yaml`
    says for params that a stanza leaves out; *multipliers* are the regimes'.
    """

    mode: str
    account: str
    source: str
    strategies_dir: str
    stanzas: tuple[Stanza, ...]
    defaults_json: str
    timeout_seconds: float
    multipliers: Mapping[Regime, Decimal]
