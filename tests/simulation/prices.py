"""
Prices of a seed: one mid per ten seconds and symbol, as whole numbers of the price increment.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from random import Random

TICK_MS = 10_000


@dataclass(frozen=True, slots=True)
class Listing:
    """What the venue trades: increments, first price, half spread in price increments."""

    symbol: str
    price: str
    base_increment: Decimal
    price_increment: Decimal
    base_min_size: Decimal
    half_spread: int


LISTINGS = (
    Listing("BTC-USD", "60000", Decimal("0.00000001"), Decimal("0.01"), Decimal("0.00001"), 600),
    Listing("ETH-USD", "3000", Decimal("0.00000001"), Decimal("0.01"), Decimal("0.0001"), 60),
    Listing("DOGE-USD", "0.12345", Decimal("0.1"), Decimal("0.00001"), Decimal("1"), 3),
)

MOODS = {"calm": 2e-4, "storm": 1.5e-3, "crash": 6e-4, "gap": 3e-4, "still": 0.0}
"""Standard deviation of a ten-second return."""


class PricePath:
    """The mids of one symbol from *start_ms* on; the last one lasts."""

    def __init__(self, listing: Listing, start_ms: int, mids: list[int]) -> None:
        self.listing, self._start, self._mids, self._last = listing, start_ms, mids, len(mids) - 1
        self.moves = 0

    def at(self, ms: int) -> int:
        """The mid at *ms* in price increments."""
        index = (ms - self._start) // TICK_MS
        return self._mids[index if 0 <= index <= self._last else (0 if index < 0 else self._last)]

    def moves_to(self, ms: int, mid: int) -> None:
        """From *ms* on the mid is *mid*."""
        index = (ms - self._start) // TICK_MS
        self._mids[index:] = [mid] * (len(self._mids) - index)
        self.moves += 1

    @property
    def mids(self) -> list[int]:
        """Every mid there is, those to come included."""
        return self._mids

    def usd(self, ticks: int) -> Decimal:
        """*ticks* price increments in USD."""
        return ticks * self.listing.price_increment


def a_path(listing: Listing, mood: str, start_ms: int, count: int, rng: Random) -> PricePath:
    """*count* ticks in *mood*; crash falls for a while, gap jumps a few times, all of them end calm."""
    sigma, gauss = MOODS[mood], rng.gauss
    first = int(Decimal(listing.price) / listing.price_increment)
    lowest = 4 * listing.half_spread
    falls = range(0)
    jumps: dict[int, float] = {}
    if mood == "crash":
        begin = rng.randrange(count // 8, max(count // 8 + 1, count // 2))
        falls = range(begin, begin + 150)
    elif mood == "gap":
        jumps = {rng.randrange(count): rng.choice((-1, 1)) * rng.uniform(0.02, 0.12) for _ in range(5)}
    mids, value = [], math.log(first)
    for index in range(count):
        if sigma:
            value += gauss(0.0, sigma)
        if index in falls:
            value -= 0.0016
        if index in jumps:
            value += jumps[index]
        mids.append(max(lowest, round(math.exp(value))) if sigma else first)
    return PricePath(listing, start_ms, mids)
