"""How long the whole house of rules takes over one proposal, and over one instant's."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from importlib import import_module
from typing import Any

from trader.model.book import Book
from trader.model.market import Product, Quote
from trader.model.trading import ExitReason, Side, SizedProposal
from trader.policy import Budget
from trader.risk.engine import RiskEngine
from trader.risk.rules import ORDER

LIMIT_US = 25.0
NOW = datetime(2025, 1, 1, 12, tzinfo=UTC)
SYMBOL, STRATEGY = "BTC-USD", "alpha"
BUDGETS = {STRATEGY: Budget(Decimal(10), 3)}
FIELDS: dict[str, tuple[Any, ...]] = {
    "min_conviction": (Decimal("0.5"),),
    "stop_bounds": (Decimal("0.5"), Decimal(15), Decimal(1), Decimal(50)),
    "cooldown": (Decimal(30), Decimal(120)),
    "loss_streak": (5, Decimal(240)),
    "pacing": (12, 60, 0),
    "max_open_positions": (12,),
    "strategy_trades": (BUDGETS,),
    "strategy_cap": (BUDGETS,),
    "tier_cap": ({"tier1": Decimal(60), "tier2": Decimal(30)},),
    "cash": (Decimal(10),),
}


def an_engine() -> RiskEngine:
    """Every rule there is."""
    rules = []
    for name in ORDER:
        kind = getattr(import_module(f"trader.risk.rules.{name}"), name.title().replace("_", ""))
        rules.append(kind(*FIELDS.get(name, ())))
    return RiskEngine(rules)


def a_book(holdings: int) -> Book:
    """A book with so many positions, a day's entries, and a fill in the symbol two hours ago."""
    held = [f"C{number}-USD" for number in range(holdings)]
    return Book(
        as_of=NOW,
        cash_usd=Decimal("9123.45678901"),
        nlv_usd=Decimal("10412.73194021"),
        exposure={
            (STRATEGY if number % 2 else "beta", symbol): Decimal("93.45678901") for number, symbol in enumerate(held)
        },
        themes=dict.fromkeys(held, "MEME"),
        tiers=dict.fromkeys(held, "tier2"),
        last_fill_at={SYMBOL: NOW - timedelta(hours=2)},
        entries=tuple(NOW - timedelta(hours=hours) for hours in range(20, 0, -2)),
    )


def a_proposal(side: Side, usd: str) -> SizedProposal:
    price = Decimal("43123.45")
    return SizedProposal(
        SYMBOL, side, STRATEGY, Decimal(usd), Decimal(usd) / price, price, Decimal("1.0088"), NOW, "tier1", "LAYER1",
        Decimal(1), 0.8, Decimal(3), Decimal(6),
        Product(SYMBOL, Decimal("0.00000001"), Decimal("0.01"), Decimal("0.0001")), True,
        None if side is Side.BUY else ExitReason.SIGNAL,
        quote=Quote(SYMBOL, price * Decimal("0.9999"), price * Decimal("1.0001"), NOW),
    )  # fmt: skip


def micros(call: Callable[[], object], batches: int = 400, number: int = 25) -> tuple[float, float]:
    """Median and best microseconds a call over short batches; the best is what a busy neighbour did not touch."""
    taken = []
    for _ in range(batches):
        began = time.perf_counter()
        for _ in range(number):
            call()
        taken.append((time.perf_counter() - began) / number * 1e6)
    return round(statistics.median(taken), 2), round(min(taken), 2)


def run() -> dict[str, object]:
    """Microseconds a review (median and best): silent on books of several sizes, objecting, an exit, five at once."""
    engine = an_engine()
    buy, huge, sell = a_proposal(Side.BUY, "200.12345678"), a_proposal(Side.BUY, "9000"), a_proposal(Side.SELL, "50")
    book = a_book(6)
    calls: dict[str, Callable[[], object]] = {
        f"silent_{holdings}_held": partial(engine.review, buy, a_book(holdings)) for holdings in (0, 6, 11)
    }
    calls |= {
        "objecting": partial(engine.review, huge, book),
        "exit": partial(engine.review, sell, book),
        "five_at_once": partial(engine.review_all, [buy] * 5, book),
    }
    figures: dict[str, object] = {"rules": len(ORDER)}
    targets: dict[str, object] = {}
    for name, call in calls.items():
        figures[f"{name}_us_p50"], best = micros(call)
        figures[f"{name}_us_best"] = best
        if name.startswith("silent"):
            targets[f"{name}_us_best"] = {"value": best, "limit": LIMIT_US, "ok": best <= LIMIT_US}
    return {**figures, "targets": targets}
