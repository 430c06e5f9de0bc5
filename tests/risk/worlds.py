"""
Generated rules, proposals and books: what the laws of risk are tried on.

Nothing here is polite: amounts may be negative, infinite or no number, books may be over every cap already, and rules
may permit more than was asked, or less than nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

from hypothesis import strategies as st

from tests.builders import ALPHA, BETA, BTC, DOGE, ETH, NOW, SOL, a_book, a_buy, a_performance, a_product, a_sell
from trader.model.book import Book
from trader.model.market import FeedHealth, ProductFlag, Quote
from trader.model.trading import Objection, RiskReason, SizedProposal, TradingState, Unit
from trader.policy import Budget
from trader.risk.rules import ORDER

SYMBOLS, STRATEGIES = (BTC, ETH, SOL, DOGE), (ALPHA, BETA)
NOT_NUMBERS = tuple(Decimal(word) for word in ("NaN", "Infinity", "-Infinity"))

pcts = st.decimals(0, 40, places=1)
usd = st.decimals(0, 2_000, places=2)
sizes = st.decimals(0, 20, places=4)
keys = st.tuples(st.sampled_from(STRATEGIES), st.sampled_from(SYMBOLS))


@dataclass(frozen=True, slots=True)
class Grumbler:
    """A rule that permits whatever it was told to, sound or not."""

    permitted_usd: Decimal

    def check(self, proposal: SizedProposal, book: Book) -> Objection:
        return Objection(RiskReason.UNKNOWN_STATE, self.permitted_usd, Decimal(0), Decimal(0), Unit.USD)


@dataclass(frozen=True, slots=True)
class Divider:
    """A rule whose arithmetic fails."""

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        assert book.nlv_usd / Decimal(0)
        return None


def _budgets(pct: Decimal, trades: int) -> dict[str, Budget]:
    return {ALPHA: Budget(pct, trades), BETA: Budget(pct / 2, trades)}


def every_rule(pct: Any = 5, total_pct: Any = 15, trades: int = 9) -> tuple[Any, ...]:
    """The whole house, in its order, with loose pacing so that the caps are what binds."""
    cap = Decimal(pct)
    fields: dict[str, tuple[Any, ...]] = {
        "min_conviction": (Decimal("0.2"),),
        "stop_bounds": (Decimal(1), Decimal(20), Decimal(1), Decimal(50)),
        "cooldown": (Decimal(30), Decimal(120)),
        "loss_streak": (3, Decimal(60)),
        "pacing": (20, 50, 0),
        "max_open_positions": (4,),
        "strategy_trades": (_budgets(cap * 2, trades),),
        "strategy_cap": (_budgets(cap * 2, trades),),
        "theme_cap": (cap * 2, {"MEME": cap}),
        "tier_cap": ({"tier1": cap * 2, "tier2": cap, "tier3": cap},),
        "position_cap": (cap,),
        "total_cap": (Decimal(total_pct),),
        "cash": (Decimal(1),),
    }
    return tuple(rule_class(name)(*fields.get(name, ())) for name in ORDER)


def rule_class(name: str, species: str = "rules") -> type:
    """The class that the stanza *name* names."""
    return getattr(import_module(f"trader.risk.{species}.{name}"), name.title().replace("_", ""))


real_rules = st.builds(every_rule, pcts, pcts, st.integers(0, 3)).flatmap(st.sampled_from)
grumblers = st.builds(Grumbler, st.one_of(st.decimals(-50, 3_000, places=2), st.sampled_from(NOT_NUMBERS)))
rules = st.one_of(real_rules, real_rules, grumblers, st.just(Divider()))
some_rules = st.lists(rules, max_size=6)

multipliers = st.sampled_from(["0", "0.6", "1", "1.2"]).map(Decimal)
_ages = st.sampled_from([-1, 0, 1, 5, 91, 5_400]).map(lambda seconds: NOW - timedelta(seconds=seconds))
_prices = st.sampled_from([Decimal(99), Decimal(100), Decimal("100.2"), Decimal(0), Decimal(-1), *NOT_NUMBERS])
_quotes = st.builds(Quote, st.just(BTC), _prices, _prices, _ages)
_healths = st.builds(
    FeedHealth,
    watermark=st.one_of(st.none(), _ages),
    bar_seconds=st.sampled_from([60, 3_600]),
    jump_sigmas=st.decimals(0, 20, places=2),
    suspect=st.booleans(),
)
_reported = st.fixed_dictionaries(
    {
        "quote": st.one_of(st.none(), _quotes),
        "health": st.one_of(st.none(), _healths),
        "exchange_down": st.booleans(),
        "product": st.frozensets(st.sampled_from(ProductFlag), max_size=2).map(lambda flags: a_product(flags=flags)),
    }
)
"""What a feed may say of a market, sound or not; history says nothing."""
_details = st.fixed_dictionaries(
    {
        "multiplier": multipliers,
        "cost_factor": st.decimals("1", "1.05", places=4),
        "conviction": st.floats(0, 1),
        "eligible": st.sampled_from([True, True, True, False]),
        "stop_loss_pct": st.decimals("0.5", "21", places=1),
        "reference_price": st.decimals("0.01", "90000", places=2),
    }
)


def _buy(key: tuple[str, str], amount: Decimal, details: dict[str, Any]) -> SizedProposal:
    return a_buy(amount, strategy=key[0], symbol=key[1], **details)


def _sell(key: tuple[str, str], amount: Decimal, details: dict[str, Any]) -> SizedProposal:
    return a_sell(amount, strategy=key[0], symbol=key[1], **details)


def _as_reported(proposal: SizedProposal, reported: dict[str, Any]) -> SizedProposal:
    return replace(proposal, **reported)


buys = st.builds(_buy, keys, usd, _details)
calm_sells = st.builds(_sell, keys, sizes, _details)
sells = st.one_of(calm_sells, st.builds(_as_reported, calm_sells, _reported))
reported_buys = st.builds(_as_reported, buys, _reported)
sound_proposals = st.one_of(buys, buys, reported_buys, sells)
_oddities = st.builds(
    lambda proposal, field, value: replace(proposal, **{field: value}),
    sound_proposals,
    st.sampled_from(["notional_usd", "size", "reference_price", "cost_factor", "multiplier"]),
    st.sampled_from([*NOT_NUMBERS, Decimal(-3), Decimal(0)]),
)
proposals = st.one_of(sound_proposals, sound_proposals, _oddities)

_instants = st.integers(0, 10_000).map(lambda seconds: NOW - timedelta(seconds=seconds))
books = st.builds(
    a_book,
    nlv=st.sampled_from([0, 50, "10_000", "10_412.73", "250_000.12345678"]),
    cash=st.one_of(st.none(), st.decimals(-10, 20_000, places=2)),
    held=st.dictionaries(keys, usd, max_size=5),
    working=st.dictionaries(keys, usd, max_size=3),
    claimed=st.dictionaries(keys, sizes, max_size=3),
    state=st.sampled_from([TradingState.ACTIVE, TradingState.ACTIVE, *TradingState]),
    last_fill_at=st.dictionaries(st.sampled_from(SYMBOLS), _instants, max_size=2),
    last_stop_at=st.dictionaries(st.sampled_from(SYMBOLS), _instants, max_size=2),
    entries=st.lists(_instants, max_size=4).map(sorted).map(tuple),
    losses_in_a_row=st.integers(0, 4),
    last_loss_at=st.one_of(st.none(), _instants),
    performance=st.just(a_performance()),
)
calm_books = st.builds(
    a_book,
    nlv=st.sampled_from(["10_000", "10_412.73", "250_000.12345678"]),
    held=st.dictionaries(keys, usd, max_size=3),
    working=st.dictionaries(keys, usd, max_size=2),
)
