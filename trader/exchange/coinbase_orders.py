"""
An order in the venue's words, and what its answer to one means.

Numbers leave as plain decimal texts: never a float, never an exponent.  Only an
answer that cannot mean anything else is called a refusal or a non-acceptance;
all the rest is an outcome nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from trader.exchange.coinbase_failures import Failed, Why, clipped
from trader.exchange.coinbase_payloads import CancelledOrders, Created, Denial, Estimate, read
from trader.exchange.coinbase_session import Reply
from trader.model.trading import Side
from trader.model.wire import Preview, WireKind, WireOrder
from trader.ports import Acknowledged, NotAccepted, OutcomeUnknown, Refused

DUPLICATE = "DUPLICATE_CLIENT_ORDER_ID"
NEVER_ACCEPTED = frozenset({Why.STOPPED, Why.UNTRUSTED, Why.UNSENT, Why.HELD, Why.THROTTLED, Why.BLOCKED})
REFUSED = frozenset({Why.FORBIDDEN, Why.DENIED, Why.REFUSED})

Placed = Acknowledged | Refused | NotAccepted | OutcomeUnknown


def plain(value: Decimal) -> str:
    """*value* in decimal digits, shortest."""
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def stamp(time: datetime) -> str:
    """RFC 3339, UTC, to the microsecond."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def misfit(order: WireOrder) -> str:
    """Why *order* must not leave as it is; "" where nothing is wrong."""
    numbers = {"size": order.size, "limit_price": order.limit_price, "stop_price": order.stop_price}
    bad = [name for name, value in numbers.items() if value is not None and not (value.is_finite() and value > 0)]
    if bad:
        return f"{', '.join(bad)} must be a positive number"
    if not order.client_order_id.strip():
        return "it has no client_order_id, and the SDK would invent one that nobody knows"
    if order.post_only and order.kind not in (WireKind.LIMIT_GTC, WireKind.LIMIT_GTD):
        return f"{order.kind} cannot be post-only"
    if (order.kind is WireKind.LIMIT_GTD) != (order.end_time is not None):
        return "end_time belongs to limit_gtd, and to it alone"
    if (order.kind is WireKind.STOP_LIMIT_GTC) != (order.stop_price is not None):
        return "stop_price belongs to stop_limit_gtc, and to it alone"
    return ""


def configuration(order: WireOrder) -> dict[str, dict[str, Any]]:
    """The `order_configuration` of *order*."""
    terms: dict[str, Any] = {"base_size": plain(order.size), "limit_price": plain(order.limit_price)}
    if order.kind is WireKind.LIMIT_IOC:
        return {"sor_limit_ioc": terms}
    if order.kind is WireKind.LIMIT_GTC:
        return {"limit_limit_gtc": {**terms, "post_only": order.post_only}}
    if order.kind is WireKind.LIMIT_GTD:
        assert order.end_time is not None, "misfit saw to it"
        return {"limit_limit_gtd": {**terms, "end_time": stamp(order.end_time), "post_only": order.post_only}}
    assert order.stop_price is not None, "misfit saw to it"
    way = "STOP_DIRECTION_STOP_DOWN" if order.side is Side.SELL else "STOP_DIRECTION_STOP_UP"
    stop = {"stop_price": plain(order.stop_price), "stop_direction": way}
    return {"stop_limit_stop_limit_gtc": {**terms, **stop}}


def preview_body(order: WireOrder) -> dict[str, Any]:
    """What a preview asks."""
    return {"product_id": order.symbol, "side": order.side.value, "order_configuration": configuration(order)}


def create_body(order: WireOrder) -> dict[str, Any]:
    """What places *order*: the same order, the same bytes."""
    return {"client_order_id": order.client_order_id, **preview_body(order)}


def placed(order: WireOrder, reply: Reply) -> Placed:
    """What *reply* to the creation of *order* means."""
    answer = read(Created, reply)
    if isinstance(answer, Failed):
        return _not_answered(answer)
    made = answer.success_response
    order_id = made.order_id if made else ""
    if not answer.success:
        return _denied(answer.error_response, order_id or answer.order_id)
    if made is None or not order_id:
        return OutcomeUnknown("the answer says success and names no order (success_response.order_id is missing)")
    asked = {"client_order_id": order.client_order_id, "product_id": order.symbol, "side": order.side.value}
    others = [name for name, value in asked.items() if getattr(made, name) not in ("", value)]
    if others:
        return OutcomeUnknown(f"the answer says success, but for another {', '.join(others)}: order {order_id}")
    return Acknowledged(order_id)


def _not_answered(failed: Failed) -> Refused | NotAccepted | OutcomeUnknown:
    if failed.why in NEVER_ACCEPTED:
        return NotAccepted(failed.sentence)
    return Refused(failed.sentence) if failed.why in REFUSED else OutcomeUnknown(failed.sentence)


def _denied(denial: Denial | None, order_id: str) -> Refused | OutcomeUnknown:
    if denial is None or order_id:
        return OutcomeUnknown("the answer says no success, and neither why nor that there is no order")
    codes = _known([denial.new_order_failure_reason, denial.error, denial.preview_failure_reason])
    words = clipped(denial.message or denial.error_details)
    if DUPLICATE in codes:
        return OutcomeUnknown(f"{DUPLICATE}: an order with this client_order_id is already there")
    if not codes:
        return OutcomeUnknown(f"the answer says no success for an unknown reason ({words or 'no words'})")
    return Refused(f"{', '.join(codes)}: {words}" if words else ", ".join(codes))


def _known(codes: Iterable[str]) -> list[str]:
    """The codes that say something, each once."""
    return [code for code in dict.fromkeys(codes) if code and not code.startswith("UNKNOWN")]


def previewed(reply: Reply) -> Preview | Failed:
    """What *reply* to a preview means; a request the venue will not even read is an error of the order."""
    answer = read(Estimate, reply)
    if isinstance(answer, Failed):
        refused = answer.why is Why.REFUSED
        return Preview(errors=(answer.sentence,)) if refused else answer
    errors, warnings = (tuple(map(str, rows)) for rows in (answer.errs, answer.warning))
    return Preview(errors, warnings, answer.commission_total)


def cancelled(order_ids: Iterable[str], reply: Reply) -> Mapping[str, str]:
    """ "" or the reason for every id the answer speaks of; where nothing was taken for certain, for all of them."""
    answer = read(CancelledOrders, reply)
    if isinstance(answer, Failed):
        definite = answer.why in NEVER_ACCEPTED | REFUSED
        return dict.fromkeys(order_ids, f"not taken: {answer.sentence}") if definite else {}
    asked = set(order_ids)
    return {
        row.order_id: "" if row.success else row.failure_reason or "no reason given"
        for row in answer.results
        if row.order_id in asked
    }
