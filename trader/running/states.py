"""
Saying it at once where trading was stopped: by a breaker, or by books that differ from the venue's.
"""

from __future__ import annotations

from collections.abc import Iterable

from trader.model.events import Event, StateMoved
from trader.model.trading import TradingState
from trader.running.telling import Voice


class StatesTold:
    """Tells *voice* each time the trading state is another one than *before*."""

    def __init__(self, voice: Voice, before: TradingState) -> None:
        self._voice, self._before = voice, before

    def look(self, now: TradingState, happened: Iterable[Event]) -> None:
        """It is *now*; the reason stands in what *happened*, if that is new."""
        if now is self._before:
            return
        self._before = now
        if now is TradingState.KILLED:
            return  # the watchdog has said so, and did not wait for the end of a cycle
        moves = [event for event in happened if isinstance(event, StateMoved) and event.state is now]
        why = f": {moves[-1].reason}, by {moves[-1].by}" if moves else ""
        tell = self._voice.note if now is TradingState.ACTIVE else self._voice.critical
        tell(f"trading is {now.value}{why}")
