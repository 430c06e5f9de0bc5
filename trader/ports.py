"""
All we ask of the outside, on one page.

A fake is a class that answers these; a test that needs a mock library is
testing code that does I/O where it should decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from trader.errors import TraderError
from trader.model.events import Event
from trader.model.market import Snapshot
from trader.model.orders import Fill, OrderIntent
from trader.model.wire import Balance, Preview, ProductState, Resting, Terms, VenueFill, VenueOrder, WireOrder


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
class NotAccepted:
    """The exchange certainly does not have it and did not judge it (429, refused connection): may be sent again."""

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

    def passed(self, since: datetime) -> timedelta:
        """What has gone by for sure since it was *since* by this clock, which may have been corrected meanwhile."""


class Exchange(Protocol):
    """The venue, real or simulated."""

    def submit(self, intent: OrderIntent) -> Acknowledged | Refused | OutcomeUnknown:
        """Send *intent*.  Never raises for the exchange's answer; never sends twice."""

    def cancel(self, client_order_ids: Sequence[str]) -> None:
        """Ask for the end of working orders; what became of them comes through `news`."""

    def news(self) -> Iterable[Fill | Ended]:
        """Fills and ends since the last call, in the order they happened."""


class WireDown(TraderError):
    """The venue gave no usable answer to a question that changes nothing."""

    exit_code = 5


class Wire(Protocol):
    """
    A venue's session, call by call: one method, one request (a list may take several pages), no decision of its own.

    Questions raise `WireDown` where no usable answer came; `place` and `cancel` never do, for there "no answer" is an
    answer that must be dealt with.  Lists are exhaustive: every page was read, or it is `WireDown`.
    """

    host: str
    """The venue's address; evidence and arming are bound to it."""

    def place(
        self, order: WireOrder, forbids: Callable[[], str] = ...
    ) -> Acknowledged | Refused | NotAccepted | OutcomeUnknown:
        """
        Send *order*, once.  `Acknowledged` is what the venue says, not proof: read it back.  *forbids* is asked
        immediately before the first byte why it must not leave (empty: it may); then it is `NotAccepted`.
        """

    def cancel(self, order_ids: Sequence[str]) -> Mapping[str, str]:
        """
        Ask for the end of *order_ids* (the venue's ids): "" where it took the request, else why not.  An id without
        an entry: nobody knows.  Taking the request ends nothing by itself; a fill may still win.
        """

    def preview(self, order: WireOrder) -> Preview:
        """What *order* would do."""

    def order(self, order_id: str) -> VenueOrder | None:
        """The order, or None where the venue says it has none — which may only be lag."""

    def orders(self, since: datetime, until: datetime) -> Sequence[VenueOrder]:
        """Every order created in [*since*, *until*), whatever its status, and every order that is open now."""

    def fills(self, since: datetime) -> Sequence[VenueFill]:
        """Every row with a trade time ≥ *since*, oldest first."""

    def balances(self) -> Mapping[str, Balance]:
        """Every wallet, by currency."""

    def products(self, symbols: Sequence[str]) -> Mapping[str, ProductState]:
        """What *symbols* permit just now; one the venue does not list is left out."""

    def terms(self) -> Terms:
        """The account's fees and the key's permissions."""

    def time(self) -> datetime:
        """The venue's clock, UTC."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Working orders that were seen; where *trouble* says anything, there may be more."""

    orders: tuple[Resting, ...]
    trouble: str = ""


class Canceller(Protocol):
    """
    A session that sees what works and ends it, and has no word for placing an order: the watchdog's own.

    No call asks again by itself or raises for what the venue answers: whoever sweeps comes again anyway.
    """

    parts: int
    """In how many parts the venue lists what works: parts of an order's life, in that order."""

    def working(self, part: int) -> Seen:
        """What works and is in *part* of its life, ours or not."""

    def cancel(self, order_ids: Sequence[str]) -> Mapping[str, str]:
        """See `Wire.cancel`."""

    def close(self) -> None:
        """Give the connections back."""


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
