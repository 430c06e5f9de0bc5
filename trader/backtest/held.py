"""
One position as the quiet between two decisions sees it: what it is worth, and when it must end.

A touch is looked for well ahead of what is asked and remembered, because a
position outlives many decisions about other things.  That is a look at the
bars by the simulation; no decision is told of it.
"""

from __future__ import annotations

from trader.model.market import FloatArray
from trader.model.orders import Position

FIRST_LOOK = 64
"""Bars of the first slice searched for a touch; later slices double."""
NEVER = 1 << 62

Path = tuple[FloatArray, FloatArray, FloatArray]
"""Last known close, low and high by interval."""


class Held:
    """*position* on its symbol's *path*, searched for a touch of *stop* or *target* from interval *since* on."""

    __slots__ = ("_highs", "_look", "_lows", "_position", "_searched", "_touched", "marks", "size", "stop", "target")

    def __init__(self, position: Position, stop: float, target: float, path: Path, since: int) -> None:
        self._position, self.size, self.stop, self.target = position, float(position.size), stop, target
        self.marks, self._lows, self._highs = path
        self._searched, self._touched, self._look = since, NEVER, FIRST_LOOK

    def is_still(self, position: Position, stop: float, target: float) -> bool:
        """Whether nothing has changed: every fill makes its position anew."""
        return self._position is position and self.stop == stop and self.target == target

    def touched(self, since: int, ahead: int) -> int:
        """The first interval of [*since*, *ahead*) whose bar touches stop or target, else *ahead*; *since* grows."""
        if self._touched < since:
            self._touched = NEVER
        if self._touched == NEVER and self._searched < ahead:
            self._search(max(self._searched, since), ahead)
        return min(self._touched, ahead)

    def _search(self, since: int, ahead: int) -> None:
        """Look from *since* on until a touch is found or everything before *ahead* is known."""
        while since < ahead:
            until = since + self._look
            hit = (self._lows[since:until] <= self.stop) | (self._highs[since:until] >= self.target)
            first = int(hit.argmax())
            if hit[first]:
                self._touched, self._searched = since + first, since + first + 1
                return
            since = until
            self._look *= 2
        self._searched = since
