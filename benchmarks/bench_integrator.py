"""How long it takes to make one answer per symbol out of a crowd's wishes (STR4: 50 × 100 in less than 100 ms)."""

from __future__ import annotations

import random
import statistics
import time
from datetime import UTC, datetime
from decimal import Decimal

from trader.exits import ExitWish
from trader.integrator import integrate
from trader.model.book import Book
from trader.model.orders import Position
from trader.model.trading import ExitReason, Side, TradeProposal

LIMIT_MS = 100.0


def a_crowd(strategies: int, symbols: int) -> tuple[list[ExitWish], list[TradeProposal], dict[str, int]]:
    """Every strategy has a wish for every symbol; a tenth of them are SELLs, and every tenth symbol has a due exit."""
    draws = random.Random(247)
    names = [f"strategy_{number:02}" for number in range(strategies)]
    products = [f"C{number:03}-USD" for number in range(symbols)]
    sides = [Side.SELL] + [Side.BUY] * 9
    proposals = [
        TradeProposal(symbol, draws.choice(sides), 2.0, 3.0, 6.0, draws.choice((0.5, 0.6, 0.7)), "", (), name)
        for name in names
        for symbol in products
    ]
    exits = [ExitWish(draws.choice(names), symbol, ExitReason.STOP_LOSS) for symbol in products[::10]]
    return exits, proposals, {name: draws.randrange(5) for name in names}


def everything_held(proposals: list[TradeProposal]) -> Book:
    """A book in which every strategy holds what it wishes about, so that every SELL is looked at."""
    now, one = datetime(2025, 1, 1, tzinfo=UTC), Decimal(1)
    keys = {(wish.strategy, wish.symbol) for wish in proposals}
    positions = {key: Position(key[1], key[0], one, one, one, now) for key in keys}
    return Book(now, one, one, positions=positions)


def run() -> dict[str, object]:
    """Milliseconds per aggregation, over 30 repeats in random order of asking."""
    exits, proposals, priorities = a_crowd(strategies=50, symbols=100)
    book = everything_held(proposals)
    draws, taken = random.Random(1), []
    for _ in range(30):
        draws.shuffle(proposals)
        began = time.perf_counter()
        integrate(exits, proposals, priorities, book)
        taken.append((time.perf_counter() - began) * 1e3)
    median = statistics.median(taken)
    return {
        "proposals": len(proposals),
        "integrate_ms_p50": round(median, 3),
        "integrate_ms_max": round(max(taken), 3),
        "targets": {"integrate_ms_p50": {"value": round(median, 3), "limit": LIMIT_MS, "ok": median < LIMIT_MS}},
    }
