"""
What a death may change: the account after it, held against the account of the same story in which nobody died.

Every entry that a strategy asked for and everything that is held at the end must be what it would have been, unless
a cause is *named* for that very difference; a cause is a fact of the record or of the story, never a difference.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from tests.simulation.clock import START_MS, ms_of
from tests.simulation.scenarios import Scenario
from tests.simulation.weather import LIES
from tests.simulation.world import World
from trader.model.book import Key
from trader.model.events import CycleEnded, Decided, OrderChanged
from trader.model.money import ZERO
from trader.model.orders import OrderIntent, OrderStatus
from trader.model.trading import RiskReason, Side

Wish = tuple[str, str, int]
"""Strategy, symbol, and the minute of the cycle in which it was asked for."""
MINUTE_MS = 60_000
GIVEN_UP = (OrderStatus.NOT_SENT, OrderStatus.REJECTED)
WORTH = Decimal("0.01")
"""By which share a size may differ, because the account was worth a little more or less when it was decided."""
CAUSES = frozenset(
    {
        "given up before it left",
        "the cycle was missed",
        "judged otherwise",
        "the account was worth a little less",
        "what fills is drawn",
        "nobody lived to hear what was not so",
    }
)
NOT_SO = frozenset({*LIES, "another_id"})
"""Fates whose answer is a lie: who hears it halts, who died before that finds the order under its own name."""
OTHERWISE = frozenset(
    {RiskReason.EXCHANGE_DOWN, RiskReason.HALTED, RiskReason.KILLED, RiskReason.PRODUCT_DISABLED, RiskReason.COOLDOWN}
)
"""Why a cycle may have judged otherwise: what it found had happened a little earlier or later by its clock."""
CLAIMED = frozenset({RiskReason.SHORTING_DISALLOWED})
"""Another exit, whose outcome a death left open, has claimed what was to be sold."""


@dataclass(slots=True)
class Account:
    """What one world came to: by wish what was bought, by strategy and symbol what is left, and why not more."""

    bought: dict[Wish, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    sizes: dict[Wish, Decimal] = field(default_factory=dict)
    left: dict[Key, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    differed: frozenset[str] = frozenset()
    lived: set[int] = field(default_factory=set)
    """The minutes whose cycle was decided, or went to its end with nothing to decide."""
    denied: dict[tuple[Wish, Side], set[RiskReason]] = field(default_factory=lambda: defaultdict(set))
    given_up: set[Wish] = field(default_factory=set)
    """Wishes of which an order ended without ever having been at the venue."""

    def total(self, key: Key) -> Decimal:
        return sum((size for wish, size in self.bought.items() if wish[:2] == key), ZERO)


def account(world: World) -> Account:
    """What *world* came to."""
    found, intents = Account(differed=frozenset(world.oracle.differed)), world.oracle.intents
    for event in world.disk.events:
        if isinstance(event, Decided):
            _decided(found, event)
        elif isinstance(event, CycleEnded) and event.notebook_status == "complete":
            found.lived.add(_minute(event.cycle_id))
        elif isinstance(event, OrderChanged) and event.status in GIVEN_UP:
            intent = intents[event.client_order_id]
            if intent.client_order_id not in world.venue.by_client_id and not intent.protects:
                found.given_up.add(_wish(intents, intent))
    for intent in intents.values():
        if intent.side is Side.BUY and not intent.replaces:
            found.sizes[_wish(intents, intent)] = intent.size
    for order in world.venue.orders:
        own = intents.get(order.wire.client_order_id)
        if own is None:
            continue
        key = (own.strategy, own.symbol)
        if own.side is Side.BUY:
            found.bought[_wish(intents, own)] += order.filled
            found.left[key] += order.filled
        else:
            found.left[key] -= order.filled
    return found


def _decided(found: Account, event: Decided) -> None:
    minute = _minute(event.cycle_id)
    found.lived.add(minute)
    for verdict in event.verdicts:
        if verdict.denied:
            wish = (verdict.proposal.strategy, verdict.proposal.symbol, minute)
            found.denied[wish, verdict.proposal.side] |= {one.risk_reason for one in verdict.objections}


def _minute(cycle_id: str) -> int:
    as_of = datetime.strptime(cycle_id.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return (ms_of(as_of) - START_MS) // MINUTE_MS


def _wish(intents: Mapping[str, OrderIntent], intent: OrderIntent) -> Wish:
    """What *intent* goes back to."""
    while intent.replaces:
        intent = intents[intent.replaces]
    return intent.strategy, intent.symbol, (ms_of(intent.as_of) - START_MS) // MINUTE_MS


def differences(story: Scenario, there: World, here: World) -> tuple[list[str], Counter[str]]:
    """What is otherwise in *here*, where somebody died, than *there*, and has no cause; and the causes of the rest."""
    before, after = account(there), account(here)
    unexplained, causes, changed = [], Counter[str](), False
    for wish in sorted({*before.bought, *after.bought}, key=lambda one: one[2]):
        was, now = before.bought.get(wish, ZERO), after.bought.get(wish, ZERO)
        if was == now:
            continue
        cause = _why_bought(story, wish, before, after, changed)
        causes[cause or "none"] += 1
        unexplained += [] if cause else [f"{wish} bought {now} instead of {was}"]
        changed = True
    for key in sorted({*before.left} & {*after.left}):
        was, now = share(before, key), share(after, key)
        if abs(was - now) <= WORTH or not (before.total(key) and after.total(key)):
            continue
        cause = _why_left(story, key, before, after)
        causes[cause or "none"] += 1
        unexplained += [] if cause else [f"{key}: {now:.4f} of it is left instead of {was:.4f}"]
    return unexplained, causes


def share(one: Account, key: Key) -> Decimal:
    """How much is left of what was bought."""
    total = one.total(key)
    return one.left[key] / total if total else ZERO


def _why_bought(story: Scenario, wish: Wish, before: Account, after: Account, changed: bool) -> str:
    """Why *wish* bought more or less; *changed*: an earlier one did."""
    was, now = before.bought.get(wish, ZERO), after.bought.get(wish, ZERO)
    more, less = (before, after) if was > now else (after, before)
    if changed and abs(was - now) <= WORTH * was:
        return "the account was worth a little less"
    if wish in less.given_up - more.given_up:
        return "given up before it left"
    if wish[2] not in less.lived:
        return "the cycle was missed"
    if (less.denied.get((wish, Side.BUY), set()) - more.denied.get((wish, Side.BUY), set())) & OTHERWISE:
        return "judged otherwise"
    if NOT_SO & {*story.fates} and less.differed - more.differed:
        return "nobody lived to hear what was not so"
    if (story.profile.habits.thin or story.profile.habits.race) and before.sizes.get(wish) == after.sizes.get(wish):
        return "what fills is drawn"
    return ""


def _why_left(story: Scenario, key: Key, before: Account, after: Account) -> str:
    """Why more or less of *key* is left of what was bought."""
    wanted = {n for n, wants in story.wants.items() if any((one.strategy, one.symbol) == key for one in wants)}
    if wanted & (before.lived ^ after.lived):
        return "the cycle was missed"
    for minute in wanted:
        asked = ((*key, minute), Side.SELL)
        if (before.denied.get(asked, set()) ^ after.denied.get(asked, set())) & (OTHERWISE | CLAIMED):
            return "judged otherwise"
    return ""
