"""
Taking up where a journal left off.

Replays every event into the ledger and tells how far the last process had
come.  What it decided and had not yet sent is still to be sent, what it had
sent is at the exchange, and the cycle it was in is ended as interrupted:
nothing is decided twice and nothing is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from trader.errors import TraderError
from trader.execution.engine import LastLook, nothing_forbids
from trader.execution.lifecycle import Lifecycle
from trader.execution.wire_engine import WireExecution
from trader.execution.wire_setup import WireSetup
from trader.gateway.account import Account
from trader.model.events import AccountOpened, CycleBegan, CycleEnded, Decided, Event, Marked, OrderChanged, Started
from trader.model.money import ZERO
from trader.model.orders import OrderIntent, OrderStatus
from trader.ports import Journal
from trader.state.ledger import Ledger

INTERRUPTED = "interrupted"
UNREAD_AT_MOST = timedelta(days=1)
"""For so long a venue may have been unreadable before a process ended, and what happened there is still noticed."""


class WrongAccount(TraderError):
    """The journal belongs to another mode or account."""


@dataclass(slots=True)
class Recovered:
    """
    Up to where a journal had come: when the account was opened, the instants of the last mark and the last decision;
    *marked_usd* is that mark's NLV, *source* the market it ran on, if that was recorded.

    *begun_at* is that of the last cycle, *attempts* how often it was begun, *open_cycle* its id where it has not ended;
    *is_whole* says whether it ended otherwise than by interruption.
    """

    opened_at: datetime | None = None
    marked_at: datetime | None = None
    marked_usd: Decimal = ZERO
    source: str = ""
    decided_at: datetime | None = None
    begun_at: datetime | None = None
    attempts: int = 0
    open_cycle: str = ""
    is_whole: bool = False
    count: int = 0

    def note(self, event: Event) -> None:
        """Take *event* in."""
        self.count += 1
        if isinstance(event, AccountOpened):
            self.opened_at = event.time
        elif isinstance(event, Started):
            self.source = event.source or self.source
        elif isinstance(event, Marked):
            self.marked_at, self.marked_usd = event.time, event.nlv_usd
        elif isinstance(event, Decided):
            self.decided_at = event.time
        elif isinstance(event, CycleBegan):
            self.attempts = self.attempts + 1 if event.time == self.begun_at else 1
            self.begun_at, self.open_cycle, self.is_whole = event.time, event.cycle_id, False
        elif isinstance(event, CycleEnded):
            self.open_cycle, self.is_whole = "", event.notebook_status != INTERRUPTED

    def is_over_at(self, now: datetime) -> bool:
        """Whether the instant *now* was decided; a cycle that was begun and came to no decision is begun again."""
        return self.decided_at == now or (self.begun_at == now and self.is_whole)


def recover(
    journal: Journal, ledger: Ledger, account: Account, now: datetime, lives: Lifecycle | None = None
) -> Recovered:
    """
    Fold *journal* into *ledger*, and into *lives* where the account is on a venue; a journal without events is opened
    at *now* with the account's cash.
    """
    found = folded(journal, ledger, account, lives)
    if not found.count:
        cash, version = account.cash_usd, account.engine_version
        _record(journal, ledger, AccountOpened(now, account.mode, account.name, cash, version, account.config_hash))
    return found


def folded(journal: Journal, ledger: Ledger, account: Account, lives: Lifecycle | None = None) -> Recovered:
    """See `recover`; nothing is written.  Raises WrongAccount where the journal is another's."""
    found = Recovered()
    for event in journal.replay():
        if isinstance(event, AccountOpened):
            _same_account(event, account)
        found.note(event)
        ledger.apply(event)
        if lives is not None:
            lives.apply_all((event,))
    return found


def on_venue(
    journal: Journal, ledger: Ledger, lives: Lifecycle, found: Recovered, setup: WireSetup,
    last_look: LastLook = nothing_forbids,
) -> WireExecution:  # fmt: skip
    """
    The execution at a venue of an account that was *found*, with *ledger* and *lives* folded from *journal*.

    What had not left stays here, what may have left is unknown until it is found; the venue is asked for all that
    happened since the day before the last mark, or since the account was opened.  Nothing is asked yet.
    """
    execution = WireExecution(journal, ledger, setup, lives, _unread_since(found, setup.clock.now()), last_look)
    execution.take_up()
    return execution


def _unread_since(found: Recovered, now: datetime) -> datetime:
    """A run goes on marking while the venue's orders cannot be read, so the last mark is not the last look there."""
    opened = found.opened_at or now
    return opened if found.marked_at is None else max(opened, found.marked_at - UNREAD_AT_MOST)


def settle_orders(journal: Journal, ledger: Ledger, now: datetime) -> tuple[OrderIntent, ...]:
    """
    Put the orders of a process that died in order, and give those still to be sent.

    One whose `sent` was committed is taken to be at the exchange.  One whose `sent` was not has not left: decided at
    *now* it still may, decided earlier it is ended.
    """
    unsent: list[OrderIntent] = []
    for order_id, order in list(ledger.working.items()):
        if order.status is OrderStatus.SENT:
            _record(journal, ledger, OrderChanged(now, order_id, OrderStatus.OPEN, reason="sent before the restart"))
        elif order.status is OrderStatus.STORED and order.intent.as_of == now:
            unsent.append(order.intent)
        elif order.status is OrderStatus.STORED:
            late = OrderChanged(now, order_id, OrderStatus.NOT_SENT, reason="stopped before it was sent")
            _record(journal, ledger, late)
    return tuple(unsent)


def _record(journal: Journal, ledger: Ledger, event: Event) -> None:
    journal.append([event])
    ledger.apply(event)


def _same_account(event: AccountOpened, account: Account) -> None:
    if (event.mode, event.account) != (account.mode, account.name):
        raise WrongAccount(
            f"the journal belongs to {event.mode} account {event.account!r}, not to {account.mode} account "
            f"{account.name!r}; each mode and account keeps its own"
        )
