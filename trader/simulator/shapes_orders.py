"""
Accounts, orders and fills as they look on the wire: every field that was recorded, numbers as strings.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from trader.simulator.numbers import ZERO, exactly, plain, sixteen, stamp
from trader.simulator.orders import BUY, FILLED, Fill, Order
from trader.simulator.venue import Venue

FIAT = frozenset({"USD", "EUR", "GBP", "SGD"})
AVERAGE_DECIMALS = Decimal("1e-16")


def account_id(venue: Venue, currency: str) -> str:
    """Every wallet has its own."""
    return venue.ids.named(f"account {currency}")


def user_id(venue: Venue) -> str:
    """The one customer's."""
    return venue.ids.named("user")


def portfolio_id(venue: Venue) -> str:
    """His one portfolio's."""
    return venue.ids.named("portfolio")


@exactly
def account_shape(venue: Venue, currency: str, created: datetime) -> dict[str, Any]:
    """One wallet."""
    available, held = venue.balance(currency)
    fiat = currency in FIAT
    return {
        "uuid": account_id(venue, currency),
        "name": "Cash (USD)" if currency == "USD" else f"{currency} Wallet",
        "currency": currency,
        "available_balance": {"value": plain(sixteen(available)), "currency": currency},
        "default": False,
        "active": True,
        "created_at": stamp(created, 3),
        "updated_at": stamp(venue.now),
        "deleted_at": None,
        "type": "ACCOUNT_TYPE_FIAT" if fiat else "ACCOUNT_TYPE_CRYPTO",
        "ready": True,
        "hold": {"value": plain(sixteen(held)), "currency": currency},
        "retail_portfolio_id": portfolio_id(venue),
        "platform": "ACCOUNT_PLATFORM_CONSUMER",
    }


def after_fees(order: Order) -> Decimal:
    """What a purchase cost or a sale brought."""
    return order.filled_quote + order.fees if order.side == BUY else order.filled_quote - order.fees


def average_price(order: Order) -> Decimal:
    """Value over size, 16 decimals."""
    return (order.filled_quote / order.filled_base).quantize(AVERAGE_DECIMALS) if order.filled_base else ZERO


@exactly
def order_shape(venue: Venue, order: Order) -> dict[str, Any]:
    """One order, as list and get show it."""
    _, held = venue.ledger.holds.get(order.order_id, ("", ZERO))
    by_quote = order.size_in_quote
    return {
        "order_id": order.order_id,
        "product_id": order.product_id,
        "user_id": user_id(venue),
        "order_configuration": order.configuration,
        "side": order.side,
        "client_order_id": order.client_order_id,
        "status": order.status,
        "time_in_force": order.terms.time_in_force,
        "created_time": stamp(order.created),
        "completion_percentage": plain(order.completion.quantize(Decimal("0.01"))),
        "filled_size": plain(order.filled_base),
        "average_filled_price": plain(average_price(order)),
        "fee": "",
        "number_of_fills": str(order.number_of_fills),
        "filled_value": plain(order.filled_quote),
        "pending_cancel": order.pending_cancel,
        "size_in_quote": by_quote,
        "total_fees": plain(order.fees),
        "size_inclusive_of_fees": by_quote,
        "total_value_after_fees": plain(after_fees(order)),
        "trigger_status": order.trigger_status,
        "order_type": order.terms.order_type,
        "reject_reason": order.reject_reason,
        "settled": order.status == FILLED,
        "product_type": "SPOT",
        "reject_message": "",
        "cancel_message": order.cancel_message,
        "order_placement_source": "RETAIL_ADVANCED",
        "outstanding_hold_amount": plain(sixteen(held)),
        "is_liquidation": False,
        "last_fill_time": stamp(order.last_fill, 9) if order.last_fill else None,
        "edit_history": order.edits[-5:],
        "leverage": "",
        "margin_type": "UNKNOWN_MARGIN_TYPE",
        "retail_portfolio_id": portfolio_id(venue),
        "originating_order_id": order.originating_id,
        "attached_order_id": order.attached_id,
        "attached_order_configuration": order.attached_configuration,
        "current_pending_replace": None,
        "commission_detail_total": None,
        "workable_size": plain(ZERO if by_quote else order.left_base),
        "workable_size_completion_pct": plain(order.completion.quantize(Decimal("0.01"))),
        "last_update_time": stamp(order.updated or order.created),
    }


@exactly
def fill_shape(venue: Venue, fill: Fill) -> dict[str, Any]:
    """One row of the fills; the size is quote currency where *size_in_quote* says so."""
    return {
        "entry_id": fill.entry_id,
        "trade_id": fill.trade_id,
        "order_id": fill.order_id,
        "trade_time": stamp(fill.time, 3),
        "trade_type": fill.trade_type,
        "price": plain(fill.price),
        "size": plain(fill.quote if fill.size_in_quote else fill.base),
        "commission": plain(fill.fee),
        "product_id": fill.product_id,
        "sequence_timestamp": stamp(fill.time),
        "liquidity_indicator": fill.liquidity,
        "size_in_quote": fill.size_in_quote,
        "user_id": user_id(venue),
        "side": fill.side,
        "retail_portfolio_id": portfolio_id(venue),
        "fillSource": "FILL_SOURCE_CLOB",
        "commission_detail_total": None,
        "order_data_source": "ORDER_DATA_SOURCE_UNKNOWN",
    }


def echoed(configuration: dict[str, Any]) -> dict[str, Any]:
    """What was asked, with the switches the venue adds to it."""
    return {
        key: {**fields, "rfq_enabled": False, "rfq_disabled": False, "reduce_only": False}
        for key, fields in configuration.items()
        if isinstance(fields, dict)
    }
