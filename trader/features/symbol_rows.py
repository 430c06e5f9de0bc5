"""
One strategy's feature rows of one symbol: looked up by a bar's start, whole or cut down to the few a walk will ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from trader.features.columns import BoolArray, Features
from trader.model.market import Bars, IntArray

FEW = 0.25
"""A share of all rows: copying fewer saves memory."""
NO_SCREEN: BoolArray = np.zeros(0, np.bool_)


class SymbolRows:
    """One strategy's columns of one symbol, whole or of a few bars, and where in them an instant lies."""

    __slots__ = (
        "_at",
        "_few",
        "_known",
        "_next",
        "bars",
        "columns",
        "first_start",
        "known",
        "regular",
        "screen",
        "step",
    )

    def __init__(self, bars: Bars, features: Features | None, screen: BoolArray | None, needed: int) -> None:
        count, self.bars, self.step = len(bars), bars, bars.granularity_seconds
        self.first_start = int(bars.start[0]) if count else 0
        self.regular = count > 0 and int(bars.start[-1]) - self.first_start == (count - 1) * self.step
        self.columns = () if features is None else tuple(zip(features.names, features.block.T, strict=True))
        self.known = np.zeros(count, np.bool_)
        if features is not None:
            self.known[needed - 1 :] = True
            for _, array in self.columns:
                self.known &= ~np.isnan(array)
        self.screen = self.known if screen is None else self.known & screen
        self._few: memoryview[int] | None = None
        self._next = 0
        self._look_up()

    def _look_up(self) -> None:
        self._known, self._at = self.known.data, tuple((name, array.data) for name, array in self.columns)

    def keep(self, starts: IntArray) -> None:
        """Let go of all rows but those of the bars that open at *starts*, where those are few; of the screen too."""
        at = self.bars.start.searchsorted(starts)
        there = at < len(self.bars)
        there[there] = self.bars.start[at[there]] == starts[there]
        rows = at[there]
        if len(rows) > len(self.known) * FEW:
            return
        self._few = np.ascontiguousarray(starts[there]).data
        self.columns = tuple([(name, array[rows]) for name, array in self.columns])
        self.known, self.screen = self.known[rows], NO_SCREEN
        self._look_up()

    def row(self, start: int) -> Mapping[str, float] | None:
        """The row of the bar that opened at *start*; None where there is no such bar or it is still warming up."""
        few = self._few
        if few is not None:
            at = self._next
            if not (at < len(few) and few[at] == start):  # a walk asks for one after the other
                at = self._few_at(start)
                if at < 0:
                    return None
            self._next = at + 1
        elif self.regular:
            at, odd = divmod(start - self.first_start, self.step)
            if odd or not 0 <= at < len(self.known):
                return None
        else:
            at = int(self.bars.start.searchsorted(start))
            if at >= len(self.known) or self.bars.start.item(at) != start:
                return None
        if not self._known[at]:
            return None
        return MappingProxyType({name: column[at] for name, column in self._at})

    def _few_at(self, start: int) -> int:
        """Where among the few that were kept the bar lies that opened at *start*; −1 where there is no such bar."""
        few = np.asarray(self._few)
        at = int(few.searchsorted(start))
        if at < len(few) and few.item(at) == start:
            return at
        there = int(self.bars.start.searchsorted(start))
        gone = there < len(self.bars) and self.bars.start.item(there) == start
        assert not gone, f"{self.bars.symbol}: the row of {start} was let go"
        return -1
