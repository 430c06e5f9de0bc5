"""
May this order be placed?  Asked alike by create and by preview.

The checks look and change nothing.  They run in the venue's order: product,
flags, precision, limits, prices, funds; the first that fails is the answer.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from trader.simulator import refusal as no
from trader.simulator.catalogue import Listing
from trader.simulator.depth import Depth
from trader.simulator.numbers import multiple_of
from trader.simulator.orders import BUY
from trader.simulator.refusal import Refusal
from trader.simulator.settings import VenueSettings
from trader.simulator.terms import BRACKET, MARKET, STOP_LIMIT, Terms

GTD_MAX = timedelta(days=180)
STOP_SLACK = Decimal("0.05")
"""A triggered bracket stop is a limit this far through."""


def market_state(listing: Listing, terms: Terms) -> Refusal | None:
    """What the product's flags forbid."""
    if listing.status != "online" or listing.is_disabled or listing.view_only:
        return no.UNTRADABLE
    if listing.trading_disabled:
        return no.TRADING_OFF
    if listing.auction_mode:
        return no.HALTED
    if listing.cancel_only:
        return no.ENTRY_OFF
    if listing.limit_only and terms.order_type == MARKET:
        return no.LIMIT_ONLY
    if listing.post_only and not terms.post_only:
        return no.POST_ONLY
    return None


def sizes(listing: Listing, terms: Terms, side: str) -> Refusal | None:
    """Increments and limits."""
    if terms.quote_size is not None:
        if not multiple_of(terms.quote_size, listing.quote_increment):
            return no.QUOTE_DECIMALS
        if terms.quote_size < listing.quote_min_size:
            return no.QUOTE_SMALL
        return no.QUOTE_LARGE if terms.quote_size > listing.quote_max_size else None
    base = terms.base_size
    assert base is not None
    if base < listing.base_min_size:
        return no.BASE_SMALL
    if not multiple_of(base, listing.base_increment):
        return no.SIZE_DECIMALS
    if base > listing.base_max_size:
        return no.BASE_LARGE
    if terms.limit_price is not None and side == BUY and base * terms.limit_price < listing.quote_min_size:
        return no.QUOTE_SMALL
    return None


def prices(listing: Listing, terms: Terms, side: str, depth: Depth) -> Refusal | None:
    """Tick, post-only and which side of the last trade a stop lies."""
    if terms.limit_price is None:
        return None
    for price in (terms.limit_price, terms.stop_price):
        if price is not None and price <= 0:
            return no.PRICE_INVALID
        if price is not None and not multiple_of(price, listing.price_increment):
            return no.PRICE_DECIMALS
    buys = side == BUY
    if terms.post_only and (terms.limit_price >= depth.ask if buys else terms.limit_price <= depth.bid):
        return no.WOULD_CROSS
    if terms.order_type == STOP_LIMIT:
        return _stop_limit(terms, buys, depth.last.price)
    if terms.order_type == BRACKET:
        return _bracket(terms, buys, depth.last.price)
    return None


def _stop_limit(terms: Terms, buys: bool, last: Decimal) -> Refusal | None:
    stop, limit = terms.stop_price, terms.limit_price
    assert stop is not None
    assert limit is not None
    if terms.stop_up and stop <= last:
        return no.STOP_UNDER_LAST
    if not terms.stop_up and stop >= last:
        return no.STOP_OVER_LAST
    if buys and stop > limit:
        return no.STOP_OVER_LIMIT
    return no.STOP_UNDER_LIMIT if not buys and stop < limit else None


def _bracket(terms: Terms, buys: bool, last: Decimal) -> Refusal | None:
    stop, limit = terms.stop_price, terms.limit_price
    assert stop is not None
    assert limit is not None
    if buys:
        return no.STOP_UNDER_LAST if stop <= last else no.PRICE_INVALID if limit >= last else None
    return no.STOP_OVER_LAST if stop >= last else no.PRICE_INVALID if limit <= last else None


def end_time(terms: Terms, now: datetime) -> Refusal | None:
    """A GTD order ends in the future, and not for ever away."""
    if terms.end_time is None:
        return None
    if terms.end_time <= now:
        return no.END_PAST
    return no.END_FAR if terms.end_time - now > GTD_MAX else None


def first_refusal(
    listing: Listing, terms: Terms, side: str, depth: Depth | None, now: datetime, settings: VenueSettings
) -> Refusal | None:
    """The first check that fails, funds aside."""
    if terms.order_type == STOP_LIMIT and not settings.stop_limit_on_spot:
        return no.UNSUPPORTED
    refused = market_state(listing, terms) or sizes(listing, terms, side) or end_time(terms, now)
    if refused is not None:
        return refused
    return no.NO_LIQUIDITY if depth is None else prices(listing, terms, side, depth)


def needed(listing: Listing, terms: Terms, side: str, depth: Depth, settings: VenueSettings) -> tuple[str, Decimal]:
    """The currency and amount an order holds on acceptance: the most it can come to cost, fee included."""
    if side != BUY:
        assert terms.base_size is not None
        return listing.base, terms.base_size
    if terms.quote_size is not None:
        return listing.quote, terms.quote_size
    assert terms.base_size is not None
    return listing.quote, terms.base_size * worst_price(terms, depth, settings) * (1 + settings.taker_rate)


def worst_price(terms: Terms, depth: Depth, settings: VenueSettings) -> Decimal:
    """The highest price a BUY can come to pay."""
    if terms.limit_price is None:
        return depth.mid * (1 + settings.price_protection)
    if terms.order_type == BRACKET and terms.stop_price is not None:
        return terms.stop_price * (1 + STOP_SLACK)
    return terms.limit_price
