"""
The configuration, checked whole: frozen, and in the words of the core.

Whoever holds a `Config` holds one that was checked to the last key.  The core
asks it for its own nouns (`rules()`, `universe()`, …) and never sees a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING, Any

from trader.config.app_yaml import AppYaml
from trader.config.fingerprint import fingerprint, plain
from trader.config.policy_yaml import PolicyYaml
from trader.config.problem import Path, dotted
from trader.config.rule_objects import BREAKERS, RULES, breaker_of, rule_of
from trader.config.secret_values import masked
from trader.config.signals_yaml import SignalsYaml
from trader.config.strategies_yaml import StrategyKeys
from trader.config.universe_yaml import UniverseYaml
from trader.model.market import Regime
from trader.model.money import FeeModel
from trader.policy import Budget, ExecutionPolicy, ExitPolicy, RegimePolicy, StrategyStanza, Tier, UniversePolicy
from trader.risk.freshness import BLOCK, Freshness
from trader.risk.rules.outlier import Outlier

if TYPE_CHECKING:
    from trader.risk.rule import Breaker, Rule


@dataclass(frozen=True, slots=True)
class Config:
    """The five files as written and checked; *sources* says who wrote each key."""

    app: AppYaml
    policy: PolicyYaml
    universe_yaml: UniverseYaml
    signals: SignalsYaml
    strategies_yaml: Mapping[str, StrategyKeys]
    sources: Mapping[Path, str] = field(default_factory=dict, compare=False)

    def rules(self, stanzas: Iterable[StrategyStanza]) -> tuple[Rule, ...]:
        """
        Every risk rule, in the order their verdicts are shown.

        Budgets are those of *stanzas*, written or default; a strategy that has none of them may enter nothing.
        """
        supply = {
            "budgets": {stanza.name: stanza.budget for stanza in stanzas},
            "allocations": {name: tier.max_allocation_pct for name, tier in self.universe_yaml.tiers.items()},
            "fees": self.execution().fees,
        }
        written = dict(self.policy.risk)
        return tuple(rule_of(name, written[alias], supply) for name, alias in RULES)

    def breakers(self) -> tuple[Breaker, ...]:
        """Every account breaker."""
        stanzas = dict(self.policy.breakers)
        return tuple(breaker_of(name, stanzas[name]) for name in BREAKERS)

    @property
    def on_breach(self) -> str:
        """What the engine does beyond a cap: `trim` or `deny`."""
        return self.policy.risk.caps.on_breach

    def freshness(self) -> Freshness:
        """What the last look before each send holds the market against again: the rules' own limits."""
        risk = self.policy.risk
        return Freshness(
            max_quote_age_seconds=risk.stale_quote.max_quote_age_seconds,
            max_ohlcv_age_seconds=risk.stale_bar.max_ohlcv_age_seconds,
            max_jump_sigmas=risk.outlier.max_jump_sigmas,
            max_spread_bps=risk.spread.max_spread_bps,
            stale_quote_stops_exits=risk.stale_quote.exits_when_stale == BLOCK,
            stale_bar_stops_exits=risk.stale_bar.exits_when_stale == BLOCK,
        )

    def outlier(self) -> Outlier:
        """How a feed tells a jump from a mistake (`trader.outliers.MidGuard`)."""
        return Outlier(**dict(self.policy.risk.outlier))

    def universe(self) -> UniversePolicy:
        """Tiers best first, and who belongs where."""
        keys = self.universe_yaml
        return UniversePolicy(
            tiers=tuple(Tier(name, **tier.model_dump(exclude={"symbols"})) for name, tier in keys.tiers.items()),
            tier_of={symbol: name for name, tier in keys.tiers.items() for symbol in tier.symbols},
            theme_of={symbol: theme for theme, symbols in keys.themes.items() for symbol in symbols},
            never_trade=frozenset(keys.never_trade),
            banned_until=dict(keys.bans),
            **keys.hysteresis.model_dump(),
        )

    def regime(self) -> RegimePolicy:
        """How the weather is read, and what it multiplies."""
        keys = self.policy.regime
        return RegimePolicy(
            multipliers={Regime(name): value for name, value in keys.multipliers},
            pinned=Regime(keys.pinned) if keys.pinned else None,
            **keys.model_dump(exclude={"multipliers", "pinned"}),
        )

    def exits(self) -> ExitPolicy:
        """When positions close by themselves."""
        return ExitPolicy(**self.policy.exits.model_dump())

    def execution(self) -> ExecutionPolicy:
        """How verdicts become orders, and what they cost."""
        keys = self.policy.execution
        return ExecutionPolicy(fees=FeeModel(**keys.fees.model_dump()), **keys.model_dump(exclude={"fees"}))

    def strategies(self) -> tuple[StrategyStanza, ...]:
        """Every stanza of `strategies.yaml`, by name, enabled or not."""
        return tuple(_stanza(name, keys) for name, keys in sorted(self.strategies_yaml.items()))

    def signal_defaults(self) -> dict[str, object]:
        """`signals.yaml` flat, named as a strategy may name its params: `breakout_lookback_bars`."""
        tree = {"signals": self.signals.model_dump()}
        return {name: _at(tree, path) for name, path in self.signal_paths().items()}

    def signal_paths(self) -> dict[str, tuple[str, ...]]:
        """Where each of `signal_defaults` is written."""
        paths: dict[str, tuple[str, ...]] = {}
        for name, value in self.signals.model_dump().items():
            if isinstance(value, dict):
                paths.update({f"{name}_{key}": ("signals", name, key) for key in value})
            else:
                paths[name] = ("signals", name)
        return paths

    @property
    def hash(self) -> str:
        """SHA-256 over what decides: policy, universe, signals, strategies; layout and comments do not count."""
        return fingerprint({name: tree for name, tree in self._hashed().items() if name != "app"})

    @property
    def full_hash(self) -> str:
        """SHA-256 over all five files."""
        return fingerprint(self._hashed())

    def redacted(self) -> dict[str, Any]:
        """The effective configuration for showing: plain JSON values, anything secret-looking masked."""
        shown: dict[str, Any] = plain(self._trees(), masked)
        return shown

    def notes(self, now: datetime) -> list[str]:
        """What is no mistake but worth a look at *now*."""
        ended = sorted((until, symbol) for symbol, until in self.universe_yaml.bans.items() if until <= now)
        found = [
            f"{self._source(('universe', 'bans', symbol))}: {dotted(('bans', symbol))}: ended {until:%Y-%m-%d %H:%M}Z"
            for until, symbol in ended
        ]
        if not any(keys.enabled for keys in self.strategies_yaml.values()):
            found.append(f"{self._source(('strategies',))}: no strategy is enabled; nothing would be proposed")
        return found

    def _source(self, path: Path) -> str:
        return self.sources.get(path, f"{path[0]}.yaml")

    def _hashed(self) -> dict[str, Any]:
        """What is hashed: a key that came later and says nothing is left out, so that older hashes stand."""
        trees = self._trees()
        if self.policy.exits.trailing_stop_pct is None:
            del trees["policy"]["exits"]["trailing_stop_pct"]
        return trees

    def _trees(self) -> dict[str, Any]:
        return {
            "app": self.app.model_dump(by_alias=True),
            "policy": self.policy.model_dump(by_alias=True),
            "universe": self.universe_yaml.model_dump(by_alias=True),
            "signals": self.signals.model_dump(by_alias=True),
            "strategies": {name: keys.model_dump(by_alias=True) for name, keys in self.strategies_yaml.items()},
        }


def _at(tree: dict[str, Any], path: tuple[str, ...]) -> object:
    return reduce(lambda group, key: group[key], path, tree)


def _stanza(name: str, keys: StrategyKeys) -> StrategyStanza:
    budget = Budget(**keys.budget.model_dump())
    return StrategyStanza(name, keys.enabled, keys.priority, budget, keys.symbols, dict(keys.params))
