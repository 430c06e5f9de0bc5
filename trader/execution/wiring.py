"""
An intent as the venue will get it, and whether what the venue has is that.

A market order never leaves: it would have no worst case.  It goes as a limit
order that ends at once, at a price its approved worst case still pays for.
Sizes go down, a BUY's price down and a SELL's up, so no rounding passes a cap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from trader.model.money import BPS, ONE, ZERO, ceil_to, floor_to
from trader.model.orders import OrderIntent, OrderType
from trader.model.trading import Side
from trader.model.wire import ProductState, VenueOrder, WireKind, WireOrder


@dataclass(frozen=True, slots=True)
class WirePolicy:
    """
    How intents meet a venue.

    *taker_bps* is the fee a BUY's price bound leaves room for.  A SELL that must go ends at most
    *exit_slippage_bps* below its reference, a triggered stop at most *stop_slack_bps* below its stop.
    A maker entry rests *maker_ttl*, is repriced at most *reprices* times and then, if *taker_fallback*, finished
    within its worst case.  *preview* asks the venue first.  A request nobody took cannot arrive after *token_life*,
    and what happened is in every list after *settle* (both in the venue's time).
    """

    taker_bps: Decimal = Decimal(60)
    exit_slippage_bps: Decimal = Decimal(150)
    stop_slack_bps: Decimal = Decimal(500)
    maker_ttl: timedelta = timedelta(minutes=1)
    reprices: int = 1
    taker_fallback: bool = True
    preview: bool = False
    token_life: timedelta = timedelta(seconds=120)
    settle: timedelta = timedelta(seconds=30)


def wire_order(intent: OrderIntent, product: ProductState, policy: WirePolicy, now: datetime) -> WireOrder | str:
    """*intent* on the increments that *product* has *now*, from when on it may rest; or why it cannot be sent."""
    size = floor_to(intent.size, product.base_increment)
    if size < product.base_min_size or size <= ZERO:
        return f"{intent.size} {intent.symbol} is less than the smallest order of {product.base_min_size}"
    if product.base_max_size is not None and size > product.base_max_size:
        return f"{intent.size} {intent.symbol} is more than the largest order of {product.base_max_size}"
    kind, price, stop = _terms(intent, product, policy)
    if price <= ZERO:
        return f"no price on increments of {product.price_increment} keeps within the approved worst case"
    if size * price < product.quote_min_usd:
        return f"{size * price} USD is less than the smallest order of {product.quote_min_usd}"
    return WireOrder(
        client_order_id=intent.client_order_id,
        symbol=intent.symbol,
        side=intent.side,
        kind=kind,
        size=size,
        limit_price=price,
        post_only=kind is WireKind.LIMIT_GTD,
        stop_price=stop,
        end_time=now + policy.maker_ttl if kind is WireKind.LIMIT_GTD else None,
    )


def _terms(intent: OrderIntent, product: ProductState, policy: WirePolicy) -> tuple[WireKind, Decimal, Decimal | None]:
    step = product.price_increment
    if intent.order_type is OrderType.STOP_LIMIT:
        assert intent.stop_price is not None, "a stop has a stop price"
        stop = floor_to(intent.stop_price, step)
        return WireKind.STOP_LIMIT_GTC, max(step, floor_to(stop * (ONE - policy.stop_slack_bps * BPS), step)), stop
    if intent.order_type is OrderType.LIMIT_MAKER:
        assert intent.limit_price is not None, "a maker order has a price"
        return WireKind.LIMIT_GTD, floor_to(intent.limit_price, step), None
    if intent.side is Side.BUY:
        return WireKind.LIMIT_IOC, floor_to(bound(intent, policy), step), None
    lowest = intent.reference_price * (ONE - policy.exit_slippage_bps * BPS)
    return WireKind.LIMIT_IOC, ceil_to(lowest, step), None


def bound(intent: OrderIntent, policy: WirePolicy) -> Decimal:
    """The highest price at which all of a BUY, with the taker's fee, costs no more than was approved."""
    return intent.worst_case_usd / (intent.size * (ONE + policy.taker_bps * BPS))


def differences(sent: WireOrder, there: VenueOrder) -> list[str]:
    """What the venue has otherwise than it was sent, field by field; empty where it is the same order."""
    pairs = (
        ("client_order_id", sent.client_order_id, there.client_order_id),
        ("symbol", sent.symbol, there.symbol),
        ("side", sent.side.value, there.side.value),
        ("kind", sent.kind.value, there.kind),
        ("size", sent.size, there.size),
        ("limit_price", sent.limit_price, there.limit_price),
        ("stop_price", sent.stop_price, there.stop_price),
        ("post_only", sent.post_only, there.post_only),
        ("end_time", _second(sent.end_time), _second(there.end_time)),
    )
    return [f"{name} {ours} was sent, the venue has {theirs}" for name, ours, theirs in pairs if ours != theirs]


def _second(time: datetime | None) -> datetime | None:
    """Recorded orders tell the whole second at which they end, and no more."""
    return time.replace(microsecond=0) if time is not None else None
