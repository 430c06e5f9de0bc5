"""
Orders that are not ours: what they may still cost, and what they have bought, which counts like what we hold.

What the account held before we came, or was given since, is its owner's and not counted: it was never decided on here.
What a stranger's order buys is, claimed or not, for the caps of an asset are about what the account stands to lose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from trader.model.events import ExternalSeen, ForeignHeld
from trader.model.market import asset_of
from trader.model.money import ZERO
from trader.model.trading import Side
from trader.model.wire import VenueOrder
from trader.state.worst_case import foreign_worst_usd


@dataclass(frozen=True, slots=True)
class AtRisk:
    """What strangers' orders in one symbol come to, in USD: at risk in all, and of that still to be paid."""

    total_usd: Decimal
    reserved_usd: Decimal


@dataclass(slots=True)
class Strangers:
    """Their *orders*, by the venue's id, as they were last seen."""

    orders: dict[str, VenueOrder] = field(default_factory=dict)

    def seen(self, event: ExternalSeen) -> None:
        """Take note of an order."""
        self.orders[event.order.order_id] = event.order

    def held(self, event: ForeignHeld) -> None:
        """Forget what is over in an asset of which the owner has less than was bought: it was sold since."""
        gone = {symbol for symbol, size in self._bought().items() if size > event.amounts.get(asset_of(symbol), ZERO)}
        self.orders = {name: one for name, one in self.orders.items() if not (one.status.final and one.symbol in gone)}

    def at_risk(self, marks: Mapping[str, Decimal]) -> dict[str, AtRisk]:
        """
        By symbol, at *marks* (mids, USD); one without a mark is valued at what was paid.  What others sold again counts
        no more.
        """
        working: dict[str, Decimal] = {}
        paid: dict[str, Decimal] = {}
        for order in self.orders.values():
            symbol, buying = order.symbol, order.side is Side.BUY
            paid[symbol] = paid.get(symbol, ZERO) + (order.filled_value_usd if buying else -order.filled_value_usd)
            if buying and not order.status.final:
                working[symbol] = working.get(symbol, ZERO) + foreign_worst_usd(order, marks.get(symbol, ZERO))
        found = {}
        for symbol, size in sorted(self._bought().items()):
            mark, reserved = marks.get(symbol), working.get(symbol, ZERO)
            total = reserved + max(ZERO, paid[symbol] if mark is None else size * mark)
            if total > ZERO:
                found[symbol] = AtRisk(total, reserved)
        return found

    def _bought(self) -> dict[str, Decimal]:
        """Base size by symbol, less what was sold."""
        sizes: dict[str, Decimal] = {}
        for order in self.orders.values():
            size = order.filled_size if order.side is Side.BUY else -order.filled_size
            sizes[order.symbol] = sizes.get(order.symbol, ZERO) + size
        return sizes
