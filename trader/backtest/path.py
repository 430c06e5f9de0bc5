"""
What a symbol's price did, by interval, and how far it can have gone at most over a stretch of them.

The extremes of blocks of intervals are worked out once; a stretch that they
keep away from every level needs no look at its bars.
"""

from __future__ import annotations

import numpy as np

from trader.model.market import FloatArray

BLOCK = 32
"""Intervals in a block: about as long as a position is held between two looks; longer blocks bound less closely."""


class Path:
    """Last known close, low and high of one symbol by interval; *floors* and *ceilings* by block of `BLOCK`."""

    __slots__ = ("ceilings", "floors", "highs", "lows", "mark_at", "marks")

    def __init__(self, marks: FloatArray, lows: FloatArray, highs: FloatArray) -> None:
        self.marks, self.lows, self.highs = marks, lows, highs
        self.mark_at = marks.data
        self.floors = _by_block(np.fmin, marks, lows, otherwise=-np.inf).data
        self.ceilings = _by_block(np.fmax, marks, highs, otherwise=np.inf).data

    def bounds(self, since: int, until: int) -> tuple[float, float, int]:
        """
        No low or mark of the intervals [*since*, *until*) lies below the first, no high or mark above the second.

        The third is how far that holds.  *since* < *until*; where nothing is known yet, the bounds are infinite.
        """
        first, last = since // BLOCK, (until - 1) // BLOCK + 1
        if last - first == 1:
            return self.floors[first], self.ceilings[first], last * BLOCK
        return min(self.floors[first:last]), max(self.ceilings[first:last]), last * BLOCK


def _by_block(extreme: np.ufunc, marks: FloatArray, prices: FloatArray, otherwise: float) -> FloatArray:
    """The *extreme* of both columns over each block, NaN left out; *otherwise* where a block has nothing else."""
    begins = np.arange(0, len(marks), BLOCK)
    if not len(begins):
        return np.empty(0)
    found: FloatArray = extreme(extreme.reduceat(marks, begins), extreme.reduceat(prices, begins))
    found[np.isnan(found)] = otherwise
    return found
