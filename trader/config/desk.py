"""
From a configuration to a desk: the one place where rules, policies and strategies meet.
"""

from __future__ import annotations

from collections.abc import Sequence

from trader.config.config import Config
from trader.desk import Desk
from trader.policy import StrategyStanza, UniversePolicy
from trader.registry import Registry
from trader.risk.engine import RiskEngine


def desk_of(config: Config, registry: Registry, universe: UniversePolicy, stanzas: Sequence[StrategyStanza]) -> Desk:
    """
    The desk that *config* describes; *universe* is its universe, with what the source of the bars knows besides.

    *registry* is empty where strategies run elsewhere; *stanzas* give priorities and budgets in any case:
    a strategy that is not among them may enter nothing.
    """
    return Desk(
        registry=registry,
        priorities={stanza.name: stanza.priority for stanza in stanzas},
        risk=RiskEngine(config.rules(stanzas), config.breakers(), config.on_breach),
        universe=universe,
        regime=config.regime(),
        exits=config.exits(),
        execution=config.execution(),
    )
