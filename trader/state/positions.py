"""
What a fill makes of a position.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from trader.model.orders import Fill, OrderIntent, Position
from trader.model.quick import maker
from trader.model.trading import ExitReason
from trader.state.protection import tighter

make_position = maker(Position)


def opened(fill: Fill, intent: OrderIntent | None) -> Position:
    """The position that the BUY *fill* begins, protected as *intent* has it."""
    stop, target = (intent.stop_price, intent.take_profit_price) if intent is not None else (None, None)
    return make_position(
        fill.symbol, fill.strategy, fill.size, fill.notional_usd, fill.fee_usd, fill.time, stop, target
    )


def added(held: Position, fill: Fill, intent: OrderIntent | None) -> Position:
    """*held* with the BUY *fill*, which loosens no protection."""
    stop, target = (intent.stop_price, intent.take_profit_price) if intent is not None else (None, None)
    return replace(
        held,
        size=held.size + fill.size,
        cost_usd=held.cost_usd + fill.notional_usd,
        fees_usd=held.fees_usd + fill.fee_usd,
        stop_price=tighter(held.stop_price, stop, max),
        take_profit_price=tighter(held.take_profit_price, target, min),
    )


def reduced(held: Position, fill: Fill, left: Decimal) -> Position:
    """What the SELL *fill* leaves of *held*: *left*, with its share of what was paid."""
    share = left / held.size
    return replace(
        held,
        size=left,
        cost_usd=held.cost_usd * share,
        fees_usd=held.fees_usd * share,
        stop_triggered=held.stop_triggered or fill.exit_reason is ExitReason.STOP_LOSS,
    )
