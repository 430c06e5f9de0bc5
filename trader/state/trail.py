"""
The audit chain of every order: proposal, verdict, intent, order, fills, profit (X2).

A fold over events, like the ledger, whose sums it uses.  A link that should be
there and is not is named as a gap; a chain without gaps is complete.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from trader.model.book import Key
from trader.model.events import Decided, Event, IntentStored, OrderChanged, OrderFilled, StopMissing
from trader.model.money import ZERO
from trader.model.orders import Fill, OrderIntent, OrderStatus
from trader.model.trading import BY_STRATEGY, ExitReason, Side, TradeProposal, Verdict
from trader.state.ledger import Ledger

UNSENT = frozenset({OrderStatus.NOT_SENT, OrderStatus.REJECTED})


@dataclass(slots=True)
class Trail:
    """
    All that is recorded of one order.  *proposal*, *verdict* and *intent* are None where there is none: a protective
    exit at the exchange has fills only, and names the *entries* whose position it closed.

    *realized_usd* is the profit of its sales after all fees, entry fees included; None where nothing was sold.
    """

    client_order_id: str
    cycle_id: str = ""
    proposal: TradeProposal | None = None
    verdict: Verdict | None = None
    intent: OrderIntent | None = None
    changes: list[OrderChanged] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)
    exits: list[str] = field(default_factory=list)
    realized_usd: Decimal | None = None
    unprotected: list[StopMissing] = field(default_factory=list)
    """When no stop rested at the venue for what the order bought, and when that was over."""

    @property
    def order_id(self) -> str:
        """The exchange's name for the order; empty where it never had one."""
        return next((change.order_id for change in reversed(self.changes) if change.order_id), "")

    @property
    def status(self) -> str:
        """What the order has come to, in the order's own words."""
        filled = sum((fill.size for fill in self.fills), ZERO)
        if self.intent is None or filled >= self.intent.size:
            return OrderStatus.FILLED.value
        return self.changes[-1].status.value if self.changes else OrderStatus.STORED.value

    def gaps(self) -> list[str]:
        """The links that are missing, in words; none for a complete chain."""
        if self.intent is None:
            protective = self.fills and self.fills[0].side is Side.SELL and self.fills[0].exit_reason not in BY_STRATEGY
            return [] if protective and self.entries else ["it was filled, but no intent of ours is recorded"]
        missing = []
        if self.intent.protects:
            missing += [] if self.entries else ["it protects a position that no entry of ours has made"]
        elif self.verdict is None:
            missing.append("no verdict approved it")
        elif self.verdict.approved_usd <= ZERO:
            missing.append("its verdict permitted nothing")
        if self.verdict is not None and self.proposal is None and self.intent.exit_reason in BY_STRATEGY:
            missing.append("no strategy proposed it")
        if self.fills and OrderStatus.SENT not in {change.status for change in self.changes}:
            missing.append("it was filled, but never recorded as sent")
        if self.fills and not UNSENT.isdisjoint(change.status for change in self.changes):
            missing.append("it was filled, although it was not sent or was rejected")
        return missing


def trails(events: Iterable[Event]) -> dict[str, Trail]:
    """The trail of every order in *events*, by client order id, in the order they were decided."""
    found: dict[str, Trail] = {}
    ledger = Ledger()
    holders: dict[Key, list[str]] = {}
    decided: Decided | None = None
    words: dict[Key, TradeProposal] = {}
    for event in events:
        if isinstance(event, Decided):
            decided = event
            words.update({(one.strategy, one.symbol): one for one in event.proposals if one.side is Side.SELL})
        elif isinstance(event, IntentStored):
            trail = found[event.intent.client_order_id] = _began(event.intent, decided, found, holders)
            if trail.proposal is None and event.intent.exit_reason is ExitReason.SIGNAL:
                trail.proposal = words.get((event.intent.strategy, event.intent.symbol))  # asked for again
        elif isinstance(event, OrderChanged):
            _of(found, event.client_order_id).changes.append(event)
        elif isinstance(event, OrderFilled):
            _filled(found, holders, ledger, event)
            continue
        elif isinstance(event, StopMissing):
            for entry in holders.get((event.strategy, event.symbol), ()):
                found[entry].unprotected.append(event)
        ledger.apply(event)
    return found


def _of(found: dict[str, Trail], client_order_id: str) -> Trail:
    return found.setdefault(client_order_id, Trail(client_order_id))


def _began(
    intent: OrderIntent, decided: Decided | None, found: dict[str, Trail], holders: dict[Key, list[str]]
) -> Trail:
    trail = Trail(intent.client_order_id, intent=intent)
    if intent.replaces in found:  # approved once: what goes on was judged with what it goes on from
        first = found[intent.replaces]
        trail.cycle_id, trail.proposal, trail.verdict = first.cycle_id, first.proposal, first.verdict
        return trail
    if intent.protects:
        trail.entries = list(holders.get((intent.strategy, intent.symbol), ()))
        return trail
    if decided is None or decided.time != intent.as_of:
        return trail
    trail.cycle_id = decided.cycle_id
    what = (intent.symbol, intent.strategy, intent.side)
    for verdict in decided.verdicts:
        wish = verdict.proposal
        if (wish.symbol, wish.strategy, wish.side) == what and wish.exit_reason == intent.exit_reason:
            trail.verdict = verdict
    for proposal in decided.proposals:
        if (proposal.symbol, proposal.strategy, proposal.side) == what and intent.exit_reason in BY_STRATEGY:
            trail.proposal = proposal
    return trail


def _filled(found: dict[str, Trail], holders: dict[Key, list[str]], ledger: Ledger, event: OrderFilled) -> None:
    """Fold the fill in; a sale's profit is what it brought less its share of what the position had cost."""
    fill = event.fill
    trail, key = _of(found, fill.client_order_id), (fill.strategy, fill.symbol)
    trail.fills.append(fill)
    before = ledger.positions.get(key)
    ledger.apply(event)
    if fill.side is Side.BUY:
        if before is None:
            holders[key] = []
        if trail.client_order_id not in holders[key]:
            holders[key].append(trail.client_order_id)
        return

    assert before is not None, "the ledger lets nothing be sold that is not held"
    after = ledger.positions.get(key)
    spent = before.cost_usd + before.fees_usd - (after.cost_usd + after.fees_usd if after is not None else ZERO)
    trail.realized_usd = (trail.realized_usd or ZERO) + fill.notional_usd - fill.fee_usd - spent
    for entry in holders[key]:
        if entry not in trail.entries:
            trail.entries.append(entry)
        if trail.client_order_id not in found[entry].exits:
            found[entry].exits.append(trail.client_order_id)
