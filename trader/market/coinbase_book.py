"""
One product's order book, as far as the best bid and ask need it.

Levels come as absolute sizes; the best ones are found without sorting what lies
behind them.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from heapq import heapify, heappop, heappush


class Side:
    """The levels of one side; the best price first."""

    __slots__ = ("_heap", "_levels", "_sign")

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._levels: dict[float, tuple[str, str]] = {}
        self._heap: list[float] = []

    def replace(self, levels: Iterable[tuple[str, str]]) -> None:
        """These and no others."""
        self._levels = {
            self._sign * float(price): (price, size) for price, size in levels if float(size) > 0
        }  # fmt: skip
        self._heap = list(self._levels)
        heapify(self._heap)

    def put(self, price: str, size: str) -> None:
        """So much rests at *price* now; nothing, where *size* is 0."""
        key = self._sign * float(price)
        if float(size) == 0:
            self._levels.pop(key, None)
            return
        if key not in self._levels:
            heappush(self._heap, key)
        self._levels[key] = (price, size)

    def best(self) -> tuple[Decimal, Decimal] | None:
        """Price and size of the best level."""
        while self._heap and self._heap[0] not in self._levels:
            heappop(self._heap)
        if not self._heap:
            return None
        price, size = self._levels[self._heap[0]]
        return Decimal(price), Decimal(size)


class TopBook:
    """Both sides, kept by snapshots and changes; says nothing before the first snapshot."""

    __slots__ = ("asks", "bids", "whole")

    def __init__(self) -> None:
        self.bids, self.asks = Side(-1), Side(1)
        self.whole = False

    def change(self, snapshot: bool, levels: Iterable[tuple[bool, str, str]]) -> None:
        """Take in *levels* as (bid?, price, size)."""
        if snapshot:
            rows = list(levels)
            self.bids.replace([(price, size) for is_bid, price, size in rows if is_bid])
            self.asks.replace([(price, size) for is_bid, price, size in rows if not is_bid])
            self.whole = True
        elif self.whole:
            for is_bid, price, size in levels:
                (self.bids if is_bid else self.asks).put(price, size)

    def top(self) -> tuple[Decimal, Decimal] | None:
        """Best bid and ask, where both sides have one."""
        bid, ask = self.bids.best(), self.asks.best()
        return (bid[0], ask[0]) if self.whole and bid is not None and ask is not None else None
