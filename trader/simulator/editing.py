"""
How a working order changes price and size: asked for now, done when it is due.

What cannot be held by then leaves the order as it was.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from trader.simulator.lifecycle import take, tell
from trader.simulator.numbers import plain, stamp
from trader.simulator.orders import BUY, CANCEL_QUEUED, EDIT_QUEUED, OPEN, Order
from trader.simulator.venue import Venue


def queue_edit(venue: Venue, order: Order, limit_price: Decimal, size: Decimal) -> None:
    """Start editing; what cannot be held when it is due leaves the order as it was."""
    order.status = EDIT_QUEUED
    order.updated = venue.now
    venue.agenda.put(venue.now, venue.settings.edit_seconds, lambda: _edit(venue, order, limit_price, size))
    venue.changed(order)


def _edit(venue: Venue, order: Order, limit_price: Decimal, size: Decimal) -> None:
    if order.done:
        return
    order.status = CANCEL_QUEUED if order.pending_cancel else OPEN
    listing, buys = venue.listings[order.product_id], order.side == BUY
    currency = listing.quote if buys else listing.base
    unit = limit_price * (1 + venue.settings.taker_rate) if buys else order.hold_unit
    hold = (size - order.filled_base) * unit
    _, held = venue.ledger.holds[order.order_id]
    if size > order.filled_base and hold - held <= venue.ledger.available(currency):
        venue.ledger.hold(order.order_id, currency, hold)
        order.edits.append(
            {"price": plain(limit_price), "size": plain(size), "replace_accept_timestamp": stamp(venue.now)}
        )
        order.terms = replace(order.terms, limit_price=limit_price, base_size=size)
        order.limit_price, order.hold_unit, order.updated = limit_price, unit, venue.now
        take(venue, order)
    tell(venue, order)
