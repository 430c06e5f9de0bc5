"""
What only a person may do to an account: arm it, kill it, let it go on, explain what the venue has.

Each is a record with a name behind it.  What changes a journal needs the
account's lock, so that nobody's word falls between two of a running gateway.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from trader import __version__
from trader.config import Config
from trader.errors import ExchangeUnreachable, TraderError
from trader.execution.lifecycle import Lifecycle
from trader.execution.wire_engine import WireExecution
from trader.execution.wire_setup import WireSetup
from trader.gateway.account import Account
from trader.gateway.recovery import folded, on_venue
from trader.model.events import CashMoved, Event, ExternalClaimed, ForeignHeld, StateMoved
from trader.model.money import ZERO
from trader.model.orders import OrderStatus
from trader.model.trading import TradingState
from trader.ops.arming import Armed, Armoury, utc_now
from trader.ops.kill import KillFlag
from trader.ops.lock import SingleInstance
from trader.ports import Wire
from trader.running.clock import VenueClock
from trader.running.places import Places
from trader.running.venue import bound_of
from trader.state.journal import SqliteJournal
from trader.state.ledger import Ledger
from trader.state.memory import MemoryJournal
from trader.state.reconcile import USD, Difference

ARMED_FOR = timedelta(hours=8)
BALANCES = "balances"


class NotConfirmed(TraderError):
    """The words that were asked for were not typed."""

    exit_code = 1


class NothingToDo(TraderError):
    """There is no such thing to act on."""


def operator() -> str:
    """Who is at the keyboard."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "operator"


def phrase(config: Config) -> str:
    """What must be typed to arm *config*'s account."""
    return f"rehearse {config.app.account} on {config.app.exchange.coinbase.rest_host}"


def arm(config: Config, typed: str) -> Armed:
    """Arm the account where *typed* is the phrase; raises NotConfirmed or NotArmed."""
    if typed.strip() != phrase(config):
        raise NotConfirmed(f"nothing was armed: {typed.strip()[:80]!r} was typed, not {phrase(config)!r}")
    places = Places.of(config)
    return Armoury(places.run_dir, places.tag).arm(bound_of(config), operator(), utc_now(), ARMED_FOR)


def kill(config: Config, reason: str) -> Path:
    """Press the kill switch of the run folder: every account that runs from it stops."""
    flag = KillFlag(Places.of(config).run_dir)
    flag.press(f"{reason} ({operator()})")
    return flag.path


def resume(config: Config, acknowledged: str) -> TradingState:
    """
    Let the account trade again, and give the state it was in; *acknowledged* must be the reason of a kill.

    Raises NothingToDo where it is active already, NotConfirmed where a kill's reason was not typed, or an order that is
    not ours works and nobody has claimed it.
    """
    with _held(config, "resume") as (places, journal):
        events, lives = list(journal.replay()), Lifecycle()
        lives.apply_all(events)
        strangers = [order.order_id for order in lives.unclaimed if not order.status.final]
        moved = [event for event in events if isinstance(event, StateMoved)]
        last = moved[-1] if moved else None
        flag = KillFlag(places.run_dir)
        if (last is None or last.state is TradingState.ACTIVE) and not flag.reason():
            raise NothingToDo(f"{places.tag}: is active; there is nothing to resume")
        reason = flag.reason() or (last.reason if last is not None else "")
        killed = flag.reason() or (last is not None and last.state is TradingState.KILLED)
        if killed and acknowledged.strip() != reason:
            raise NotConfirmed(f"{places.tag}: was killed: {reason}. Type exactly that to acknowledge it")
        if strangers:
            claims = " ".join(f"--claim {one}" for one in strangers)
            raise NotConfirmed(
                f"{places.tag}: {', '.join(strangers)} worked at the venue when it was last read, is not ours, and "
                f"nobody has claimed it. `trader reconcile` looks again, `trader reconcile {claims}` says it is yours"
            )
        flag.lift()
        state = last.state if last is not None else TradingState.ACTIVE
        if state is not TradingState.ACTIVE:
            journal.append([StateMoved(utc_now(), TradingState.ACTIVE, f"resumed after: {reason}", operator())])
        return state


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a look at the venue found: orders that are not ours, and currencies that do not add up."""

    strangers: tuple[str, ...]
    differences: tuple[Difference, ...]
    unknown: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Books and venue say the same."""
        return not (self.strangers or self.differences or self.unknown)


def reconcile(config: Config, wire: Wire, *, dry_run: bool, claims: tuple[str, ...] = ()) -> Reconciled:
    """
    Compare the account's books with *wire*; *claims* names orders that are not ours, or `balances` for money.

    With *dry_run* nothing is recorded.  A claim is a record and does not resume trading.
    """
    with _held(config, "reconcile") as (places, durable):
        journal: SqliteJournal | MemoryJournal = durable
        if dry_run:
            journal = MemoryJournal()
            journal.append(list(durable.replay()))
        execution = _taken_up(journal, wire, places, config)
        if not execution.sync():
            raise ExchangeUnreachable(execution.down)
        for order_id in claims:
            _claim(execution, order_id)
        return seen_by(execution)


def seen_by(execution: WireExecution) -> Reconciled:
    """What *execution*, which has just read the venue, sees there; raises WireDown."""
    lives = execution.lives
    unknown = tuple(one for one, life in sorted(lives.live.items()) if life.status is OrderStatus.UNKNOWN)
    strangers = tuple(f"{one.order_id}: {one.side.value} {one.symbol}" for one in lives.unclaimed)
    return Reconciled(strangers, tuple(execution.differences()), unknown)


def _claim(execution: WireExecution, what: str) -> None:
    now, by = execution.clock.now(), operator()
    if what != BALANCES:
        if what not in execution.lives.external:
            known = ", ".join(sorted(execution.lives.external)) or "none"
            raise NothingToDo(f"--claim {what}: no such order that is not ours; there are: {known}")
        execution.record(ExternalClaimed(now, what, by))
        return
    amounts = dict(execution.lives.foreign or {})
    events: list[Event] = []
    for difference in execution.differences():
        if difference.currency == USD:
            events.append(CashMoved(now, difference.excess, f"claimed by {by}"))
        else:
            amounts[difference.currency] = amounts.get(difference.currency, difference.ours * 0) + difference.excess
    events.append(ForeignHeld(now, amounts))
    execution.record(*events)


def _taken_up(journal: SqliteJournal | MemoryJournal, wire: Wire, places: Places, config: Config) -> WireExecution:
    """The account as a run would take it up, to look at the venue with; the run's symbols are those it reviewed."""
    ledger, lives = Ledger(), Lifecycle()
    account = Account(places.mode, places.account, ZERO, __version__, config.hash)
    found = folded(journal, ledger, account, lives)
    if not found.count:
        raise NothingToDo(f"{places.journal}: this account has never run; there is nothing to reconcile")
    traded = {symbol for _, symbol in ledger.positions} | {life.intent.symbol for life in lives.lives.values()}
    symbols = tuple(sorted(traded | ledger.membership.keys()))
    setup = WireSetup(wire, VenueClock(wire.time()), symbols, tends=False)
    return on_venue(journal, ledger, lives, found, setup)


@contextmanager
def _held(config: Config, command: str) -> Iterator[tuple[Places, SqliteJournal]]:
    """The account's journal, while nobody else has it."""
    places = Places.of(config)
    lock = SingleInstance(places.run_dir, places.tag, mode=places.mode, command=f"trader {command}")
    with lock:
        if not places.journal.exists():
            raise NothingToDo(f"{places.journal}: is not there; this account has never run")
        journal = SqliteJournal(places.journal, mode=places.mode, account=places.account)
        try:
            yield places, journal
        finally:
            journal.close()
