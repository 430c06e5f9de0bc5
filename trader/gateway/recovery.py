"""
Taking up where a journal left off.

Replays every event into the ledger, then settles what a crash left between
two commits: an intent whose `sent` was never committed has not left, and is
ended; one that was sent is taken to be at the exchange.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from trader.errors import TraderError
from trader.model.events import AccountOpened, Decided, Event, Marked, OrderChanged
from trader.model.orders import OrderStatus
from trader.ports import Journal
from trader.state.ledger import Ledger

if TYPE_CHECKING:
    from trader.gateway.core import Account


class WrongAccount(TraderError):
    """The journal belongs to another mode or account."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """Up to where a journal had come: the instants of the last mark and the last decision."""

    marked_at: datetime | None
    decided_at: datetime | None


def recover(journal: Journal, ledger: Ledger, account: Account, now: datetime) -> Recovered:
    """Fold *journal* into *ledger*; a journal without events is opened with the account's cash."""
    marked_at = decided_at = None
    count = 0
    for event in journal.replay():
        if isinstance(event, AccountOpened):
            _same_account(event, account)
        elif isinstance(event, Marked):
            marked_at = event.time
        elif isinstance(event, Decided):
            decided_at = event.time
        ledger.apply(event)
        count += 1
    if not count:
        opened = AccountOpened(
            now, account.mode, account.name, account.cash_usd, account.engine_version, account.config_hash
        )
        journal.append([opened])
        ledger.apply(opened)
    _settle_orders(journal, ledger, now if marked_at is None else marked_at)
    return Recovered(marked_at, decided_at)


def _same_account(event: AccountOpened, account: Account) -> None:
    if (event.mode, event.account) != (account.mode, account.name):
        raise WrongAccount(
            f"the journal belongs to {event.mode} account {event.account!r}, not to {account.mode} account "
            f"{account.name!r}; each mode and account keeps its own"
        )


def _settle_orders(journal: Journal, ledger: Ledger, now: datetime) -> None:
    events: list[Event] = []
    for order_id, order in ledger.working.items():
        if order.status is OrderStatus.STORED:
            events.append(OrderChanged(now, order_id, OrderStatus.NOT_SENT, reason="stopped before it was sent"))
        elif order.status is OrderStatus.SENT:
            events.append(OrderChanged(now, order_id, OrderStatus.OPEN, reason="sent before the restart"))
    if events:
        journal.append(events)
        ledger.apply_all(events)
