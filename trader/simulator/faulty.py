"""
What a fault does to one call: an answer instead of its own, an answer spoilt, or something that befalls the venue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from trader.errors import TraderError
from trader.simulator import replies
from trader.simulator.faults import Fault
from trader.simulator.lifecycle import advance
from trader.simulator.orders import Fill
from trader.simulator.refusal import NO_SUCH_ORDER, BadRequest
from trader.simulator.replies import Broken, reply
from trader.simulator.restating import restate
from trader.simulator.spoil import spoiled
from trader.simulator.station import Logged, Station


async def instead(fault: Fault, station: Station, body: Any) -> Response | None:
    """The answer *fault* gives before anything is done; None where the call goes on."""
    if fault.kind == "late":
        await asyncio.sleep(fault.seconds)
        return None
    early: dict[str, Callable[[], Response]] = {
        "drop_before": lambda: Broken("reset", Response()),
        "unauthorized": replies.unauthorized,
        "blocked": replies.blocked,
        "throttled": lambda: replies.throttled(station.limits.rules.body),
        "status_before": lambda: Response(fault.body or '{"error":"INTERNAL"}', fault.status or 500),
        "lost_cancel": lambda: reply(_cancelled(body)),
        "phantom": lambda: reply(_placed(station, body)),
        "not_found": lambda: reply(BadRequest(404, "NOT_FOUND", NO_SUCH_ORDER).body, 404),
    }
    return early[fault.kind]() if fault.kind in early else None


def _cancelled(body: Any) -> dict[str, Any]:
    ids = body.get("order_ids", []) if isinstance(body, dict) else []
    words = {"success": True, "failure_reason": "UNKNOWN_CANCEL_FAILURE_REASON"}
    return {"results": [{**words, "order_id": order_id} for order_id in ids]}


def _placed(station: Station, body: Any) -> dict[str, Any]:
    """What a placed order is answered with; there is none."""
    asked = body if isinstance(body, dict) else {}
    echo = {name: asked.get(name, "") for name in ("product_id", "side", "client_order_id")}
    order_id = station.venue.ids.named(f"phantom {asked.get('client_order_id', '')}")
    return {
        "success": True,
        "success_response": {"order_id": order_id, **echo, "attached_order_id": ""},
        "order_configuration": asked.get("order_configuration"),
    }


async def spoil(fault: Fault, whole: Response) -> Response:
    """*whole* with what *fault* does to it."""
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
        return whole
    makers: dict[str, Callable[[], Response]] = {
        "drop_after": lambda: Broken("reset", whole),
        "silent_after": lambda: Broken("reset", whole, fault.seconds),
        "cut_body": lambda: Broken("cut", whole),
        "drip": lambda: Broken("drip", whole, fault.seconds),
        "status_after": lambda: Response(
            fault.body or replies.BAD_GATEWAY, fault.status or 502, media_type="text/html"
        ),
        "empty_200": lambda: Response(b""),
        "html_200": lambda: Response("<html>hello</html>", media_type="text/html"),
        "bad_json": lambda: Response(bytes(whole.body)[:-1], media_type="application/json"),
    }
    return makers[fault.kind]() if fault.kind in makers else spoiled(fault, whole)


def befall(fault: Fault, station: Station, line: Logged) -> None:
    """What happens to the venue once the call is done; what cannot happen is said in the log's line."""
    if fault.kind == "restart":
        station.restarts.append(fault.seconds)
    elif fault.kind == "certificate":
        station.renew_certificate()
    elif fault.kind in ("reverse", "correct"):
        line.note = f"{fault.kind}: {_restated(fault, station)}"
    else:
        order_id = station.venue.by_client_id.get(line.client_order_id)
        if order_id is None:
            line.note = line.note or f"{fault.kind}: no order was placed"
        else:
            station.venue.shown_late[fault.kind, order_id] = fault.seconds


def _restated(fault: Fault, station: Station) -> str:
    """Take the newest fill back, or correct it; which one it was, or why it cannot be."""
    venue = station.venue
    advance(venue, station.clock.now())
    fill = next((row for row in reversed(venue.fills) if _restatable(venue.fills, row)), None)
    if fill is None:
        return "there is no fill that was not restated before"
    price = None
    if fault.kind == "correct":
        tick = venue.listings[fill.product_id].price_increment
        price = fill.price + tick if fault.value is None else Decimal(str(fault.value))
    try:
        restate(venue, fill.entry_id, price)
    except TraderError as error:
        return str(error)
    return fill.entry_id


def _restatable(fills: list[Fill], row: Fill) -> bool:
    return row.trade_type == "FILL" and not any(
        other.trade_id == row.trade_id and other.trade_type == "REVERSAL" for other in fills
    )
