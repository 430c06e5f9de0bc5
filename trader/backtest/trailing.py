"""
Trailing stops in a walk that sleeps: raised where something is decided or filled, by every mark in between.

A stop only rises, so the highest mark since it was last looked at says all:
raised once or at every instant, it comes to the same.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from trader.exits import trailed
from trader.market.replay import ReplayMarket
from trader.model.book import Key
from trader.model.events import Event
from trader.model.money import exact
from trader.policy import ExitPolicy
from trader.state.ledger import Ledger


class Trailing:
    """The trailing stops of *ledger* on *market*; *record* takes those that rise."""

    def __init__(
        self, policy: ExitPolicy, market: ReplayMarket, ledger: Ledger, record: Callable[[Event], None]
    ) -> None:
        self._policy, self._market, self._ledger, self._record = policy, market, ledger, record
        self._since: dict[Key, int] = {}
        """The first instant whose mark a position's stop has not seen."""

    def catch_up(self, k: int) -> None:
        """Raise every stop by the marks up to instant *k*; called at every fill, so that no position was never seen."""
        market, since, positions = self._market, self._since, self._ledger.positions
        self._since = dict.fromkeys(positions, k + 1)
        for key, position in list(positions.items()):
            first = since.get(key, k) if position.trail_price is not None else k
            if first > k:
                continue
            high: Decimal = exact(market.marks(key[1])[first - 1 : k].max().item())
            for event in trailed({key: position}, {key[1]: high}, market.products, self._policy, market.time(k)):
                self._record(event)
