"""
One position as the quiet between two decisions sees it: what it is worth, and when it must end.

A touch is looked for well ahead of what is asked and remembered, because a
position outlives many decisions about other things.  That is a look at the
bars by the simulation; no decision is told of it.
"""

from __future__ import annotations

import math

import numpy as np

from trader.backtest.path import Path
from trader.model.orders import Position

FIRST_LOOK = 64
"""Bars of the first slice searched for a touch; later slices double."""
SLACK = 1e-9
"""Relative; far above what a level in floats can be off by."""
NEVER = 1 << 62


class Held:
    """*position* on its symbol's *path*, searched for a touch of *stop* or *target* from interval *since* on."""

    # fmt: off
    __slots__ = ("_bounded", "_fell", "_keeps", "_level", "_look", "_path", "_position", "_searched", "_seen",
                 "_touched", "_watch", "highest", "lowest", "mark_at", "marks", "size", "stop", "target", "trails")
    # fmt: on

    def __init__(self, position: Position, stop: float, target: float, path: Path, since: int) -> None:
        self._position, self.size, self.stop, self.target = position, float(position.size), stop, target
        self._path, self.marks, self.mark_at = path, path.marks, path.mark_at
        self.lowest = self.highest = math.nan
        self._bounded = 0
        self._searched, self._touched, self._look = since, NEVER, FIRST_LOOK
        self.trails = False

    def is_still(self, position: Position, stop: float, target: float) -> bool:
        """Whether nothing has changed: every fill makes its position anew."""
        return self._position is position and self.stop == stop and self.target == target

    def touched(self, since: int, ahead: int) -> int:
        """
        The first interval of [*since*, *ahead*) whose bar touches stop or target, else *ahead*; *since* grows.

        From then on *lowest* and *highest* bound every bar and mark of these intervals.
        """
        if ahead > self._bounded:
            self.lowest, self.highest, self._bounded = self._path.bounds(since, ahead)
        if self.lowest > self.stop and self.highest < self.target:
            return ahead
        if self._touched < since:
            self._touched = NEVER
        if self._touched == NEVER and self._searched < ahead:
            self._search(max(self._searched, since), ahead)
        return min(self._touched, ahead)

    def trail(self, keeps: float, k: int) -> None:
        """From instant *k* on a stop follows at the share *keeps* of the highest mark, beginning where it has come."""
        self.trails, self._keeps = True, keeps * (1 + SLACK)
        begun = self._position.trail_price
        self._level = float(begun) * (1 + SLACK) if begun is not None else 0.0
        self._seen, self._fell, self._watch = k - 1, NEVER, FIRST_LOOK

    def falls_out(self, k: int, ahead: int) -> int:
        """
        The first instant of (*k*, *ahead*) whose mark may lie at or below the trailing stop, else *ahead*; *k* grows.
        """
        if self._fell <= k:
            self._fell = NEVER
        while self._fell == NEVER and self._seen < ahead - 1:
            self._follow(k)
        return min(self._fell, ahead)

    def _follow(self, k: int) -> None:
        """Let the stop rise over the next slice of marks, up to the first instant after *k* that falls out."""
        since = self._seen + 1
        marks = self.marks[since - 1 : since - 1 + self._watch]
        levels = np.maximum(np.maximum.accumulate(marks) * self._keeps, self._level)
        fallen = marks <= levels
        fallen[: max(0, k + 1 - since)] = False
        first = int(fallen.argmax())
        if fallen[first]:
            self._fell = since + first
        else:
            first = len(marks) - 1
            self._watch *= 2
        self._seen, self._level = since + first, levels.item(first)

    def _search(self, since: int, ahead: int) -> None:
        """Look from *since* on until a touch is found or everything before *ahead* is known."""
        path = self._path
        while since < ahead:
            until = since + self._look
            hit = (path.lows[since:until] <= self.stop) | (path.highs[since:until] >= self.target)
            first = int(hit.argmax())
            if hit[first]:
                self._touched, self._searched = since + first, since + first + 1
                return
            since = until
            self._look *= 2
        self._searched = since
