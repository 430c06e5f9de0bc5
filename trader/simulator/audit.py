"""
Is all the money there?  Asked of the venue's own books, and answered exactly.

The balances are worked out a second time from the deposits and the fills
alone, the holds from the orders alone; no slack, no rounding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from trader.simulator.ledger import Owner
from trader.simulator.numbers import SIXTEEN, ZERO, exactly
from trader.simulator.orders import BUY, FILLED, Fill, Order
from trader.simulator.venue import Venue


@exactly
def audit(venue: Venue) -> list[str]:
    """Every law that does not hold, as a sentence; empty when all do."""
    return [*_zero_sum(venue), *_as_the_fills_say(venue), *_holds(venue), *_orders(venue)]


def _zero_sum(venue: Venue) -> Iterator[str]:
    for currency in venue.ledger.currencies():
        total = sum((venue.ledger.balances[owner, currency] for owner in Owner), ZERO)
        if total != 0:
            yield f"{currency}: {total} came out of nothing"
        if venue.ledger.total(currency) < 0:
            yield f"{currency}: the customer has {venue.ledger.total(currency)}"


def _as_the_fills_say(venue: Venue) -> Iterator[str]:
    have: dict[str, Decimal] = defaultdict(lambda: ZERO)
    fees: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for currency in venue.ledger.currencies():
        have[currency] -= venue.ledger.balances[Owner.OUTSIDE, currency]
    for fill in venue.fills:
        listing = venue.listings[fill.product_id]
        direction = fill.sign if fill.side == BUY else -fill.sign
        have[listing.base] += direction * fill.base
        have[listing.quote] -= direction * fill.quote + fill.sign * fill.fee
        fees[listing.quote] += fill.sign * fill.fee
    for currency in venue.ledger.currencies():
        if venue.ledger.total(currency) != have[currency]:
            yield f"{currency}: the customer has {venue.ledger.total(currency)}, his fills say {have[currency]}"
        if venue.ledger.balances[Owner.FEES, currency] != fees[currency]:
            yield f"{currency}: fees are {venue.ledger.balances[Owner.FEES, currency]}, the fills say {fees[currency]}"


def _holds(venue: Venue) -> Iterator[str]:
    total: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for order_id, (currency, amount) in venue.ledger.holds.items():
        order = venue.orders[order_id]
        total[currency] += amount
        if order.done:
            yield f"order {order_id}: {order.status}, and still holds {amount} {currency}"
        if amount < 0:
            yield f"order {order_id}: holds {amount} {currency}"
    for currency in venue.ledger.currencies():
        held = venue.ledger.held(currency)
        if held != total[currency]:
            yield f"{currency}: {held} is held, the orders say {total[currency]}"
        if venue.ledger.available(currency) < 0:
            yield f"{currency}: {venue.ledger.available(currency)} available"


def _orders(venue: Venue) -> Iterator[str]:
    rows: dict[str, list[Fill]] = defaultdict(list)
    for fill in venue.fills:
        if fill.trade_type == "FILL":
            rows[fill.order_id].append(fill)
            if fill.base - fill.quote / fill.price > 0 or fill.quote / fill.price - fill.base > SIXTEEN:
                yield f"fill {fill.entry_id}: {fill.base} at {fill.price} is not {fill.quote}"
    for order in venue.orders.values():
        yield from _order(order, rows[order.order_id])
        _, held = venue.ledger.holds.get(order.order_id, ("", ZERO))
        if not order.done and held != promised(order):
            yield f"order {order.order_id}: holds {held}, not {promised(order)}"
    if len(set(venue.by_client_id.values())) != len(venue.orders):
        yield "an order has no client order id of its own"


def promised(order: Order) -> Decimal:
    """What a working order must hold; a bracket that still waits for its size, nothing."""
    if order.terms.quote_size is not None:
        return order.terms.quote_size - order.filled_quote - order.fees
    return order.left_base * order.hold_unit


def _order(order: Order, rows: list[Fill]) -> Iterator[str]:
    base, quote, fees = (sum((getattr(row, name) for row in rows), ZERO) for name in ("base", "quote", "fee"))
    if (base, quote, fees) != (order.filled_base, order.filled_quote, order.fees):
        yield f"order {order.order_id}: filled {order.filled_base}, its fills say {base}"
    if order.terms.base_size is not None and base > order.terms.base_size:
        yield f"order {order.order_id}: {base} filled of {order.terms.base_size}"
    if order.terms.quote_size is not None:
        if quote + fees > order.terms.quote_size:
            yield f"order {order.order_id}: {quote + fees} spent of {order.terms.quote_size}"
        if order.status == FILLED and quote + fees != order.terms.quote_size:
            yield f"order {order.order_id}: FILLED with {quote + fees} of {order.terms.quote_size}"
    worse = [
        row for row in rows if (row.price > order.limit_price if order.side == BUY else row.price < order.limit_price)
    ]
    if worse and not order.edits and order.trigger_status != "STOP_TRIGGERED":
        yield f"order {order.order_id}: filled at {worse[0].price}, beyond {order.limit_price}"
