"""
The venue's balances against the books, while orders work and while none does.

A working order may have moved money already: as much as it may, and no more, it
explains.  What nothing explains keeps entries back at once, and halts when it
lasts longer than a fill may be on its way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from trader.execution.lifecycle import Life
from trader.model.market import asset_of
from trader.model.money import BPS, ONE, ZERO
from trader.model.orders import OrderStatus
from trader.model.trading import Side
from trader.state.reconcile import CENT, USD, Difference

DEAREST = Decimal(2)
"""Times its reference price: for more than that nothing of ours is sold between two looks."""


@dataclass(frozen=True, slots=True)
class Span:
    """How much less (≤ 0) and how much more (≥ 0) of a currency may be there than the books say."""

    least: Decimal = ZERO
    most: Decimal = ZERO

    def widened(self, by: Decimal) -> Span:
        """With another order that may have moved *by*."""
        return Span(self.least + min(by, ZERO), self.most + max(by, ZERO))

    def explains(self, difference: Difference) -> bool:
        """Whether *difference* may be of working orders alone: USD to the cent, everything else exactly."""
        slack = CENT if difference.currency == USD else ZERO
        return self.least - slack <= difference.excess <= self.most + slack


def spans(lives: Iterable[Life], taker_bps: Decimal) -> dict[str, Span]:
    """
    What the orders among *lives* that are at the venue may have moved, by currency; fees of *taker_bps* at most.

    A stop that rests explains nothing: it may do so for days, and what it sells is taken in with the next look.
    """
    found: dict[str, Span] = {}
    for life in lives:
        resting = life.status is OrderStatus.OPEN and life.intent.protects
        if life.wire is None or not life.at_venue or resting or life.left <= ZERO:
            continue
        asset, buying = asset_of(life.intent.symbol), life.intent.side is Side.BUY
        if buying:
            usd, base = -life.left * life.wire.limit_price * (ONE + taker_bps * BPS), life.left
        else:
            usd, base = life.left * max(life.wire.limit_price, DEAREST * life.intent.reference_price), -life.left
        for currency, by in ((USD, usd), (asset, base)):
            found[currency] = found.get(currency, Span()).widened(by)
    return found


class Doubts:
    """Since when which currency does not add up; amounts that change do not begin the time anew."""

    def __init__(self) -> None:
        self.agreed = False
        """Books and balances agreed when they were last compared, but for what working orders explain."""
        self._since: dict[str, datetime] = {}

    def compared(
        self, found: Iterable[Difference], explained: dict[str, Span], now: datetime, patience: timedelta
    ) -> list[Difference]:
        """Take note of a comparison; the differences nothing explained for *patience*."""
        unexplained = {one.currency: one for one in found if not explained.get(one.currency, Span()).explains(one)}
        self.agreed = not unexplained
        self._since = {currency: self._since.get(currency, now) for currency in unexplained}
        return [one for currency, one in unexplained.items() if now - self._since[currency] >= patience]
