"""
What a working order may cost before we know what became of it.
"""

from __future__ import annotations

from decimal import Decimal

from trader.model.money import ZERO
from trader.model.orders import OrderIntent
from trader.model.wire import VenueOrder


def at_risk_usd(intent: OrderIntent, worst_usd: Decimal, mark: Decimal | None) -> Decimal:
    """*worst_usd* of a working BUY at a mark that has risen since: unknown to us, it may have filled already (T14)."""
    if mark is None or mark <= intent.reference_price:
        return worst_usd
    return worst_usd * mark / intent.reference_price


def foreign_worst_usd(order: VenueOrder, mark: Decimal) -> Decimal:
    """What a BUY that is not ours may still cost, without its fee, which we do not know."""
    if order.quote_size is not None:
        return max(ZERO, order.quote_size - order.filled_value_usd)
    left = (order.size or ZERO) - order.filled_size
    return max(ZERO, left * max(order.limit_price or ZERO, mark))
