"""
What BUYs that were sent are protected by, beyond their end.

An order may be over here, refused or proven absent, and turn up filled all the
same.  What it bought has the stop and the target it was sent with, like any
other; a fill does not say them, so they are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trader.model.events import WireStored
from trader.model.orders import Fill, Order, OrderIntent
from trader.model.trading import Side

AT_MOST = 1_000
"""So many of the last ones are kept; a fill that comes later than that is not from a venue."""


@dataclass(slots=True)
class LateBuys:
    """The *intents* of the last BUYs that a venue may have got, by client order id."""

    intents: dict[str, OrderIntent] = field(default_factory=dict)

    def sent(self, event: WireStored, working: Mapping[str, Order]) -> None:
        """An order is about to leave for a venue."""
        order = working.get(event.wire.client_order_id)
        if order is None or order.intent.side is not Side.BUY:
            return
        self.intents[event.wire.client_order_id] = order.intent
        if len(self.intents) > AT_MOST:
            del self.intents[next(iter(self.intents))]

    def of(self, fill: Fill) -> OrderIntent | None:
        """The intent that *fill* executes although its order is over; None where it is not known."""
        return self.intents.get(fill.client_order_id)
