"""
What each strategy said last of what it holds, and whether it came to be (EXITS).

Kept apart from the trader's own memory, and counted the other way round: not what orders have left unsold, but what the
word was to sell and what its fills have sold.  It is owed until that is sold, nothing is held any more, the strategy
has bought again, or what is left was refused as too small.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from tests.simulation.oracle import hold
from tests.simulation.venue import Venue
from trader.model.book import Key
from trader.model.events import Decided, Event, IntentStored, OrderChanged, OrderFilled
from trader.model.money import HUNDRED, ZERO
from trader.model.orders import OrderIntent
from trader.model.trading import ExitReason, RiskReason, Side, TradeProposal, Verdict

SIGNAL = ExitReason.SIGNAL
FOR_GOOD = {RiskReason.SCHEMA, RiskReason.MIN_NOTIONAL}
A_TRIFLE_USD = Decimal(2)


@dataclass(slots=True)
class Words:
    """The last words of one account's strategies; *venue* says what is too small to be sold there."""

    venue: Venue
    seen: Counter[str]
    held: dict[Key, Decimal] = field(default_factory=dict)
    asked: dict[Key, Decimal] = field(default_factory=dict)
    """What the last SELL of a strategy has still to sell, that of orders at work included."""
    flying: dict[str, tuple[Key, Decimal]] = field(default_factory=dict)
    """What strategies' own SELLs may still sell, by client order id."""

    def noted(self, event: Event) -> None:
        """Take note of what became durable."""
        if isinstance(event, Decided):
            self._decided(event)
        elif isinstance(event, IntentStored):
            self._stored(event.intent)
        elif isinstance(event, OrderFilled):
            self._filled(event)
        elif isinstance(event, OrderChanged) and event.status.terminal:
            self.flying.pop(event.client_order_id, None)

    def owed(self) -> set[Key]:
        """What somebody asked to sell, and nobody has sold or is about to."""
        return {key for key in self.asked if self._can_be_sold(key, self._open(key))}

    def _open(self, key: Key) -> Decimal:
        return self.asked[key] - self._in_flight(key)

    def _in_flight(self, key: Key) -> Decimal:
        return sum((size for one, size in self.flying.values() if one == key), ZERO)

    def _gives_up(self, key: Key, size: Decimal) -> None:
        """*size* is not asked for any more; what an order at work may still sell is, should it fail."""
        self.asked[key] -= size
        if self.asked[key] <= ZERO:
            del self.asked[key]

    def _can_be_sold(self, key: Key, size: Decimal) -> bool:
        symbol = key[1]
        smallest = max(self.venue.base_increments[symbol], self.venue.paths[symbol].listing.base_min_size)
        return size >= smallest and size * self.venue.quote(symbol)[0] >= A_TRIFLE_USD

    def _decided(self, event: Decided) -> None:
        for verdict in event.verdicts:
            wish = verdict.proposal
            key = (wish.strategy, wish.symbol)
            if wish.exit_reason is SIGNAL:
                hold(key in self.asked, "I-16", f"{event.cycle_id}: {key} is asked for again, and nobody asks for it")
            if wish.side is not Side.SELL or not verdict.denied:
                continue
            for_good = not FOR_GOOD.isdisjoint(one.risk_reason for one in verdict.objections)
            if wish.exit_reason is SIGNAL and for_good:
                self.seen["a rest too small to sell"] += 1
                self._gives_up(key, verdict.proposal.size)
            elif wish.exit_reason is None and not for_good:
                self._said(event, verdict)
        for lost in event.superseded:
            if lost.proposal.side is Side.SELL:
                hold(
                    lost.why != SIGNAL.value or not _share(lost.proposal), "I-16", f"{lost} gives way to an older word"
                )
                if lost.why in {reason.value for reason in ExitReason}:
                    self._means(lost.proposal)
                    self.seen["a word gave way to an exit of ours"] += 1

    def _said(self, event: Decided, verdict: Verdict) -> None:
        what = (verdict.proposal.strategy, verdict.proposal.symbol, Side.SELL)
        for wish in event.proposals:
            if (wish.strategy, wish.symbol, wish.side) == what:
                self._means(wish)
                self.seen["a word refused for now"] += 1
                return

    def _means(self, wish: TradeProposal) -> None:
        key, share = (wish.strategy, wish.symbol), _share(wish)
        held = self.held.get(key, ZERO)
        if share and held:
            self.asked[key] = min(held, self._in_flight(key) + held * share / HUNDRED)

    def _stored(self, intent: OrderIntent) -> None:
        key = (intent.strategy, intent.symbol)
        if intent.side is Side.BUY:
            if not intent.replaces and self.asked.pop(key, None) is not None:
                self.seen["a second thought"] += 1
            return
        if intent.protects or intent.exit_reason not in (None, SIGNAL):
            return
        if intent.exit_reason is SIGNAL:
            hold(key in self.asked, "I-16", f"{intent.client_order_id} sells what nobody asks to sell")
            owed = self._open(key)
            hold(intent.size <= owed, "I-16", f"{intent.client_order_id} sells {intent.size}, owed are {owed}")
            self.seen["asked for again"] += 1
        else:
            self.asked[key] = self._in_flight(key) + intent.size
        self.flying[intent.client_order_id] = key, intent.size

    def _filled(self, event: OrderFilled) -> None:
        fill = event.fill
        key, bought = (fill.strategy, fill.symbol), fill.side is Side.BUY
        left = self.held[key] = self.held.get(key, ZERO) + (fill.size if bought else -fill.size)
        flying = self.flying.get(fill.client_order_id)
        if flying is not None:
            self.flying[fill.client_order_id] = key, flying[1] - fill.size
        if key in self.asked:
            self.asked[key] = min(left, self.asked[key] - (fill.size if flying is not None else ZERO))
            if not left:
                del self.asked[key]


def _share(wish: TradeProposal) -> Decimal:
    """Of a position, in per cent; zero where that makes no sense."""
    pct = wish.notional_pct
    return Decimal(repr(pct)) if 0 < pct <= 100 else ZERO
