"""
Which positions must close now, whatever any strategy thinks, or because one has said so and it was not done.

Pure, on snapshot and book, every cycle: it is the backstop behind the
protection that rests at the exchange, and works also when the notebook or the
strategy that opened the position has failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trader.model.book import Book, Key
from trader.model.events import StopTrailed
from trader.model.market import Product, Snapshot
from trader.model.money import HUNDRED, ONE, ZERO, floor_to
from trader.model.orders import Position
from trader.model.trading import ExitReason
from trader.policy import ExitPolicy


@dataclass(frozen=True, slots=True)
class ExitWish:
    """All that *strategy* holds of *symbol*, and is not being sold already, should be sold; of it *size*, if given."""

    strategy: str
    symbol: str
    exit_reason: ExitReason
    size: Decimal | None = None


def exits(snapshot: Snapshot, book: Book, policy: ExitPolicy) -> tuple[ExitWish, ...]:
    """
    The exits that are due at *snapshot.as_of*, by strategy and symbol.

    The stop is looked at before the trailing stop, that before the target, all before the age.  Without a quote, or on
    one that is not sound or whose mid is suspect (O1), only the age is known.
    Last comes what the strategy asked to sell itself and what was not sold: asked for again, as its own word.
    A position whose whole size working SELLs already claim is left out.
    """
    wishes = []
    for (strategy, symbol), position in sorted(book.positions.items()):
        exit_reason, unsold = _reason(position, snapshot, policy), book.unsold.get((strategy, symbol))
        if exit_reason is None and unsold is None:
            continue
        sellable = book.sellable(strategy, symbol)
        if sellable <= ZERO:
            continue
        if exit_reason is not None:
            wishes.append(ExitWish(strategy, symbol, exit_reason))
        elif unsold is not None:
            wishes.append(ExitWish(strategy, symbol, ExitReason.SIGNAL, min(unsold, sellable)))
    return tuple(wishes)


def _reason(position: Position, snapshot: Snapshot, policy: ExitPolicy) -> ExitReason | None:
    quote = snapshot.quotes.get(position.symbol)
    if quote is not None and quote.sound and not _suspect(position.symbol, snapshot):
        mid = quote.mid
        if position.stop_price is not None and mid <= position.stop_price:
            return ExitReason.STOP_LOSS
        if position.trail_price is not None and mid <= position.trail_price:
            return ExitReason.TRAILING_STOP
        if position.take_profit_price is not None and mid >= position.take_profit_price:
            return ExitReason.TAKE_PROFIT
    if policy.max_hold_hours is not None:
        held_seconds = (snapshot.as_of - position.opened_at).total_seconds()
        if held_seconds >= policy.max_hold_hours * 3600:
            return ExitReason.MAX_HOLD
    return None


def trailed(
    positions: Mapping[Key, Position],
    highs: Mapping[str, Decimal],
    products: Mapping[str, Product],
    policy: ExitPolicy,
    time: datetime,
) -> list[StopTrailed]:
    """
    The trailing stops that rise at *time*, by strategy and symbol; none without *policy.trailing_stop_pct*.

    *highs* are the highest sound prices (USD) since the stops were last looked at, by symbol; a symbol that is not in
    it says nothing.  A stop begins below the higher of that and the entry price, lies on the product's increment and
    never falls, also where the policy is looser than it was.
    """
    if policy.trailing_stop_pct is None:
        return []
    share = ONE - policy.trailing_stop_pct / HUNDRED
    risen = []
    for (strategy, symbol), position in sorted(positions.items()):
        product, high, before = products.get(symbol), highs.get(symbol), position.trail_price
        if product is None or high is None:
            continue
        price = floor_to((max(high, position.entry_price) if before is None else high) * share, product.quote_increment)
        if price > (ZERO if before is None else before):
            risen.append(StopTrailed(time, strategy, symbol, price))
    return risen


def _suspect(symbol: str, snapshot: Snapshot) -> bool:
    """A live feed does not vouch for the mid of *symbol*."""
    if snapshot.health is None:
        return False
    health = snapshot.health.get(symbol)
    return health is None or health.suspect
