"""
All we ask of the outside, on one page.

A fake is a class that answers these; a test that needs a mock library is
testing code that does I/O where it should decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from trader.model.events import Event
from trader.model.market import Snapshot
from trader.model.orders import Fill, OrderIntent


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The exchange says it has the order."""

    order_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The exchange says no, definitely."""

    reason: str


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """Nobody knows yet: reserved in full, never re-sent blindly, resolved by looking."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ended:
    """An order that is over without (or before) filling whole: *status* cancelled or expired."""

    client_order_id: str
    status: str
    time: datetime
    reason: str


class Clock(Protocol):
    """Time, as the process sees it."""

    def now(self) -> datetime:
        """UTC, timezone-aware."""

    def monotonic(self) -> float:
        """Seconds; never steps back."""

    def sleep(self, seconds: float) -> None: ...


class Exchange(Protocol):
    """The venue, real or simulated."""

    def submit(self, intent: OrderIntent) -> Acknowledged | Refused | OutcomeUnknown:
        """Send *intent*.  Never raises for the exchange's answer; never sends twice."""

    def cancel(self, client_order_ids: Sequence[str]) -> None:
        """Ask for the end of working orders; what became of them comes through `news`."""

    def news(self) -> Iterable[Fill | Ended]:
        """Fills and ends since the last call, in the order they happened."""


class Feed(Protocol):
    """Where snapshots come from."""

    def advance(self, to: datetime) -> None:
        """Make everything with bar close ≤ *to* known."""

    def snapshot(self, snapshot_id: str, as_of: datetime) -> Snapshot:
        """All that is known at *as_of*."""


class Journal(Protocol):
    """The durable record."""

    def append(self, events: Sequence[Event], snapshots: Mapping[str, str] = ..., /) -> None:
        """
        Commit *events*, and the canonical texts of *snapshots* by id, as one transaction.
        When this returns they survive a crash.
        """

    def replay(self) -> Iterable[Event]:
        """Every event ever committed, oldest first."""

    def head(self) -> str:
        """The hash of the last record."""


class AlertChannel(Protocol):
    """Somebody who should know."""

    def send(self, severity: str, title: str, body: str) -> None: ...
