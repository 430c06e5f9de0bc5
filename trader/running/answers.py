"""
Between what two times a venue's own must be, by what it said of it: however the answers travelled, and if one lied.

An answer was on its way for a while; that it bounds.  What all of the last few but one contain, contains the truth
while no two of them lie.  One that contradicts them leaves nothing certain until the next says which was right.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

SLEW = 0.0005
"""By so much of what passed an answer says less: no system turns its clock faster or slower."""
KEPT = 5

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Answer:
    """The venue was between *early* and *late* seconds ahead of our *ticks*; *wall* is what another clock showed."""

    early: float
    late: float
    ticks: float
    wall: float

    def at(self, ticks: float, wall: float, speed: float) -> Span:
        """What is left of it: ticks may have gone too fast or slow, and stood still where the other clock did not."""
        passed = ticks - self.ticks
        lost = (SLEW * passed + abs(wall - self.wall - passed)) * speed
        return self.early - lost, self.late + lost


class Answers:
    """The last that a venue gave whose time passes *speed* times as fast; wider than *widest* none is kept."""

    def __init__(self, speed: float, widest: float) -> None:
        self._speed, self._widest = speed, widest
        self._kept: deque[Answer] = deque(maxlen=KEPT)
        self._odd: Answer | None = None

    def between(self, ticks: float, wall: float) -> Span | None:
        """How far ahead of *ticks* the venue is, at least and at most; None where too few agree, or one contradicts."""
        if self._odd is not None:
            return None
        return all_but_one([one.at(ticks, wall, self._speed) for one in self._kept])

    def forget(self) -> None:
        """None of them counts any more."""
        self._kept.clear()
        self._odd = None

    def hear(self, answer: Answer) -> None:
        """Take in what was heard just now."""
        said, odd = (answer.early, answer.late), self._odd
        self._odd = None
        known = self.between(answer.ticks, answer.wall)
        if known is not None and known[1] - known[0] <= self._widest and overlap(known, said):
            if answer.late - answer.early <= self._widest:
                self._kept.append(answer)
        elif odd is not None and overlap(odd.at(answer.ticks, answer.wall, self._speed), said):
            self._kept.clear()
            self._kept.extend((odd, answer))
        else:
            self._odd = answer


def overlap(one: Span, other: Span) -> bool:
    """Whether both may be right."""
    return one[0] <= other[1] and other[0] <= one[1]


def all_but_one(spans: Sequence[Span]) -> Span | None:
    """From the first to the last that at least all but one of *spans* contain; None where fewer than two are there."""
    if len(spans) < 2:
        return None
    edges = [edge for span in spans for edge in span]
    found = [edge for edge in edges if sum(early <= edge <= late for early, late in spans) >= len(spans) - 1]
    return (min(found), max(found)) if found else None
