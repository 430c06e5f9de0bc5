"""
Saying it where a position has lost its stop at the venue: once when it has, once when it is well again.

What a person must know at once is that a stop which could rest does not.  That
the venue takes none in a symbol was said at the start, so it is only noted; that
one is still to be asked for stands in the cycle's line and alarms nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from trader.execution.wire_tend import NOT_YET
from trader.gateway.account_view import Bare
from trader.running.telling import Voice

Place = tuple[str, str]


class StopsTold:
    """Tells *voice* what is new; *takes_stops* says of a symbol whether the venue would take a stop there."""

    def __init__(self, voice: Voice, takes_stops: Callable[[str], bool]) -> None:
        self._voice, self._takes_stops = voice, takes_stops
        self._known: dict[Place, Bare] = {}

    def look(self, unprotected: Sequence[Bare]) -> None:
        """*unprotected* are all positions whose stop does not rest just now."""
        now = {(one.strategy, one.symbol): one for one in unprotected if one.why != NOT_YET}
        for place, one in now.items():
            if self._known.get(place) != one:
                tell = self._voice.critical if self._takes_stops(one.symbol) else self._voice.note
                tell(f"{one.sentence()}; only this process protects it, at each cycle")
        for strategy, symbol in self._known.keys() - now.keys():
            self._voice.note(f"{symbol} of {strategy}: its stop rests at the venue again, or nothing is held any more")
        self._known = now


def left_alone(unprotected: Sequence[Bare], voice: Voice) -> None:
    """The run is over: whatever has no stop at the venue is protected by nobody until it is started again."""
    for one in unprotected:
        voice.critical(f"{one.sentence()}; this run ends, and nothing protects it until it is started again")
