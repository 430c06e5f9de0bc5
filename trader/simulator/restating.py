"""
A fill that the venue takes back, or prices anew: rows of their own, and the money where they say.

What is taken comes from what is free; where that is not enough, orders that
hold the rest are cancelled, the newest first.  What the customer has not got at
all is not taken: that restatement is refused whole, before anything is done.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

from trader.simulator.bounds import BadSettings, demand
from trader.simulator.ledger import Owner
from trader.simulator.lifecycle import end
from trader.simulator.numbers import ZERO, exactly, plain
from trader.simulator.orders import CANCELLED, Fill
from trader.simulator.refusal import BadRequest
from trader.simulator.settlement import movements
from trader.simulator.venue import Venue

TAKEN_BACK = "Balance was taken back by the venue"


@exactly
def restate(venue: Venue, entry_id: str, price: Decimal | None = None) -> list[Fill]:
    """Reverse a fill, and with a *price* correct it to that: new rows under the same trade id, money moved."""
    fill = _restatable(venue, entry_id)
    demand("restate", {"price": price})
    rows = [replace(fill, entry_id=venue.ids.new("entry"), time=venue.now, trade_type="REVERSAL")]
    if price is not None:
        rows.append(
            replace(
                rows[0], entry_id=venue.ids.new("entry"), trade_type="CORRECTION", price=price, quote=price * fill.base
            )
        )
    net = _net(venue, rows)
    _affordable(venue, entry_id, net)
    for currency in sorted({currency for currency, _ in net}):
        _set_free(venue, currency, -_gain(net, currency))
    for (currency, owner), amount in sorted(net.items(), key=lambda row: row[1], reverse=True):
        venue.ledger.move(currency, owner, Owner.CUSTOMER, amount)  # what he gets, before what he gives
    venue.fills += rows
    venue.changed(venue.orders[fill.order_id])
    return rows


def _restatable(venue: Venue, entry_id: str) -> Fill:
    fill = next((row for row in venue.fills if row.entry_id == entry_id), None)
    if fill is None:
        raise BadRequest(404, "NOT_FOUND", f"no fill has entry id {entry_id}")
    if fill.trade_type != "FILL":
        raise BadSettings(f"restate: {entry_id} is a {fill.trade_type}; wanted the entry_id of a FILL")
    if any(row.trade_id == fill.trade_id and row.trade_type == "REVERSAL" for row in venue.fills):
        raise BadSettings(f"restate: {entry_id} was reversed before; a fill is restated once")
    return fill


def _net(venue: Venue, rows: list[Fill]) -> dict[tuple[str, Owner], Decimal]:
    """What the customer gets of each other owner by all *rows* together."""
    net: dict[tuple[str, Owner], Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        for currency, source, target, amount in movements(venue.listings[row.product_id], row):
            if target is Owner.CUSTOMER:
                net[currency, source] += amount
            else:
                net[currency, target] -= amount
    return net


def _gain(net: dict[tuple[str, Owner], Decimal], currency: str) -> Decimal:
    return sum((amount for (name, _), amount in net.items() if name == currency), ZERO)


def _affordable(venue: Venue, entry_id: str, net: dict[tuple[str, Owner], Decimal]) -> None:
    for currency in sorted({currency for currency, _ in net}):
        missing = -_gain(net, currency) - venue.ledger.total(currency)
        if missing > 0:
            raise BadSettings(
                f"restate: {entry_id} would take {plain(-_gain(net, currency))} {currency}, and the account has "
                f"{plain(venue.ledger.total(currency))}; deposit {plain(missing)} first, or restate another fill"
            )


def _set_free(venue: Venue, currency: str, amount: Decimal) -> None:
    """Cancel what holds *currency*, the newest first, until *amount* of it can be taken."""
    while venue.ledger.available(currency) < amount:
        holders = {order_id for order_id, (held, _) in venue.ledger.holds.items() if held == currency}
        newest = next(order for order in reversed(venue.orders.values()) if order.order_id in holders)
        end(venue, newest, CANCELLED, TAKEN_BACK)
