"""
What the channels say: the events of each, made from the same book, trades and orders that REST tells of.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime
from typing import Any

from trader.simulator.catalogue import Listing
from trader.simulator.depth import Depth
from trader.simulator.numbers import ZERO, exactly, plain, stamp
from trader.simulator.orders import Order
from trader.simulator.shapes_market import candle_shape, candles, day_of, product_shape, trade_shape
from trader.simulator.shapes_orders import after_fees, average_price, user_id
from trader.simulator.venue import Venue

TRADES = 100
FIVE_MINUTES = 300
CANDLES = 100
ORDERS_A_BATCH = 50
POSITIONS: dict[str, list[Any]] = {
    "perpetual_futures_positions": [],
    "expiring_futures_positions": [],
    "prediction_market_positions": [],
}
Event = dict[str, Any]


@exactly
def ticker(venue: Venue, listing: Listing, depth: Depth, batch: bool = False) -> dict[str, str]:
    """One product's ticker; the batch has no best bid and ask."""
    day = day_of(venue, listing)
    row = {
        "type": "ticker",
        "product_id": listing.product_id,
        "price": plain(depth.last.price),
        "volume_24_h": plain(day.volume),
        "low_24_h": plain(day.low),
        "high_24_h": plain(day.high),
        "low_52_w": plain(day.low),
        "high_52_w": plain(day.high),
        "price_percent_chg_24_h": plain(day.change_pct),
    }
    if not batch:
        row["best_bid"] = plain(depth.bid)
        row["best_ask"] = plain(depth.ask)
        row["best_bid_quantity"] = plain(depth.bids[0].size)
        row["best_ask_quantity"] = plain(depth.asks[0].size)
    return row


def level2(listing: Listing, before: Depth | None, now: Depth, at: datetime) -> Event | None:
    """A snapshot, or what changed since *before*; sizes are absolute, 0 removes."""
    rows = []
    for side, old, new in (
        ("bid", before.bids if before else (), now.bids),
        ("offer", before.asks if before else (), now.asks),
    ):
        was, is_ = ({level.price: level.size for level in levels} for levels in (old, new))
        changed = [(price, size) for price, size in is_.items() if was.get(price) != size]
        changed += [(price, ZERO) for price in was if price not in is_]
        rows += [
            {"side": side, "event_time": stamp(at), "price_level": plain(price), "new_quantity": plain(size)}
            for price, size in changed
        ]
    kind = "update" if before else "snapshot"
    return {"type": kind, "product_id": listing.product_id, "updates": rows} if rows else None


def trades(venue: Venue, listing: Listing, after: datetime | None) -> Event | None:
    """The newest hundred, newest first; or those since *after*."""
    if after is None:
        rows = venue.tape.recent(listing, venue.now, TRADES)
        return {"type": "snapshot", "trades": [trade_shape(listing, row) for row in rows]}
    rows = list(venue.tape.prints(listing, after, venue.now))[-TRADES:]
    return {"type": "update", "trades": [trade_shape(listing, row) for row in reversed(rows)]} if rows else None


def five_minutes(venue: Venue, listing: Listing, snapshot: bool) -> Event | None:
    """The last hundred buckets, or the forming one."""
    now = int(venue.now.timestamp())
    back = CANDLES * FIVE_MINUTES if snapshot else now % FIVE_MINUTES
    rows = candles(venue, listing, FIVE_MINUTES, now - back, now)
    shapes = [{**candle_shape(row), "product_id": listing.product_id} for row in reversed(rows)]
    return {"type": "snapshot" if snapshot else "update", "candles": shapes} if shapes else None


def status(venue: Venue, listing: Listing) -> dict[str, Any]:
    """A product's row of the status channel."""
    shape = product_shape(venue, listing)
    return {
        "product_type": "SPOT",
        "id": listing.product_id,
        "base_currency": listing.base,
        "quote_currency": listing.quote,
        "base_increment": shape["base_increment"],
        "quote_increment": shape["quote_increment"],
        "display_name": shape["display_name"],
        "status": listing.status,
        "status_message": "",
        "min_market_funds": shape["quote_min_size"],
    }


@exactly
def user_order(venue: Venue, order: Order) -> dict[str, str]:
    """The cumulative state of an order; executions are only in the fills."""
    _, held = venue.ledger.holds.get(order.order_id, ("", ZERO))
    return {
        "order_id": order.order_id,
        "client_order_id": order.client_order_id,
        "cumulative_quantity": plain(order.filled_base),
        "leaves_quantity": plain(ZERO if order.size_in_quote or order.done else order.left_base),
        "completion_percentage": plain(round(order.completion, 2)),
        "avg_price": plain(average_price(order)),
        "filled_value": plain(order.filled_quote),
        "number_of_fills": str(order.number_of_fills),
        "total_fees": plain(order.fees),
        "total_value_after_fees": plain(after_fees(order)),
        "outstanding_hold_amount": plain(held),
        "status": order.status,
        "product_id": order.product_id,
        "creation_time": stamp(order.created),
        "end_time": stamp(order.terms.end_time) if order.terms.end_time else "0001-01-01T00:00:00Z",
        "order_side": order.side,
        "order_type": order.terms.order_type.title(),
        "limit_price": plain(order.terms.limit_price or ZERO),
        "stop_price": plain(order.terms.stop_price or ZERO),
        "post_only": str(order.terms.post_only).lower(),
        "cancel_reason": order.cancel_message,
        "reject_reason": order.reject_reason,
        "contract_expiry_type": "UNKNOWN_CONTRACT_EXPIRY_TYPE",
        "product_type": "SPOT",
        "risk_managed_by": "UNKNOWN_RISK_MANAGEMENT_TYPE",
        "time_in_force": order.terms.time_in_force,
        "trigger_status": order.trigger_status,
    }


def user_snapshots(venue: Venue, products: set[str]) -> list[Event]:
    """Working orders in batches of 50; without any, one empty batch."""
    rows = [
        user_order(venue, order)
        for order in venue.orders.values()
        if not order.done and (not products or order.product_id in products)
    ]
    batches = [rows[first : first + ORDERS_A_BATCH] for first in range(0, len(rows), ORDERS_A_BATCH)] or [[]]
    return [{"type": "snapshot", "orders": batch, "positions": POSITIONS} for batch in batches]


def heartbeat(venue: Venue, counter: int) -> Event:
    """One a second of the host, however fast the venue's time runs; *counter* is a number that goes up by one."""
    time = venue.now.strftime("%Y-%m-%d %H:%M:%S.%f")
    return {"current_time": f"{time} +0000 UTC m=+{venue.seconds_open()}.000000", "heartbeat_counter": counter}


def subscriptions(venue: Venue, subscribed: Mapping[str, Set[str]]) -> Event:
    """The acknowledgement: everything that is subscribed now."""
    names = {channel: sorted(products) for channel, products in sorted(subscribed.items())}
    fixed = {"heartbeats": ["heartbeats"], "user": [user_id(venue)]}
    return {"subscriptions": names | {channel: row for channel, row in fixed.items() if channel in names}}
