"""
From entry to exit: the sums that become a `RoundTrip` when the position is flat again.

Profit is the difference of exact sums of money that moved, never a product of averages.
"""

from __future__ import annotations

from decimal import Decimal

from trader.model.money import ZERO
from trader.model.orders import Fill, RoundTrip
from trader.model.quick import maker
from trader.model.trading import ExitReason

make_round_trip = maker(RoundTrip)


class OpenTrip:
    """
    The running sums of one open position, from its first fill.

    Of a lone fill, size and price are kept as they are: nothing to divide, and the same number is not kept twice.
    """

    __slots__ = ("bought_size", "cost_usd", "entry_price", "entry_time", "fees_usd", "proceeds_usd", "sold_size")

    def __init__(self, first: Fill) -> None:
        self.entry_time = first.time
        self.bought_size, self.cost_usd, self.fees_usd = first.size, first.notional_usd, first.fee_usd
        self.entry_price: Decimal | None = first.price
        self.proceeds_usd = self.sold_size = ZERO

    def bought(self, fill: Fill) -> None:
        """Add an entry fill."""
        self.bought_size += fill.size
        self.cost_usd += fill.notional_usd
        self.fees_usd += fill.fee_usd
        self.entry_price = None

    def sold(self, fill: Fill) -> None:
        """Add an exit fill."""
        self.sold_size = self.sold_size + fill.size if self.sold_size else fill.size
        self.proceeds_usd += fill.notional_usd
        self.fees_usd += fill.fee_usd

    def closed(self, last: Fill) -> RoundTrip:
        """The whole trip, *last* being the fill that made the position flat."""
        return make_round_trip(
            symbol=last.symbol,
            strategy=last.strategy,
            entry_time=self.entry_time,
            exit_time=last.time,
            size=self.bought_size,
            entry_price=self.cost_usd / self.bought_size if self.entry_price is None else self.entry_price,
            exit_price=last.price if last.size == self.sold_size else self.proceeds_usd / self.sold_size,
            pnl_usd=self.proceeds_usd - self.cost_usd - self.fees_usd,
            fees_usd=self.fees_usd,
            exit_reason=last.exit_reason or ExitReason.SIGNAL,
        )

    def sums(self) -> dict[str, Decimal | str | None]:
        """The sums by name, for comparing two ledgers."""
        named = {name: getattr(self, name) for name in self.__slots__ if name != "entry_time"}
        return named | {"entry_time": self.entry_time.isoformat()}
