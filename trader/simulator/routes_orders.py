"""
Placing, previewing, cancelling and editing over the wire.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from trader.simulator import refusal as no
from trader.simulator.calls import Call
from trader.simulator.matching import Execution, take_base, take_quote
from trader.simulator.numbers import ZERO, exactly, plain
from trader.simulator.orders import BUY
from trader.simulator.placing import Judged, cancel, create, edit, preview
from trader.simulator.refusal import UNKNOWN_PREVIEW, BadRequest, Refusal
from trader.simulator.shapes_orders import AVERAGE_DECIMALS, echoed
from trader.simulator.terms import MARKET
from trader.simulator.venue import Venue

CANCELS_MAX = 100


def create_order(venue: Venue, call: Call) -> dict[str, Any]:
    """Accepted or refused, both with 200; a repeated client order id echoes the new request."""
    asked = _configuration(call)
    product_id, side, client_order_id = call.text("product_id"), call.text("side"), call.text("client_order_id")
    echo = echoed(asked)
    made = create(venue, client_order_id, product_id, side, echo, _attached(call))
    if isinstance(made, Refusal):
        return {"success": False, "error_response": _error(made), "order_configuration": echo}
    return {
        "success": True,
        "success_response": {
            "order_id": made.order_id,
            "product_id": product_id,
            "side": side,
            "client_order_id": client_order_id,
            "attached_order_id": made.attached_id,
        },
        "order_configuration": echo,
    }


def _error(refused: Refusal) -> dict[str, str]:
    return {
        "error": refused.reason,
        "message": refused.message,
        "error_details": "",
        "preview_failure_reason": refused.preview,
        "new_order_failure_reason": refused.reason,
    }


def _configuration(call: Call) -> dict[str, Any]:
    asked = call.body.get("order_configuration")
    if not isinstance(asked, dict):
        raise BadRequest(400, "INVALID_ARGUMENT", "order_configuration is required")
    return asked


def _attached(call: Call) -> dict[str, Any] | None:
    asked = call.body.get("attached_order_configuration")
    if asked is not None and not isinstance(asked, dict):
        raise BadRequest(400, "INVALID_ARGUMENT", "attached_order_configuration is invalid")
    return asked or None


def close_position(venue: Venue, call: Call) -> dict[str, Any]:
    """Spot has no positions: the shape of a refused order, and nothing done."""
    refused = no.INVALID_PRODUCT if venue.listing(call.text("product_id")) is None else no.SPOT_POSITION
    return {"success": False, "error_response": _error(refused), "order_configuration": {}}


@exactly
def preview_order(venue: Venue, call: Call) -> dict[str, Any]:
    """What the order would cost, or which checks it would fail; nothing changes."""
    side = call.text("side")
    judged = preview(venue, call.text("product_id"), side, _configuration(call), _attached(call))
    refused = isinstance(judged, Refusal)
    listing = venue.listing(call.text("product_id"))
    depth = venue.depth(listing) if listing else None
    parts = [] if isinstance(judged, Refusal) else estimate(venue, judged, side)
    base = sum((part.base for part in parts), ZERO)
    quote = sum((part.quote for part in parts), ZERO)
    fee = sum((part.fee for part in parts), ZERO)
    return {
        "order_total": plain(quote + fee if side == BUY else quote - fee),
        "commission_total": plain(fee),
        "errs": [judged.preview] if isinstance(judged, Refusal) else [],
        "warning": [],
        "quote_size": plain(quote),
        "base_size": plain(base),
        "best_bid": plain(depth.bid) if depth else "0",
        "best_ask": plain(depth.ask) if depth else "0",
        "is_max": False,
        "order_margin_total": "0",
        "leverage": "0",
        "long_leverage": "0",
        "short_leverage": "0",
        "slippage": "0",
        "preview_id": "" if refused else venue.ids.named(f"preview {len(venue.orders)}"),
        "current_liquidation_buffer": "",
        "projected_liquidation_buffer": "",
        "max_leverage": "",
        "est_average_filled_price": plain((quote / base).quantize(AVERAGE_DECIMALS)) if base else "0",
    }


def estimate(venue: Venue, judged: Judged, side: str) -> list[Execution]:
    """What it would be filled with now; a limit order is reckoned at its limit, as a taker."""
    terms, rate, buys = judged.terms, venue.settings.taker_rate, side == BUY
    far = 1 + venue.settings.price_protection if buys else 1 - venue.settings.price_protection
    if terms.quote_size is not None:
        return take_quote(judged.depth.asks, terms.quote_size, judged.depth.mid * far, rate)
    assert terms.base_size is not None
    if terms.order_type == MARKET:
        levels = judged.depth.asks if buys else judged.depth.bids
        return take_base(levels, terms.base_size, judged.depth.mid * far, buys, rate)
    assert terms.limit_price is not None
    quote = terms.base_size * terms.limit_price
    return [Execution(terms.limit_price, terms.base_size, quote, quote * rate)]


def cancel_orders(venue: Venue, call: Call) -> dict[str, Any]:
    """One result for every id; success means submitted, fills can still arrive."""
    order_ids = call.body.get("order_ids")
    if not isinstance(order_ids, list) or not all(isinstance(order_id, str) for order_id in order_ids):
        text = f"proto: (line 1:16): invalid value for string field orderIds: {order_ids!r}"
        raise BadRequest(400, "unknown", text.replace("None", "null"))
    if len(order_ids) > CANCELS_MAX:
        raise BadRequest(400, "INVALID_ARGUMENT", f"order_ids: at most {CANCELS_MAX}")
    results = []
    for order_id in order_ids:
        why = cancel(venue, order_id)
        results.append(
            {
                "success": why is None,
                "failure_reason": why or "UNKNOWN_CANCEL_FAILURE_REASON",
                "order_id": order_id,
            }
        )
    return {"results": results}


def edit_order(venue: Venue, call: Call) -> dict[str, Any]:
    """Submitted, or the venue's code for why not."""
    why = edit(venue, call.text("order_id"), call.text("price"), call.text("size"))
    if why is None and call.body.get("cancel_attached_order") is True:
        cancel(venue, venue.orders[call.text("order_id")].attached_id)
    errors = [] if why is None else [{"edit_failure_reason": why, "preview_failure_reason": UNKNOWN_PREVIEW}]
    return {"success": why is None, "errors": errors}


@exactly
def edit_preview(venue: Venue, call: Call) -> dict[str, Any]:
    """The checks of an edit, and nothing else."""
    why = edit(venue, call.text("order_id"), call.text("price"), call.text("size"), only_preview=True)
    order = venue.order(call.text("order_id"))
    depth = venue.depth(venue.listings[order.product_id]) if order else None
    parts = [ZERO, ZERO]
    if order is not None and why is None:
        parts = [Decimal(call.text("size")), Decimal(call.text("size")) * Decimal(call.text("price"))]
    fee = parts[1] * venue.settings.taker_rate
    return {
        "errors": [] if why is None else [{"edit_failure_reason": why, "preview_failure_reason": UNKNOWN_PREVIEW}],
        "slippage": "0",
        "order_total": plain(parts[1] + fee),
        "commission_total": plain(fee),
        "quote_size": plain(parts[1]),
        "base_size": plain(parts[0]),
        "best_bid": plain(depth.bid) if depth else "0",
        "best_ask": plain(depth.ask) if depth else "0",
        "average_filled_price": "0",
    }
