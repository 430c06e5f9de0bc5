"""
Orders and fills as they are looked up: newest first, in pages, and no sooner than the venue shows them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from trader.simulator.calls import Call, behind, cursor_of
from trader.simulator.orders import OPEN, Fill, Order
from trader.simulator.refusal import NO_SUCH_ORDER, BadRequest
from trader.simulator.shapes_orders import fill_shape, order_shape
from trader.simulator.venue import Venue

ORDERS_MAX = 1000
FILLS, FILLS_MAX = 100, 1000
RETAIL = "RETAIL_ADVANCED"
FILTERS_OF_FILLS = (
    "trade_ids", "product_ids", "product_id", "start_sequence_timestamp", "end_sequence_timestamp", "asset_filters",
    "order_types", "order_side", "product_types",
)  # fmt: skip

Row = TypeVar("Row")


def get_order(venue: Venue, call: Call) -> dict[str, Any]:
    """One order; 404 for a while after its creation where the venue is set to be late."""
    order = venue.order(call.path["order_id"])
    if order is None and venue.settings.client_id_lookup:
        order = venue.order(venue.by_client_id.get(call.one("client_order_id"), ""))
    if order is None or not seen(venue, order.created, venue.settings.get_late_seconds, "late_get", order.order_id):
        raise BadRequest(404, "NOT_FOUND", NO_SUCH_ORDER)
    return {"order": order_shape(venue, order)}


def seen(venue: Venue, since: datetime, late_seconds: float, what: str, order_id: str) -> bool:
    """Whether what happened then is shown by now; one order may be later than all the others."""
    own = venue.shown_late.get((what, order_id), 0.0) if venue.shown_late else 0.0
    return (venue.now - since).total_seconds() >= max(late_seconds, own)


def list_orders(venue: Venue, call: Call) -> dict[str, Any]:
    """A page of orders, newest first."""
    statuses = set(call.many("order_status"))
    if OPEN in statuses and len(statuses) > 1 and not venue.settings.open_combines:
        raise BadRequest(400, "INVALID_ARGUMENT", "OPEN may not be combined with other order statuses")
    limit = call.number("limit", ORDERS_MAX, ORDERS_MAX) or ORDERS_MAX
    fits = _order_filter(call, statuses)
    late = venue.settings.list_late_seconds
    rows = [
        row
        for row in reversed(list(venue.orders.values()))
        if seen(venue, row.created, late, "late_list", row.order_id) and fits(row)
    ]
    page, more = _page(rows, call.one("cursor"), limit, lambda row: row.order_id)
    return {
        "orders": [order_shape(venue, row) for row in page],
        "sequence": "0",
        "has_next": more,
        "cursor": cursor_of(page[-1].order_id) if more else "",
        "proof_token_required": False,
    }


def _order_filter(call: Call, statuses: set[str]) -> Callable[[Order], bool]:
    ids, products = set(call.many("order_ids")), set(call.many("product_ids")) | set(call.many("product_id"))
    tifs, kinds, side = set(call.many("time_in_forces")), set(call.many("order_types")), call.one("order_side")
    assets = set(call.many("asset_filters"))
    start, end = call.time("start_date"), call.time("end_date")
    if call.one("order_type"):
        kinds.add(call.one("order_type"))
    foreign = call.one("order_placement_source", RETAIL) not in (RETAIL, "UNKNOWN_PLACEMENT_SOURCE")
    foreign = foreign or call.one("product_type", "SPOT") not in ("SPOT", "UNKNOWN_PRODUCT_TYPE")

    def fits(order: Order) -> bool:
        dated = statuses == {OPEN} or (
            (start is None or order.created >= start) and (end is None or order.created < end)
        )
        return (
            not foreign
            and dated
            and (not ids or order.order_id in ids)
            and (not products or order.product_id in products)
            and (not statuses or order.status in statuses)
            and (not tifs or order.terms.time_in_force in tifs)
            and (not kinds or order.terms.order_type in kinds)
            and (not side or order.side == side)
            and (not assets or order.product_id.partition("-")[0] in assets)
        )

    return fits


def list_fills(venue: Venue, call: Call) -> dict[str, Any]:
    """A page of fills, newest first; a full page has a cursor even when it is the last."""
    by_order = set(call.many("order_ids")) | set(call.many("order_id"))
    if by_order and any(call.one(name) for name in FILTERS_OF_FILLS):
        raise BadRequest(400, "INVALID_ARGUMENT", "cannot pass order_ids with other filters")
    trades, products = set(call.many("trade_ids")), set(call.many("product_ids")) | set(call.many("product_id"))
    assets, kinds, side = set(call.many("asset_filters")), set(call.many("order_types")), call.one("order_side")
    foreign = bool(call.many("product_types")) and "SPOT" not in call.many("product_types")
    start, end = call.time("start_sequence_timestamp"), call.time("end_sequence_timestamp")
    late = venue.settings.fills_late_seconds

    def fits(fill: Fill) -> bool:
        return (
            seen(venue, fill.time, late, "late_fills", fill.order_id)
            and not foreign
            and (not assets or fill.product_id.partition("-")[0] in assets)
            and (not kinds or venue.orders[fill.order_id].terms.order_type in kinds)
            and (not side or fill.side == side)
            and (not by_order or fill.order_id in by_order)
            and (not trades or fill.trade_id in trades)
            and (not products or fill.product_id in products)
            and (start is None or fill.time >= start)
            and (end is None or fill.time <= end)
        )

    limit = call.number("limit", FILLS, FILLS_MAX) or FILLS
    rows = [fill for fill in reversed(venue.fills) if fits(fill)]
    page, _ = _page(rows, call.one("cursor"), limit, lambda row: row.entry_id)
    return {
        "fills": [fill_shape(venue, fill) for fill in page],
        "cursor": cursor_of(page[-1].entry_id) if len(page) == limit else "",
        "proof_token_required": False,
    }


def _page(rows: list[Row], cursor: str, limit: int, name: Callable[[Row], str]) -> tuple[list[Row], bool]:
    """The *limit* rows behind *cursor*, and whether there are more."""
    first = 0
    if cursor:
        after = behind(cursor)
        names = [name(row) for row in rows]
        if after not in names:
            raise BadRequest(400, "INVALID_ARGUMENT", "cursor is invalid")
        first = names.index(after) + 1
    return rows[first : first + limit], first + limit < len(rows)
