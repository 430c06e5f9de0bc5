"""
A journal with somebody watching: what went into it since he last looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from trader.model.events import Event
from trader.ports import Journal

NONE: Mapping[str, str] = {}


class Witness:
    """*journal*, and the events that were committed since `forget`."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.seen: list[Event] = []

    def append(self, events: Sequence[Event], snapshots: Mapping[str, str] = NONE) -> None:
        """Commit, then take note."""
        self._journal.append(events, snapshots)
        self.seen.extend(events)

    def replay(self) -> Iterable[Event]:
        """Every event ever committed, oldest first."""
        return self._journal.replay()

    def head(self) -> str:
        """The hash of the last record."""
        return self._journal.head()

    def forget(self) -> None:
        """Begin anew."""
        self.seen = []
