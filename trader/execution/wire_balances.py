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
from trader.model.wire import WireOrder
from trader.state.reconcile import CENT, USD, Difference

DEAREST = Decimal(2)
"""Times its reference price: for more than that nothing of ours is sold between two looks."""


@dataclass(slots=True)
class _Working:
    """What works in one asset: base sizes that may have been bought and sold, and the bounds of their prices (USD)."""

    buying: Decimal = ZERO
    highest: Decimal = ZERO
    selling: Decimal = ZERO
    lowest: Decimal | None = None
    dearest: Decimal = ZERO

    def add(self, life: Life, wire: WireOrder) -> None:
        """Another order."""
        if life.intent.side is Side.BUY:
            self.buying += life.left
            self.highest = max(self.highest, wire.limit_price)
        else:
            self.selling += life.left
            self.lowest = wire.limit_price if self.lowest is None else min(self.lowest, wire.limit_price)
            self.dearest = max(self.dearest, wire.limit_price, DEAREST * life.intent.reference_price)

    def usd(self, base: Decimal, fee: Decimal) -> tuple[Decimal, Decimal] | None:
        """The least and the most USD that came with *base* more of it; None where orders cannot have moved it."""
        if not -self.selling <= base <= self.buying:
            return None
        bought, sold = max(base, ZERO), max(-base, ZERO)
        if self.buying and self.selling:  # what was bought may have been sold as well
            bought, sold, cheapest = self.buying, self.selling, ZERO
        else:
            cheapest = self.lowest or ZERO
        return -bought * self.highest * (ONE + fee) + sold * cheapest * (ONE - fee), sold * self.dearest


def unexplained(found: Iterable[Difference], lives: Iterable[Life], taker_bps: Decimal) -> list[Difference]:
    """
    The differences among *found* that working orders among *lives* cannot have made; fees of *taker_bps* at most.

    USD and the asset move together: what is missing of the one must have brought the other.  A stop that rests
    explains nothing: it may do so for days, and what it sells is taken in with the next look.
    """
    working: dict[str, _Working] = {}
    for life in lives:
        resting = life.status is OrderStatus.OPEN and life.intent.protects
        if life.wire is not None and life.at_venue and not resting and life.left > ZERO:
            working.setdefault(asset_of(life.intent.symbol), _Working()).add(life, life.wire)
    excess, fee = {one.currency: one for one in found}, taker_bps * BPS
    usd, left, least, most = excess.pop(USD, None), [], ZERO, ZERO
    for asset in sorted(excess.keys() | working.keys()):
        base = excess[asset].excess if asset in excess else ZERO
        moved = working[asset].usd(base, fee) if asset in working else None
        if moved is None:
            left.append(excess[asset])
        else:
            least, most = least + moved[0], most + moved[1]
    if not least - CENT <= (ZERO if usd is None else usd.excess) <= most + CENT:
        left += [usd] if usd is not None else [excess[asset] for asset in sorted(excess.keys() & working.keys())]
    return left


class Doubts:
    """Since when which currency does not add up; amounts that change do not begin the time anew."""

    def __init__(self) -> None:
        self.says = "the balances at the venue have not been held against the books yet"
        """Why nothing may be entered; empty where they agreed the last time, but for what working orders explain."""
        self._since: dict[str, datetime] = {}

    @property
    def waiting(self) -> bool:
        """Something does not add up that may yet: the sooner it is looked at again, the sooner it is known."""
        return bool(self._since)

    def compared(self, found: Iterable[Difference], now: datetime, patience: timedelta) -> list[Difference]:
        """Take note of what nothing explains; the part of it that has lasted for *patience*."""
        odd = {one.currency: one for one in found}
        self.says = "the balances at the venue do not agree with the books" if odd else ""
        self._since = {currency: self._since.get(currency, now) for currency in odd}
        return [one for currency, one in odd.items() if now - self._since[currency] >= patience]
