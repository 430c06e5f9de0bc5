"""
How orders live: onto the book, filled by what passes, triggered, cancelled, expired.

`advance` plays everything up to an instant in the order it happened.  A cancel
is asynchronous: between the asking and its due time fills can still arrive.
"""

from __future__ import annotations

import heapq
from datetime import datetime
from decimal import Decimal

from trader.model.money import floor_to
from trader.simulator.attached import wake
from trader.simulator.checks import STOP_SLACK
from trader.simulator.matching import Execution, executed, passes, take_base, take_quote
from trader.simulator.numbers import ZERO, exactly
from trader.simulator.orders import (
    BUY,
    CANCEL_QUEUED,
    CANCELLED,
    EXPIRED,
    FAILED,
    MAKER,
    OPEN,
    PENDING,
    QUEUED,
    TAKER,
    Order,
)
from trader.simulator.settlement import finish, settle
from trader.simulator.tape import Print
from trader.simulator.terms import BRACKET, FOK, GTD
from trader.simulator.venue import Venue


@exactly
def advance(venue: Venue, until: datetime) -> None:
    """Let the market and the agenda run up to *until*; earlier than now does nothing."""
    while True:
        due = venue.agenda.next_due(until)
        _play(venue, until if due is None else due)
        if due is None:
            return
        venue.agenda.pop()()


def _play(venue: Venue, until: datetime) -> None:
    """The prints up to *until* for every product with a working order."""
    if until <= venue.now:
        return
    streams = [
        ((trade.time, product_id, trade) for trade in venue.tape.prints(venue.listings[product_id], venue.now, until))
        for product_id, orders in sorted(venue.working.items())
        if orders
    ]
    for when, product_id, trade in heapq.merge(*streams, key=lambda row: row[:2]):
        venue.now = max(venue.now, when)
        for order in tuple(venue.working.get(product_id, ())):
            _meets(venue, order, trade)
    venue.now = until


def _meets(venue: Venue, order: Order, trade: Print) -> None:
    """What one trade of the market does to a working order."""
    if order.done:
        return
    buys = order.side == BUY
    if order.untriggered:
        if _triggers(order, trade.price):
            trigger(venue, order)
            return
        if order.terms.order_type != BRACKET:
            return
    if not passes(trade.price, order.limit_price, buys):
        return
    listing = venue.listings[order.product_id]
    share = max(listing.base_increment, floor_to(trade.size * venue.settings.print_share, listing.base_increment))
    fill(venue, order, executed(order.limit_price, min(share, order.left_base), venue.settings.maker_rate), MAKER)
    tell(venue, order)


def _triggers(order: Order, price: Decimal) -> bool:
    stop = order.terms.stop_price
    assert stop is not None
    up = order.side == BUY if order.terms.order_type == BRACKET else order.terms.stop_up
    return price >= stop if up else price <= stop


def trigger(venue: Venue, order: Order) -> None:
    """The stop is reached: the order becomes a limit, takes what it can, and rests."""
    order.trigger_status = "STOP_TRIGGERED"
    if order.terms.order_type == BRACKET and order.terms.stop_price is not None:
        through = 1 + STOP_SLACK if order.side == BUY else 1 - STOP_SLACK
        order.limit_price = floor_to(order.terms.stop_price * through, venue.listings[order.product_id].price_increment)
    take(venue, order)
    tell(venue, order)


def enter(venue: Venue, order: Order) -> None:
    """A new order reaches the book."""
    if order.status not in (PENDING, QUEUED):
        return
    if venue.settings.fails_with:
        order.reject_reason = venue.settings.fails_with
        end(venue, order, FAILED, "")
        return
    order.status = OPEN
    order.updated = venue.now
    if not order.untriggered:
        take(venue, order)
    if not order.done and not order.terms.rests:
        finish(venue.ledger, order, CANCELLED, venue.now)
    if not order.done:
        venue.working.setdefault(order.product_id, []).append(order)
        if order.terms.time_in_force == GTD and order.terms.end_time is not None:
            venue.agenda.put_at(order.terms.end_time, lambda: end(venue, order, EXPIRED, "Order expired"))
    tell(venue, order)


def take(venue: Venue, order: Order) -> None:
    """Fill what the book has up to the order's worst price."""
    listing = venue.listings[order.product_id]
    depth = venue.books.at(listing, venue.now)
    if depth is None or order.terms.post_only:
        return
    buys, rate, quote_size = order.side == BUY, venue.settings.taker_rate, order.terms.quote_size
    levels = depth.asks if buys else depth.bids
    if quote_size is not None:
        found = take_quote(levels, quote_size, order.limit_price, rate)
    else:
        found = take_base(levels, order.left_base, order.limit_price, buys, rate)
        if order.terms.time_in_force == FOK and sum((part.base for part in found), ZERO) < order.left_base:
            return
    for part in found:
        fill(venue, order, part, TAKER)
        venue.books.take(listing.market_id, "ask" if buys else "bid", part.price, part.base)


def fill(venue: Venue, order: Order, execution: Execution, liquidity: str) -> None:
    """One execution of *order*, settled."""
    listing = venue.listings[order.product_id]
    row = settle(venue.ledger, listing, order, execution, liquidity, venue.now, venue.ids.new)
    venue.fills.append(row)
    if order.done:
        drop(venue, order)


def tell(venue: Venue, order: Order) -> None:
    """Whoever listens learns of *order*; when it is over, what is attached to it wakes."""
    venue.changed(order)
    if order.done and order.attached_id:
        wake(venue, order)


def drop(venue: Venue, order: Order) -> None:
    """It works no more."""
    working = venue.working.get(order.product_id, [])
    if order in working:
        working.remove(order)


def end(venue: Venue, order: Order, status: str, message: str) -> None:
    """Cancelled or expired, unless it is done already."""
    if order.done:
        return
    finish(venue.ledger, order, status, venue.now, message)
    drop(venue, order)
    tell(venue, order)


def queue_cancel(venue: Venue, order: Order) -> None:
    """Start cancelling; until it is due the order can still fill."""
    order.pending_cancel = True
    if venue.settings.cancel_seconds:
        order.status = CANCEL_QUEUED
        order.updated = venue.now
        venue.agenda.put(
            venue.now, venue.settings.cancel_seconds, lambda: end(venue, order, CANCELLED, "User requested cancel")
        )
        tell(venue, order)
    else:
        end(venue, order, CANCELLED, "User requested cancel")
