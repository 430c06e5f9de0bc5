"""
The account laid out for a reader: orders, fills, positions with their protection, and room under every cap.
"""

from __future__ import annotations

from decimal import Decimal

from trader.gateway.account_view import AccountView, ExposureLine
from trader.gateway.shown import Cell, Shown, Table, bar, columns, text
from trader.model.decision import Decision
from trader.model.orders import Order, OrderIntent, Position
from trader.reporting.canonical import decimal_text
from trader.reporting.wording import DASH, amount, pct, short_amount, tone, usd


def orders(decision: Decision, account: AccountView) -> Shown:
    """What was ordered at this instant and what became of it, and whatever still works from before."""
    heads = columns(
        "Symbol", "Side", ">Size", "Type", ">At about", ">Costs at most", ">Stop", ">Target", "Status", "Order id"
    )
    working = {order.intent.client_order_id: order for order in account.working}
    said = {change.client_order_id: change for change in account.changes}
    rows = []
    for intent in decision.intents:
        order, change = working.pop(intent.client_order_id, None), said.get(intent.client_order_id)
        reason = f" ({change.reason})" if change is not None and change.reason else ""
        status = order.status.value if order is not None else change.status.value + reason if change else DASH
        rows.append(_order(intent, status))
    rows += [_order(order.intent, _still(order)) for order in working.values()]
    note = "" if rows else "no order was sent and none is working"
    return Shown((Table("Orders", heads, rows, note), fills(account)))


def _order(intent: OrderIntent, status: str) -> tuple[Cell, ...]:
    price = intent.limit_price if intent.limit_price is not None else intent.reference_price
    costs = usd(float(intent.worst_case_usd)) if intent.worst_case_usd else DASH
    numbers = (_amount(price), costs, _amount(intent.stop_price), _amount(intent.take_profit_price))
    front = (text(intent.symbol), text(intent.side.value), text(_amount(intent.size)), text(intent.order_type.value))
    return (*front, *map(text, numbers), text(status), text(intent.client_order_id, "quiet"))


def _still(order: Order) -> str:
    filled = f", {_amount(order.filled_size)} filled" if order.filled_size else ""
    return f"{order.status.value} since {order.intent.as_of:%m-%d %H:%M}{filled}"


def fills(account: AccountView) -> Table:
    """What was executed since the cycle before, and which orders ended without."""
    heads = columns("Time", "Symbol", "Side", ">Size", ">Price", ">Notional", ">Fee", "Strategy", "~Reason")
    rows = [
        (text(f"{one.time:%m-%d %H:%M}"), text(one.symbol), text(one.side.value), text(_amount(one.size)),
         text(_amount(one.price)), text(usd(float(one.notional_usd))), text(usd(float(one.fee_usd))),
         text(one.strategy), text(one.reason))
        for one in account.fills
    ]  # fmt: skip
    ended = [f"{one.client_order_id}: {one.status.value}, {one.reason}" for one in account.changes
             if one.status.terminal and one.time < account.as_of]  # fmt: skip
    note = "; ".join(ended) or ("" if rows else "nothing was executed since the cycle before")
    return Table("Fills since the cycle before", heads, rows, note)


def book(account: AccountView) -> Shown:
    """What is held, and how much of every cap that uses."""
    return Shown((positions(account), exposure(account)))


def positions(account: AccountView) -> Table:
    """What is held, what it is worth, and how far its stop and target are."""
    heads = columns(
        "Symbol",
        "Strategy",
        ">Size",
        ">Entry",
        ">Mark",
        ">Worth",
        ">P&L",
        ">P&L, %",
        ">Stop",
        ">away",
        ">Target",
        ">away",
        "Since",
    )
    bare = {(one.strategy, one.symbol): one for one in account.unprotected}
    rows = [
        _position(position, (account.marks or {}).get(position.symbol), (position.strategy, position.symbol) in bare)
        for position in account.positions
    ]
    said = [f"{one.sentence()}; this process alone watches it" for one in account.unprotected]
    note = "; ".join(said) or ("" if rows else "nothing is held")
    return Table("Positions", heads, rows, note)


def _position(held: Position, mark: Decimal | None, is_bare: bool) -> tuple[Cell, ...]:
    price = held.entry_price if mark is None else mark
    worth = held.size * price
    pnl = worth - held.cost_usd - held.fees_usd
    gain = float(pnl / held.cost_usd * 100) if held.cost_usd else 0.0
    away = (pct(float((level / price - 1) * 100), signed=True) if level is not None else DASH
            for level in (held.nearest_stop, held.take_profit_price))  # fmt: skip
    stop_away, target_away = (text(one, "quiet") for one in away)
    return (
        text(held.symbol),
        text(held.strategy),
        text(_amount(held.size)),
        text(_average(held.entry_price)),
        text(_amount(mark)),
        text(usd(float(worth))),
        text(usd(float(pnl), signed=True), tone(float(pnl))),
        text(pct(gain, signed=True), tone(gain)),
        text(_amount(held.nearest_stop) + (" (does not rest)" if is_bare else ""), "loss" if is_bare else ""),
        stop_away,
        text(_amount(held.take_profit_price)),
        target_away,
        text(f"{held.opened_at:%m-%d %H:%M}"),
    )


def exposure(account: AccountView) -> Table:
    """How much of every cap is used, working orders at their worst case included."""
    heads = columns("Cap", "", ">At risk", ">% of NLV", ">Limit, %", "Used")
    rows = [_cap(line) for line in account.exposure]
    return Table("Exposure against the caps in force", heads, rows)


def _cap(line: ExposureLine) -> tuple[Cell, ...]:
    share = float(line.pct / line.limit_pct) if line.limit_pct else float(line.pct > 0)
    numbers = (usd(float(line.usd)), f"{line.pct:.2f}", f"{line.limit_pct:.2f}")
    return (text(line.cap_type), text(line.name), *map(text, numbers), bar(share))


def _amount(value: Decimal | None) -> str:
    """Every digit: what is ordered and owned is exact."""
    return DASH if value is None else amount(decimal_text(value))


def _average(value: Decimal) -> str:
    """An average has no last digit."""
    return short_amount(f"{value:f}")
