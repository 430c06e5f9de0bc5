"""
Journals without a disk, for backtests: one that remembers, and one for a walk whose record nobody will read.

What the first remembers chains to the same head as the durable one would.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from trader.model.events import Event
from trader.state.chain import GENESIS, link
from trader.state.refusals import NotInJournal

NONE: Mapping[str, str] = {}


class MemoryJournal:
    """The events of one run; encoded only when somebody asks for the head."""

    def __init__(self, epoch: int = 1) -> None:
        self.events: list[Event] = []
        self._snapshots: dict[str, str] = {}
        self._epoch, self._linked, self._head = epoch, 0, GENESIS

    def append(self, events: Sequence[Event], snapshots: Mapping[str, str] = NONE) -> None:
        """Remember *events* and the canonical texts of *snapshots*."""
        self.events.extend(events)
        if snapshots:
            self._snapshots.update(snapshots)

    def replay(self) -> Iterator[Event]:
        """Every event, oldest first."""
        return iter(self.events)

    def head(self) -> str:
        """The hash of the last record."""
        new = link(self.events[self._linked :], seq=self._linked, prev=self._head, epoch=self._epoch)
        if new:
            self._linked, self._head = new[-1].seq, new[-1].hash
        return self._head

    def count(self) -> int:
        """How many events there are."""
        return len(self.events)

    def snapshot_text(self, snapshot_id: str) -> str:
        """The canonical text stored under *snapshot_id*."""
        return self._snapshots[snapshot_id]


class UnreadJournal:
    """Keeps nothing of what it is told, so that a walk takes no more memory than its result; asked, it says so."""

    def append(self, events: Sequence[Event], snapshots: Mapping[str, str] = NONE) -> None:
        """Let *events* pass."""

    def replay(self) -> Iterator[Event]:
        """Never."""
        raise NotInJournal("this walk was told to keep no record; walk it with journal=MemoryJournal() to have one")

    def head(self) -> str:
        """Never."""
        raise NotInJournal("this walk was told to keep no record; walk it with journal=MemoryJournal() to have one")
