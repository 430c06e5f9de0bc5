"""
Which positions must close now, whatever any strategy thinks.

Pure, on snapshot and book, every cycle: it is the backstop behind the
protection that rests at the exchange, and works also when the notebook or the
strategy that opened the position has failed.
"""

from __future__ import annotations

from dataclasses import dataclass

from trader.model.book import Book
from trader.model.market import Snapshot
from trader.model.money import ZERO
from trader.model.orders import Position
from trader.model.trading import ExitReason
from trader.policy import ExitPolicy


@dataclass(frozen=True, slots=True)
class ExitWish:
    """All that *strategy* holds of *symbol*, and is not being sold already, should be sold."""

    strategy: str
    symbol: str
    exit_reason: ExitReason


def exits(snapshot: Snapshot, book: Book, policy: ExitPolicy) -> tuple[ExitWish, ...]:
    """
    The exits that are due at *snapshot.as_of*, by strategy and symbol.

    The stop is looked at before the target, both before the age.  Without a quote, or on one that is not sound or
    whose mid is suspect (O1), only the age is known.
    A position whose whole size working SELLs already claim is left out.
    """
    wishes = []
    for (strategy, symbol), position in sorted(book.positions.items()):
        exit_reason = _reason(position, snapshot, policy)
        if exit_reason is not None and book.sellable(strategy, symbol) > ZERO:
            wishes.append(ExitWish(strategy, symbol, exit_reason))
    return tuple(wishes)


def _reason(position: Position, snapshot: Snapshot, policy: ExitPolicy) -> ExitReason | None:
    quote = snapshot.quotes.get(position.symbol)
    if quote is not None and quote.sound and not _suspect(position.symbol, snapshot):
        mid = quote.mid
        if position.stop_price is not None and mid <= position.stop_price:
            return ExitReason.STOP_LOSS
        if position.take_profit_price is not None and mid >= position.take_profit_price:
            return ExitReason.TAKE_PROFIT
    if policy.max_hold_hours is not None:
        held_seconds = (snapshot.as_of - position.opened_at).total_seconds()
        if held_seconds >= policy.max_hold_hours * 3600:
            return ExitReason.MAX_HOLD
    return None


def _suspect(symbol: str, snapshot: Snapshot) -> bool:
    """A live feed does not vouch for the mid of *symbol*."""
    if snapshot.health is None:
        return False
    health = snapshot.health.get(symbol)
    return health is None or health.suspect
