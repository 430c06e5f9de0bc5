"""
A bracket that waits for the purchase it is attached to.

It is made with its order, has its own id from then on, and holds nothing while
it waits.  When the order is over it wakes with what was bought, and holds that
base once for both of its legs; of nothing bought, or nothing left, it ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from trader.model.money import floor_to
from trader.simulator import refusal as no
from trader.simulator.catalogue import Listing
from trader.simulator.depth import Depth
from trader.simulator.numbers import multiple_of, plain
from trader.simulator.orders import BUY, CANCELLED, FAILED, OPEN, QUEUED, SELL, Order, first_trigger_status
from trader.simulator.refusal import Refusal
from trader.simulator.terms import LIMIT, MARKET, Terms, read_terms
from trader.simulator.venue import Venue

KEY = "trigger_bracket_gtc"
NOTHING_BOUGHT = "Originating order was not filled"


def read_attached(asked: Mapping[str, Any]) -> Terms | Refusal:
    """The bracket's terms without a size, or why there are none."""
    fields = asked.get(KEY)
    if len(asked) != 1 or not isinstance(fields, Mapping):
        return no.UNSUPPORTED
    if fields.get("base_size") or fields.get("quote_size"):
        return no.ATTACHED_SIZE
    terms = read_terms({KEY: {**fields, "base_size": "1", "quote_size": None}}, SELL)
    return terms if isinstance(terms, Refusal) else replace(terms, base_size=None)


def refused_attached(
    asked: Mapping[str, Any], listing: Listing, depth: Depth, parent: Terms, side: str
) -> Refusal | None:
    """What speaks against attaching *asked*; both prices are judged from where the order itself would buy."""
    if parent.order_type not in (MARKET, LIMIT):
        return no.ATTACHED_KIND
    if side != BUY:
        return no.ATTACHED_SIDE
    terms = read_attached(asked)
    if isinstance(terms, Refusal):
        return terms
    target, stop = terms.limit_price, terms.stop_price
    assert target is not None
    assert stop is not None
    if target <= 0 or stop <= 0:
        return no.ATTACHED_PRICES
    if not multiple_of(target, listing.price_increment):
        return no.TARGET_DECIMALS
    if not multiple_of(stop, listing.price_increment):
        return no.LOSS_DECIMALS
    bought_at = parent.limit_price or depth.mid
    if target <= bought_at:
        return no.TARGET_PRICE
    return no.LOSS_PRICE if stop >= bought_at else None


def attach(venue: Venue, parent: Order, asked: Mapping[str, Any]) -> None:
    """Put the bracket behind *parent*, waiting."""
    terms = read_attached(asked)
    assert not isinstance(terms, Refusal), "judged before"
    child = Order(
        venue.ids.new("order"), venue.ids.new("client"), parent.product_id, SELL, terms, {KEY: dict(asked[KEY])},
        venue.now, QUEUED, first_trigger_status(terms), terms.limit_price or Decimal(0), Decimal(1),
        updated=venue.now, originating_id=parent.order_id,
    )  # fmt: skip
    venue.orders[child.order_id] = child
    venue.by_client_id[child.client_order_id] = child.order_id
    parent.attached_id, parent.attached_configuration = child.order_id, dict(asked)
    venue.changed(child)


def wake(venue: Venue, parent: Order) -> None:
    """*parent* is over: its bracket takes up what was bought, or ends."""
    child = venue.orders[parent.attached_id]
    if child.status != QUEUED:
        return
    listing = venue.listings[parent.product_id]
    bought = floor_to(parent.filled_base, listing.base_increment)
    if parent.filled_base == 0:
        child.status, child.cancel_message = CANCELLED, NOTHING_BOUGHT
    elif bought < listing.base_min_size or bought > venue.ledger.available(listing.base):
        child.status, child.reject_reason = FAILED, "REJECT_REASON_INSUFFICIENT_FUNDS"
    else:
        venue.ledger.hold(child.order_id, listing.base, bought)
        child.terms = replace(child.terms, base_size=bought)
        child.configuration = {KEY: {"base_size": plain(bought), **child.configuration[KEY]}}
        child.status = OPEN
        venue.working.setdefault(child.product_id, []).append(child)
    child.updated = venue.now
    venue.changed(child)
