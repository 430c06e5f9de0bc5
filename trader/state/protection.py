"""
How the protection of a position moves: closer, never away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from trader.model.orders import Position


def tighter(held: Decimal | None, new: Decimal | None, choose: Callable[[Decimal, Decimal], Decimal]) -> Decimal | None:
    """The closer of two protective prices: an added entry never loosens what protects the first."""
    if held is None or new is None:
        return held if new is None else new
    return choose(held, new)


def trailing(held: Position, trail_price: Decimal) -> Position:
    """*held* with its trailing stop at *trail_price*, or where it is if that is higher."""
    if held.trail_price is not None and held.trail_price >= trail_price:
        return held
    return replace(held, trail_price=trail_price)
