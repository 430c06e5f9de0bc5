"""
A journal in memory with the contract of the durable one, and a process that may die on either side of a commit.

What was committed is kept as it would be on disk — its canonical text — so a restart reads back what was written, not
the objects that were in the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.simulation.clock import VirtualClock
from trader.model.codec import dumps, loads_event
from trader.model.events import Event
from trader.state.chain import GENESIS, link

NONE: Mapping[str, str] = {}
COMMIT_MS = 2


class DiskFull(Exception):
    """The store did not take a commit: nothing of it is there."""


@dataclass(slots=True)
class Disk:
    """What survives: committed events, oldest first, and the snapshots' texts."""

    events: list[Event] = field(default_factory=list)
    snapshots: dict[str, str] = field(default_factory=dict)
    _read: list[Event] = field(default_factory=list)

    def read(self) -> list[Event]:
        """What a reader finds: every event as its canonical text has it, which is worked out once."""
        self._read += [loads_event(dumps(event)) for event in self.events[len(self._read) :]]
        return list(self._read)

    def head(self) -> str:
        """The hash of the last record."""
        records = link(self.events, seq=0, prev=GENESIS, epoch=1)
        return records[-1].hash if records else GENESIS


class SimulatedJournal:
    """
    `trader.ports.Journal` on *disk*.  A commit takes time, and anything may happen in it.

    *point* is called before and after every commit and may raise; *committed* is told what became durable.
    """

    def __init__(
        self,
        disk: Disk,
        clock: VirtualClock,
        point: Callable[[str], None] = lambda name: None,
        committed: Callable[[Sequence[Event], Mapping[str, str]], None] = lambda events, snapshots: None,
    ) -> None:
        self._disk, self._clock, self._point, self._committed = disk, clock, point, committed

    def append(self, events: Sequence[Event], snapshots: Mapping[str, str] = NONE) -> None:
        self._point("commit")
        self._clock.pass_ms(COMMIT_MS)
        self._disk.events.extend(events)
        self._disk.snapshots.update(snapshots)
        self._committed(events, snapshots)
        self._point("committed")

    def replay(self) -> Iterable[Event]:
        return iter(self._disk.read())

    def head(self) -> str:
        return self._disk.head()
