"""
The order book around the last trade.

Twenty levels a side, their sizes drawn from product, trade and level, so that
everybody who looks at one instant sees one book.  What the customer took stays
taken until the market trades again.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trader.model.money import ceil_to, floor_to
from trader.simulator.catalogue import Listing
from trader.simulator.numbers import ZERO
from trader.simulator.tape import Print, Tape

LEVELS = 20
SHARE_OF_PRINT = 4
"""A level has about so many trades' size."""


@dataclass(frozen=True, slots=True)
class Level:
    """What rests at one price."""

    price: Decimal
    size: Decimal


@dataclass(frozen=True, slots=True)
class Depth:
    """Both sides, best first."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    last: Print

    @property
    def bid(self) -> Decimal:
        """Best bid."""
        return self.bids[0].price

    @property
    def ask(self) -> Decimal:
        """Best ask."""
        return self.asks[0].price

    @property
    def mid(self) -> Decimal:
        """Half way."""
        return (self.bid + self.ask) / 2


class Books:
    """The book of each product at an instant, less what was taken out of it."""

    def __init__(self, tape: Tape, seed: int) -> None:
        self.tape = tape
        self._seed = seed
        self._made: dict[str, Depth] = {}
        self._taken: dict[str, dict[tuple[str, Decimal], Decimal]] = defaultdict(dict)

    def at(self, listing: Listing, now: datetime) -> Depth | None:
        """The book of *listing*, or None where it never traded."""
        last = self.tape.last(listing, now)
        if last is None:
            return None
        whole = self._made.get(listing.market_id)
        if whole is None or whole.last.trade_id != last.trade_id:
            whole = self._made[listing.market_id] = _depth(listing, last, self._seed)
            self._taken[listing.market_id].clear()
        taken = self._taken[listing.market_id]
        return Depth(_less("bid", whole.bids, taken), _less("ask", whole.asks, taken), last) if taken else whole

    def take(self, market_id: str, side: str, price: Decimal, size: Decimal) -> None:
        """*size* at *price* is gone from *side* (`bid` or `ask`)."""
        taken = self._taken[market_id]
        taken[side, price] = taken.get((side, price), ZERO) + size


def _less(side: str, levels: tuple[Level, ...], taken: dict[tuple[str, Decimal], Decimal]) -> tuple[Level, ...]:
    """*levels* without what was taken; the last level is deep, so a side is never empty."""
    left = (Level(level.price, level.size - taken.get((side, level.price), ZERO)) for level in levels)
    kept = tuple(level for level in left if level.size > 0)
    return kept or levels[-1:]


def _depth(listing: Listing, last: Print, seed: int) -> Depth:
    tick = listing.price_increment
    half = max(tick / 2, last.price * listing.spread_bps / 20_000)
    ask = ceil_to(last.price + half, tick)
    bid = max(tick, min(floor_to(last.price - half, tick), ask - tick))
    step = max(tick, floor_to(half, tick))
    bids: list[Level] = []
    asks: list[Level] = []
    for number in range(LEVELS):
        for side, levels, price in (("bid", bids, bid - number * step), ("ask", asks, ask + number * step)):
            if price <= 0:
                continue
            draw = zlib.crc32(f"{seed} {listing.market_id} {last.trade_id} {side} {number}".encode()) % 900 + 100
            size = floor_to(last.size * SHARE_OF_PRINT * (1 + number) * draw / 550, listing.base_increment)
            levels.append(Level(price, max(size, listing.base_increment)))
    return Depth(tuple(bids), tuple(asks), last)
