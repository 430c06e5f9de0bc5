"""
Market data: products, books, candles, trades and the time.  Public and private twins answer alike.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from trader.simulator.calls import Call, behind, cursor_of
from trader.simulator.catalogue import Listing
from trader.simulator.depth import Depth
from trader.simulator.numbers import ZERO, exactly, plain, stamp
from trader.simulator.refusal import BadRequest
from trader.simulator.shapes_market import (
    GRANULARITIES,
    book_shape,
    candle_shape,
    candles,
    day_of,
    levels_shape,
    product_shape,
    trade_shape,
)
from trader.simulator.venue import Venue

CANDLES_MAX = 350
TRADES_MAX, TRADES_BREAK = 100, 1000
TOO_MANY_CANDLES = "start and end argument is invalid - number of candles requested should be less than 350 "


def server_time(venue: Venue, call: Call) -> dict[str, Any]:
    """The venue's clock, off by its skew."""
    now = venue.now + timedelta(seconds=call.ahead_seconds)
    seconds = now.timestamp()
    return {
        "iso": stamp(now, 0),
        "epochSeconds": str(int(seconds)),
        "epochMillis": str(int(seconds * 1000)),
    }


def products(venue: Venue, call: Call) -> dict[str, Any]:
    """SPOT products, the most traded first."""
    wanted, kind = set(call.many("product_ids")), call.one("product_type", "SPOT")
    rows = [row for row in venue.listings.values() if not wanted or row.product_id in wanted]
    if kind not in ("SPOT", "UNKNOWN_PRODUCT_TYPE"):
        rows = []
    rows.sort(key=lambda row: _traded(venue, row), reverse=True)
    limit, offset = call.number("limit"), call.number("offset", 0) or 0
    if call.one("cursor"):
        ids = [row.product_id for row in rows]
        after = behind(call.one("cursor"))
        offset = ids.index(after) + 1 if after in ids else len(ids)
    page = rows[offset : offset + limit] if limit else rows[offset:]
    more = offset + len(page) < len(rows)
    pagination = {
        "prev_cursor": "",
        "next_cursor": cursor_of(page[-1].product_id) if more and page else "",
        "has_next": more,
        "has_prev": offset > 0,
    }
    shapes = [product_shape(venue, row, call.flag("get_tradability_status")) for row in page]
    return {"products": shapes, "num_products": len(shapes), "pagination": pagination if limit else None}


def product(venue: Venue, call: Call) -> dict[str, Any]:
    """One product, unwrapped."""
    product_id = call.path["product_id"]
    listing = venue.listing(product_id)
    if listing is None:
        raise BadRequest(404, "NOT_FOUND", f"Product {product_id} not supported", details=False)
    return product_shape(venue, listing, call.flag("get_tradability_status"))


@exactly
def product_book(venue: Venue, call: Call) -> dict[str, Any]:
    """One book, with its spread."""
    listing = listed(venue, call.one("product_id"))
    depth = traded(venue, listing)
    spread = depth.ask - depth.bid
    return {
        "pricebook": book_shape(venue, listing, depth, call.number("limit")),
        "last": plain(depth.last.price),
        "mid_market": plain(depth.mid),
        "spread_bps": plain(round(spread / depth.mid * 10_000, 12)),
        "spread_absolute": plain(spread),
    }


def best_bid_ask(venue: Venue, call: Call) -> dict[str, Any]:
    """The best level a side of the products named, or of all."""
    wanted = call.many("product_ids") or list(venue.listings)
    books = []
    for listing in [listed(venue, product_id) for product_id in wanted]:
        depth = venue.depth(listing)
        if depth is not None:
            books.append(book_shape(venue, listing, depth, 1))
    return {"pricebooks": books}


def product_candles(venue: Venue, call: Call) -> dict[str, Any]:
    """Buckets, newest first, at most 350."""
    listing = listed(venue, call.path["product_id"])
    seconds = GRANULARITIES.get(call.one("granularity"))
    if seconds is None or seconds % venue.tape.seconds:
        raise BadRequest(400, "INVALID_ARGUMENT", "granularity argument is invalid")
    now = int(venue.now.timestamp())
    limit = call.number("limit", CANDLES_MAX) or CANDLES_MAX
    end = call.number("end", now) or now
    start = call.number("start", end - (CANDLES_MAX - 1) * seconds) or 0
    if start > end or (end - start) // seconds >= CANDLES_MAX or limit > CANDLES_MAX:
        raise BadRequest(400, "INVALID_ARGUMENT", TOO_MANY_CANDLES)
    found = candles(venue, listing, seconds, start, end)
    return {"candles": [candle_shape(candle) for candle in reversed(found)][:limit]}


def product_ticker(venue: Venue, call: Call) -> dict[str, Any]:
    """The newest trades, and the best prices."""
    listing = listed(venue, call.path["product_id"])
    limit = call.number("limit")
    if not limit:
        raise BadRequest(400, "INVALID_ARGUMENT", "limit is required")
    if limit > TRADES_BREAK:
        raise BadRequest(500, "INTERNAL", "internal error", details=False)
    depth = traded(venue, listing)
    start, end = call.time("start"), call.time("end")
    until = min(end, venue.now) if end else venue.now
    rows = venue.tape.recent(listing, until, min(limit, TRADES_MAX))
    return {
        "trades": [
            {**trade_shape(listing, row), "bid": "", "ask": "", "exchange": "coinbase"}
            for row in rows
            if start is None or row.time >= start
        ],
        "best_bid": levels_shape(depth.bids[:1])[0]["price"],
        "best_ask": levels_shape(depth.asks[:1])[0]["price"],
    }


def listed(venue: Venue, product_id: str) -> Listing:
    """The listing of that id, or the venue's 400."""
    listing = venue.listing(product_id)
    if listing is None:
        raise BadRequest(400, "INVALID_ARGUMENT", "ProductID is invalid")
    return listing


def traded(venue: Venue, listing: Listing) -> Depth:
    """The book of a product that ever traded."""
    depth = venue.depth(listing)
    if depth is None:
        raise BadRequest(404, "NOT_FOUND", f"Product {listing.product_id} has no book", details=False)
    return depth


@exactly
def _traded(venue: Venue, listing: Listing) -> Decimal:
    last = venue.tape.last(listing, venue.now)
    return day_of(venue, listing).volume * last.price if last else ZERO
