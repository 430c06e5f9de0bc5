"""
An execution becomes money, a hold, a fill row and a changed order, all at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from trader.simulator.catalogue import Listing
from trader.simulator.ledger import Ledger, Owner
from trader.simulator.matching import Execution
from trader.simulator.numbers import ZERO
from trader.simulator.orders import BUY, FILLED, Fill, Order

Movement = tuple[str, Owner, Owner, Decimal]


def settle(
    ledger: Ledger, listing: Listing, order: Order, execution: Execution, liquidity: str, when: datetime,
    new_id: Callable[[str], str],
) -> Fill:  # fmt: skip
    """Move the money of *execution*, free as much of the hold, and write the fill."""
    fill = Fill(
        new_id("entry"), new_id("trade"), order.order_id, order.product_id, order.side, when, execution.price,
        execution.base, execution.quote, execution.fee, liquidity, order.size_in_quote,
    )  # fmt: skip
    shrink_hold(ledger, listing, order, execution)
    post(ledger, listing, fill)
    order.filled_base += execution.base
    order.filled_quote += execution.quote
    order.fees += execution.fee
    order.number_of_fills += 1
    order.last_fill = order.updated = when
    if is_complete(order):
        finish(ledger, order, FILLED, when)
    return fill


def is_complete(order: Order) -> bool:
    """Nothing is left to fill."""
    if order.terms.quote_size is not None:
        return order.filled_quote + order.fees >= order.terms.quote_size
    return order.left_base <= 0


def post(ledger: Ledger, listing: Listing, fill: Fill) -> None:
    """The movements of one fill row."""
    for currency, source, target, amount in movements(listing, fill):
        ledger.move(currency, source, target, amount)


def movements(listing: Listing, fill: Fill) -> tuple[Movement, Movement, Movement]:
    """Currency, from whom, to whom and how much: the price, the coins, the fee.  A reversal goes the other way."""
    customer, street = Owner.CUSTOMER, Owner.STREET
    buys = (fill.side == BUY) == (fill.sign > 0)
    fee_from, fee_to = (customer, Owner.FEES) if fill.sign > 0 else (Owner.FEES, customer)
    fee = (listing.quote, fee_from, fee_to, fill.fee)
    price = (listing.quote, customer, street, fill.quote) if buys else (listing.quote, street, customer, fill.quote)
    coins = (listing.base, street, customer, fill.base) if buys else (listing.base, customer, street, fill.base)
    return (price, coins, fee) if buys else (coins, price, fee)


def shrink_hold(ledger: Ledger, listing: Listing, order: Order, execution: Execution) -> None:
    """Free what the filled part was held for; of a quote-sized order, just what it spent."""
    if order.terms.quote_size is not None:
        _, held = ledger.holds[order.order_id]
        ledger.hold(order.order_id, listing.quote, held - execution.quote - execution.fee)
    else:
        currency = listing.quote if order.side == BUY else listing.base
        ledger.hold(order.order_id, currency, (order.left_base - execution.base) * order.hold_unit)


def finish(ledger: Ledger, order: Order, status: str, when: datetime, message: str = "") -> None:
    """Close *order*: its hold is free again."""
    if order.order_id in ledger.holds:
        ledger.hold(order.order_id, ledger.holds[order.order_id][0], ZERO)
    order.status = status
    order.updated = when
    order.pending_cancel = False
    order.cancel_message = message
