"""
What the customer may ask for: place, preview, cancel, edit.

A client order id makes at most one order for the life of the account, whatever
is asked under it later and however often.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from trader.simulator import refusal as no
from trader.simulator.attached import attach, refused_attached
from trader.simulator.catalogue import Listing
from trader.simulator.checks import first_refusal, market_state, needed, worst_price
from trader.simulator.depth import Depth
from trader.simulator.editing import queue_edit
from trader.simulator.lifecycle import enter, queue_cancel
from trader.simulator.numbers import exactly, multiple_of
from trader.simulator.orders import (
    BUY,
    EDIT_QUEUED,
    FILLED,
    OPEN,
    SELL,
    Order,
    first_trigger_status,
)
from trader.simulator.refusal import BadRequest, Refusal
from trader.simulator.terms import GTC, LIMIT, Terms, read_terms
from trader.simulator.venue import Venue

CANCELLED_ALREADY = "UNKNOWN_CANCEL_ORDER"


@dataclass(frozen=True, slots=True)
class Judged:
    """An order that may be placed: its terms, its product, the book, and what it will hold."""

    terms: Terms
    listing: Listing
    depth: Depth
    currency: str
    amount: Decimal


def judge(
    venue: Venue, product_id: str, side: str, configuration: Mapping[str, Any], attached: Mapping[str, Any] | None
) -> Judged | Refusal:
    """May this be placed now, with that *attached*?  Changes nothing."""
    listing = venue.listing(product_id)
    if listing is None:
        return no.INVALID_PRODUCT
    if side not in (BUY, SELL):
        return no.INVALID_SIDE
    terms = read_terms(configuration, side)
    if isinstance(terms, Refusal):
        return terms
    depth = venue.books.at(listing, venue.now)
    refused = first_refusal(listing, terms, side, depth, venue.now, venue.settings)
    if refused is not None:
        return refused
    assert depth is not None
    refused = refused_attached(attached, listing, depth, terms, side) if attached is not None else None
    if refused is not None:
        return refused
    currency, amount = needed(listing, terms, side, depth, venue.settings)
    if currency not in venue.wallets:
        raise BadRequest(400, "INVALID_ARGUMENT", "account is not available")
    if amount > venue.ledger.available(currency):
        return no.NO_FUNDS
    if len(venue.working.get(product_id, ())) >= venue.settings.orders_open_max:
        return no.TOO_MANY_OPEN
    return Judged(terms, listing, depth, currency, amount)


@exactly
def preview(
    venue: Venue, product_id: str, side: str, configuration: Mapping[str, Any],
    attached: Mapping[str, Any] | None = None,
) -> Judged | Refusal:  # fmt: skip
    """The very checks of `create`, and nothing else."""
    return judge(venue, product_id, side, configuration, attached)


@exactly
def create(
    venue: Venue, client_order_id: str, product_id: str, side: str, configuration: dict[str, Any],
    attached: Mapping[str, Any] | None = None,
) -> Order | Refusal:  # fmt: skip
    """Place an order, or say why not; a client order id seen before never makes a second one."""
    if not client_order_id:
        raise BadRequest(400, "INVALID_ARGUMENT", "client_order_id is required")
    if client_order_id in venue.by_client_id:
        return no.DUPLICATE if venue.settings.duplicates_refused else venue.orders[venue.by_client_id[client_order_id]]
    judged = judge(venue, product_id, side, configuration, attached)
    if isinstance(judged, Refusal):
        return judged

    terms, settings = judged.terms, venue.settings
    order = Order(
        venue.ids.new("order"), client_order_id, product_id, side, terms, configuration, venue.now,
        trigger_status=first_trigger_status(terms), updated=venue.now,
    )  # fmt: skip
    if terms.limit_price is not None:
        order.limit_price = terms.limit_price
    else:
        bound = 1 + settings.price_protection if side == BUY else 1 - settings.price_protection
        order.limit_price = judged.depth.mid * bound
    order.hold_unit = (
        worst_price(terms, judged.depth, settings) * (1 + settings.taker_rate) if side == BUY else Decimal(1)
    )
    venue.orders[order.order_id] = order
    venue.by_client_id[client_order_id] = order.order_id
    venue.ledger.hold(order.order_id, judged.currency, judged.amount)
    if attached is not None:
        attach(venue, order, attached)
    order.status = settings.waits_as
    if settings.pending_seconds:
        venue.agenda.put(venue.now, settings.pending_seconds, lambda: enter(venue, order))
        venue.changed(order)
    else:
        enter(venue, order)
    return order


@exactly
def cancel(venue: Venue, order_id: str) -> str | None:
    """Start cancelling; None when it is under way, else the venue's code for why not."""
    order = venue.order(order_id)
    if order is None:
        return "UNKNOWN_CANCEL_ORDER"
    if order.status == FILLED:
        return "ORDER_IS_FULLY_FILLED"
    if order.pending_cancel:
        return "DUPLICATE_CANCEL_REQUEST"
    if order.done:
        return CANCELLED_ALREADY
    if order.status == EDIT_QUEUED:
        return "ORDER_IS_BEING_REPLACED"
    queue_cancel(venue, order)
    return None


@exactly
def edit(venue: Venue, order_id: str, price: str, size: str, only_preview: bool = False) -> str | None:
    """Change price and size of a GTC limit order; None when it is under way, else the venue's code for why not."""
    order = venue.order(order_id)
    if order is None:
        return "ORDER_NOT_FOUND"
    try:
        limit_price, base = Decimal(price), Decimal(size)
    except InvalidOperation:
        return "INVALID_EDITED_SIZE"
    listing = venue.listings[order.product_id]
    refused = _not_editable(order) or _bad_edit(venue, listing, order, limit_price, base)
    if refused is None and not only_preview:
        queue_edit(venue, order, limit_price, base)
    return refused


def _not_editable(order: Order) -> str | None:
    if order.pending_cancel:
        return "CANNOT_EDIT_ORDER_PENDING_CANCEL"
    if order.status == EDIT_QUEUED:
        return "ORDER_IS_ALREADY_BEING_REPLACED"
    if order.status != OPEN:
        return "ONLY_OPEN_ORDERS_CAN_BE_EDITED"
    if order.terms.order_type != LIMIT or order.terms.time_in_force != GTC:
        return "ONLY_LIMIT_ORDER_EDITS_SUPPORTED"
    return None


def _bad_edit(venue: Venue, listing: Listing, order: Order, limit_price: Decimal, base: Decimal) -> str | None:
    if market_state(listing, order.terms) is not None:
        return "COMMANDER_REJECTED_EDIT_ORDER"
    if limit_price <= 0 or not multiple_of(limit_price, listing.price_increment):
        return "INVALID_EDITED_PRICE"
    if not listing.base_min_size <= base <= listing.base_max_size or not multiple_of(base, listing.base_increment):
        return "INVALID_EDITED_SIZE"
    if base <= order.filled_base:
        return "CANNOT_EDIT_TO_BELOW_FILLED_SIZE"
    if (limit_price, base) == (order.terms.limit_price, order.terms.base_size):
        return "EDIT_REQUEST_EQUAL_TO_ORIGINAL_REQUEST"
    depth = venue.books.at(listing, venue.now)
    crosses = depth is not None and (limit_price >= depth.ask if order.side == BUY else limit_price <= depth.bid)
    if order.terms.post_only and crosses:
        return "INVALID_EDITED_PRICE"
    unit = limit_price * (1 + venue.settings.taker_rate) if order.side == BUY else Decimal(1)
    more = (base - order.filled_base) * unit - venue.ledger.holds[order.order_id][1]
    currency = listing.quote if order.side == BUY else listing.base
    return "COMMANDER_REJECTED_EDIT_ORDER" if more > venue.ledger.available(currency) else None
