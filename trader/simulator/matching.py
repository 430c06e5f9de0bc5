"""
What an order gets from the book, and from the trades that pass by.

Pure: levels and prints in, executions out.  A taker walks the levels up to its
limit; a resting order is filled only by trades that go through its price.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from trader.simulator.depth import Level
from trader.simulator.numbers import SIXTEEN, ZERO, sixteen

SPLIT = Decimal("0.6")
"""Where a quote-sized order that one level could fill is cut in two, as the venue's are."""


@dataclass(frozen=True, slots=True)
class Execution:
    """Base and quote that change hands at *price*, and the fee on top."""

    price: Decimal
    base: Decimal
    quote: Decimal
    fee: Decimal


def take_base(levels: Iterable[Level], base: Decimal, limit: Decimal, buys: bool, rate: Decimal) -> list[Execution]:
    """Up to *base* from *levels*, no price beyond *limit*."""
    found, left = [], base
    for level in levels:
        if left <= 0 or (level.price > limit if buys else level.price < limit):
            break
        size = min(left, level.size)
        found.append(executed(level.price, size, rate))
        left -= size
    return found


def executed(price: Decimal, base: Decimal, rate: Decimal) -> Execution:
    """*base* at *price*, with the fee of *rate*."""
    quote = price * base
    return Execution(price, base, quote, (quote * rate).quantize(SIXTEEN, ROUND_DOWN))


def take_quote(levels: Iterable[Level], quote_size: Decimal, limit: Decimal, rate: Decimal) -> list[Execution]:
    """A buy for *quote_size*, fee inside; when all is spent, quotes and fees add up to it exactly."""
    budget = sixteen(quote_size / (1 + rate))
    parts, left = [], budget
    for level in levels:
        if left <= 0 or level.price > limit:
            break
        quote = min(left, level.price * level.size)
        parts.append((level.price, quote))
        left -= quote
    if len(parts) == 1:
        price, quote = parts[0]
        first = sixteen(quote * SPLIT)
        parts = [(price, first), (price, quote - first)]
    spent = [Execution(price, sixteen(quote / price), quote, sixteen(quote * rate)) for price, quote in parts]
    if left <= 0 and spent:
        last = spent.pop()
        fee = quote_size - sum((part.quote + part.fee for part in spent), ZERO) - last.quote
        spent.append(Execution(last.price, last.base, last.quote, fee))
    return spent


def passes(price: Decimal, limit: Decimal, buys: bool) -> bool:
    """A trade at *price* went through a resting order's *limit*."""
    return price < limit if buys else price > limit
