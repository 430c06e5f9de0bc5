"""
What happened, in the order it happened: the only thing that changes state.

The journal stores events, the ledger folds them.  Whatever is not an event did
not happen; whatever is needed after a restart is in one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from trader.model.decision import StrategyReport, Superseded, Trip
from trader.model.later import LATER
from trader.model.market import Membership, Regime
from trader.model.orders import Fill, OrderIntent, OrderStatus
from trader.model.quick import quick
from trader.model.trading import TradeProposal, TradingState, Verdict
from trader.model.wire import VenueOrder, WireOrder


@dataclass(frozen=True, slots=True)
class AccountOpened:
    """The first event of every journal."""

    time: datetime
    mode: str
    account: str
    starting_cash_usd: Decimal
    engine_version: str
    config_hash: str


@dataclass(frozen=True, slots=True)
class Started:
    """
    A process took the lock and the journal; *epoch* fences the one before.

    *source* says which market it runs on (`sample seed 7`, `lake /its/folder`, `coinbase its.host`); whether an account
    may go on is judged by it, so it is told from another letter by letter.
    """

    time: datetime
    epoch: int
    engine_version: str
    config_hash: str
    source: str = field(default="", metadata=LATER)


@dataclass(frozen=True, slots=True)
class CashMoved:
    """A deposit (positive) or withdrawal (negative); never profit."""

    time: datetime
    amount_usd: Decimal
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CycleBegan:
    """A snapshot was gathered; *snapshot_sha256* is over its canonical form."""

    time: datetime
    cycle_id: str
    snapshot_sha256: str


@dataclass(frozen=True, slots=True)
class UniverseReviewed:
    """Memberships that changed at this review."""

    time: datetime
    changed: tuple[Membership, ...]


@dataclass(frozen=True, slots=True)
class RegimeChanged:
    """The regime moved, and the sizes and caps with it, in this very cycle (U3)."""

    time: datetime
    regime: Regime
    previous: Regime | None
    multiplier: Decimal


@quick
@dataclass(frozen=True, slots=True)
class Decided:
    """Proposals in, verdicts out: the audit's heart.  Written with the intents in one commit."""

    time: datetime
    cycle_id: str
    proposals: tuple[TradeProposal, ...]
    reports: tuple[StrategyReport, ...]
    verdicts: tuple[Verdict, ...]
    superseded: tuple[Superseded, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class IntentStored:
    """An order was decided; nothing has left yet."""

    time: datetime
    intent: OrderIntent


@quick
@dataclass(frozen=True, slots=True)
class OrderChanged:
    """An order moved to *status* (sent, open, cancelled, expired, rejected, not_sent, unknown …)."""

    time: datetime
    client_order_id: str
    status: OrderStatus
    order_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WireStored:
    """The order as it will leave, to the last digit; committed with its `sent`, and sent again only as it stands."""

    time: datetime
    wire: WireOrder


@quick
@dataclass(frozen=True, slots=True)
class OrderFilled:
    """One execution reached us."""

    fill: Fill


@dataclass(frozen=True, slots=True)
class ExternalSeen:
    """An order at the venue that is not ours, as it stands now: it counts in exposure and halts until claimed."""

    time: datetime
    order: VenueOrder


@dataclass(frozen=True, slots=True)
class ExternalClaimed:
    """The operator knows of the order *order_id* that is not ours."""

    time: datetime
    order_id: str
    by: str


@dataclass(frozen=True, slots=True)
class ForeignHeld:
    """What the account owns that our fills did not bring, by currency, in whole: the rest of the venue's balances."""

    time: datetime
    amounts: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class BooksDiffer:
    """The venue and the books disagree, about a balance or an order; the account is halted with it."""

    time: datetime
    what: str
    ours: str
    theirs: str


@quick
@dataclass(frozen=True, slots=True)
class Marked:
    """
    NLV at the close of an instant, from which peaks and day starts are kept.

    *unmarked* are the symbols held without a fresh, accepted price: with any, the mark says nothing of profit or loss.
    """

    time: datetime
    nlv_usd: Decimal
    unmarked: tuple[str, ...] = field(default=(), metadata=LATER)


@quick
@dataclass(frozen=True, slots=True)
class StopTrailed:
    """The trailing stop of what *strategy* holds of *symbol* rose to *trail_price*, in USD."""

    time: datetime
    strategy: str
    symbol: str
    trail_price: Decimal


@dataclass(frozen=True, slots=True)
class StopMissing:
    """
    No stop rests at the venue for what *strategy* holds of *symbol*, and *why*; only a running process protects it.

    Empty: one rests again, or nothing is held any more.
    """

    time: datetime
    strategy: str
    symbol: str
    why: str


@dataclass(frozen=True, slots=True)
class StateMoved:
    """The trading state moved; by a breaker (*trip*) or by the operator (*by*)."""

    time: datetime
    state: TradingState
    reason: str
    by: str
    trip: Trip | None = None


@dataclass(frozen=True, slots=True)
class CycleEnded:
    """The cycle's verdict and where its readable record lies."""

    time: datetime
    cycle_id: str
    notebook_status: str
    notebook_path: str = ""
    notebook_sha256: str = ""
    detail: str = ""
    timings_seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stopped:
    """A clean end; its absence before the next `Started` tells of a crash."""

    time: datetime
    reason: str


Event = (
    AccountOpened
    | Started
    | CashMoved
    | CycleBegan
    | UniverseReviewed
    | RegimeChanged
    | Decided
    | IntentStored
    | OrderChanged
    | WireStored
    | OrderFilled
    | ExternalSeen
    | ExternalClaimed
    | ForeignHeld
    | BooksDiffer
    | Marked
    | StopTrailed
    | StopMissing
    | StateMoved
    | CycleEnded
    | Stopped
)
