"""
The desk of a simulated account: the real rules, two strategies that wish for what the seed says, and who may be traded.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import cache
from importlib import import_module
from random import Random
from typing import Any

from tests.simulation.oracle import Caps
from tests.simulation.prices import LISTINGS
from trader.desk import Desk
from trader.model.book import Key
from trader.model.market import Membership, Regime
from trader.model.trading import Side, TradeProposal
from trader.policy import Budget, ExecutionPolicy, ExitPolicy, RegimePolicy, Tier, UniversePolicy
from trader.registry import Registry
from trader.risk.breakers.daily_loss import DailyLoss
from trader.risk.breakers.drawdown import Drawdown
from trader.risk.engine import RiskEngine
from trader.risk.rules import ORDER

STRATEGIES = ("alpha", "beta")
SYMBOLS = tuple(listing.symbol for listing in LISTINGS)
THEMES = {"BTC-USD": "LAYER1", "ETH-USD": "LAYER1", "DOGE-USD": "MEME"}
TIERS = {"BTC-USD": "tier1", "ETH-USD": "tier1", "DOGE-USD": "tier2"}
MEMBERS = {symbol: Membership(symbol, TIERS[symbol], eligible=True) for symbol in SYMBOLS}
WITHOUT_DOGE = MEMBERS | {"DOGE-USD": Membership("DOGE-USD", "tier2", eligible=False)}
CAPS = {
    "wide": Caps(Decimal(20), Decimal(35), Decimal(50)),
    "tight": Caps(Decimal(3), Decimal(5), Decimal("5.5")),
    "rich": Caps(Decimal(60), Decimal(110), Decimal(150)),
}


TRAILING_PCT = Decimal("0.8")
DRAWDOWN_PCT, ENTRIES_AN_HOUR = Decimal("0.7"), 25
COOLDOWN, COOLDOWN_AFTER_STOP = timedelta(minutes=2), timedelta(minutes=10)


@cache
def desk_of(caps: str, entry_style: str, trails: bool = False) -> Desk:
    """The house rules with *caps*; cooldowns and pacing loose enough to let the caps bind."""
    universe = UniversePolicy(
        (
            Tier("tier1", Decimal(1), Decimal(100), Decimal(40), Decimal(6), Decimal(4), Decimal(10)),
            Tier("tier2", Decimal(1), Decimal(100), Decimal(20), Decimal(4), Decimal(6), Decimal(20)),
        ),
        TIERS,
        THEMES,
    )
    return Desk(
        registry=Registry(()),
        priorities={"alpha": 1, "beta": 2},
        risk=RiskEngine(_rules(CAPS[caps]), (Drawdown(DRAWDOWN_PCT), DailyLoss(Decimal("0.66")))),
        universe=universe,
        regime=RegimePolicy({regime: Decimal(regime is not Regime.CRASH) for regime in Regime}),
        exits=ExitPolicy(Decimal("0.75"), TRAILING_PCT if trails else None),
        execution=ExecutionPolicy(entry_style=entry_style),
    )


def _rules(caps: Caps) -> tuple[Any, ...]:
    budgets = {name: Budget(caps.total_pct * 3 / 4, 2) for name in STRATEGIES}
    fields: dict[str, tuple[Any, ...]] = {
        "min_conviction": (Decimal("0.2"),),
        "stop_bounds": (Decimal("0.3"), Decimal(20), Decimal("0.3"), Decimal(50)),
        "cooldown": (Decimal(COOLDOWN.seconds) / 60, Decimal(COOLDOWN_AFTER_STOP.seconds) / 60),
        "loss_streak": (12, Decimal(10)),
        "pacing": (ENTRIES_AN_HOUR, 500, 0),
        "max_open_positions": (2 if caps.position_pct == 3 else 3,),
        "strategy_trades": (budgets,),
        "strategy_cap": (budgets,),
        "theme_cap": (caps.theme_pct, {}),
        "tier_cap": ({"tier1": caps.total_pct, "tier2": caps.total_pct},),
        "position_cap": (caps.position_pct,),
        "total_cap": (caps.total_pct,),
        "cash": (Decimal(75 if caps.position_pct == 60 else 1),),
    }
    return tuple(_rule_class(name)(*fields.get(name, ())) for name in ORDER)


def _rule_class(name: str) -> Any:
    return getattr(import_module(f"trader.risk.rules.{name}"), name.title().replace("_", ""))


def wishes_of(rng: Random, entries: float, sells: float, held: frozenset[Key]) -> tuple[TradeProposal, ...]:
    """What the strategies propose this minute; as many draws whatever is held, so that a restart changes no wish."""
    found = []
    for strategy in STRATEGIES:
        for symbol in SYMBOLS:
            dice, size, conviction = rng.random(), rng.uniform(0.5, 8.0), rng.random()
            if (strategy, symbol) in held and dice < sells:
                found.append(_wish(symbol, Side.SELL, 100.0 if size > 3 else 50.0, conviction, strategy))
            elif dice < entries / 2:
                found.append(_wish(symbol, Side.BUY, size, conviction, strategy))
    return tuple(found)


def _wish(symbol: str, side: Side, pct: float, conviction: float, strategy: str) -> TradeProposal:
    """A wish; one in a hundred makes no sense."""
    odd = int(conviction * 10_000) % 100
    pct = float("nan") if odd == 7 else pct
    strategy, symbol = "gamma" if odd == 9 else strategy, "XRP-USD" if odd == 10 else symbol
    stop = 0.1 if odd == 8 else 2.0
    return TradeProposal(
        symbol, side, pct, stop, 3.0, conviction if odd < 12 else max(conviction, 0.21), "drawn", (), strategy
    )
