"""
What a strategy asked to sell and has not sold: a strategy that proposes at events says it once.

Folded from the same events as everything else, so that a restart asks again for what the process before could not
send.  An order answers for itself while it works; what is kept here is asked for again in every cycle, until it is
sold or the strategy says something newer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from trader.model.book import Key
from trader.model.events import Decided
from trader.model.money import HUNDRED, ZERO, remembered
from trader.model.orders import Order, OrderIntent, OrderStatus, Position
from trader.model.trading import BY_STRATEGY, ExitReason, RiskReason, Side, TradeProposal, Verdict

PASSES = frozenset(
    {
        RiskReason.STALE_QUOTE,
        RiskReason.STALE_BAR,
        RiskReason.PRODUCT_DISABLED,
        RiskReason.EXCHANGE_DOWN,
        RiskReason.UNKNOWN_STATE,
        RiskReason.HALTED,
        RiskReason.KILLED,
        RiskReason.SHORTING_DISALLOWED,
    }
)
"""Why an exit is refused for now; the last is that of an order which sells it already, and may yet fail."""
OUR_EXITS = frozenset({reason.value for reason in ExitReason if reason is not ExitReason.SIGNAL})


@dataclass(slots=True)
class Unsold:
    """
    *sizes* are in base units by (strategy, symbol), each above zero and never above what is held.

    *outdated* are the SELLs at work whose strategy has bought since and not sold again: what they leave is not kept.
    """

    sizes: dict[Key, Decimal] = field(default_factory=dict)
    outdated: set[str] = field(default_factory=set)

    def decided(self, event: Decided, positions: Mapping[Key, Position], working: Mapping[str, Order]) -> None:
        """
        Keep what was refused for now, or gave way to an exit of ours, which may fail as well.

        What is asked for again, and what of that is refused for good, like a rest too small to sell, is not kept any
        more; of what was not in reach, because an exit of ours claims it, nothing was asked.
        """
        for verdict in event.verdicts:
            wish = verdict.proposal
            if wish.side is not Side.SELL or wish.exit_reason not in BY_STRATEGY:
                continue
            waits = verdict.denied and _passes(verdict)
            if wish.exit_reason is None and waits:
                self._keep(_word(event, wish.strategy, wish.symbol), positions, working)
            elif wish.exit_reason is not None and not waits:
                self._asked((wish.strategy, wish.symbol), wish.size)
        for lost in event.superseded:
            if lost.proposal.side is Side.SELL and lost.why in OUR_EXITS:
                self._keep(lost.proposal, positions, working)

    def stored(self, intent: OrderIntent, working: Mapping[str, Order]) -> None:
        """A newer word of its strategy: a SELL counts from its own end, and who buys wants to hold."""
        key = _key_of(intent)
        if intent.replaces or not (intent.side is Side.BUY or _is_strategys(intent)):
            return
        if intent.exit_reason is not ExitReason.SIGNAL:
            self.sizes.pop(key, None)
        own = {name for name, order in working.items() if _sells(order, key)}
        self.outdated = (self.outdated & working.keys()) | own if intent.side is Side.BUY else self.outdated - own

    def ended(self, order: Order, status: OrderStatus, held: Position | None) -> None:
        """Keep what the strategy's *order* has not sold; one that filled, to its last increment, has left nothing."""
        key = _key_of(order.intent)
        if not _sells(order, key) or held is None or status is OrderStatus.FILLED:
            return
        if order.intent.client_order_id in self.outdated:
            return
        left = min(held.size, self.sizes.get(key, ZERO) + order.remaining_size)
        if left > ZERO:
            self.sizes[key] = left

    def sold(self, key: Key, left: Decimal) -> None:
        """Something of *key* was sold, by a stop say, and *left* is still held: no more than that is kept."""
        kept = self.sizes.get(key)
        if kept is None or kept <= left:
            return
        if left > ZERO:
            self.sizes[key] = left
        else:
            del self.sizes[key]

    def _asked(self, key: Key, size: Decimal) -> None:
        self.sold(key, self.sizes.get(key, ZERO) - size)

    def _keep(
        self, wish: TradeProposal | None, positions: Mapping[Key, Position], working: Mapping[str, Order]
    ) -> None:
        """Keep what *wish* asked to sell of what is held, less what orders of the strategy sell already."""
        held = positions.get((wish.strategy, wish.symbol)) if wish is not None else None
        if wish is None or held is None or not _is_share(wish.notional_pct):
            return
        key = (wish.strategy, wish.symbol)
        own = [order for order in working.values() if _sells(order, key)]
        self.outdated.difference_update(order.intent.client_order_id for order in own)
        at_work = sum((order.remaining_size for order in own), ZERO)
        asked = min(held.size - at_work, held.size * remembered(wish.notional_pct) / HUNDRED)
        if asked > ZERO:
            self.sizes[key] = asked


def _key_of(intent: OrderIntent) -> Key:
    return intent.strategy, intent.symbol


def _is_strategys(intent: OrderIntent) -> bool:
    """A SELL that its strategy proposed, or that repeats one."""
    return intent.side is Side.SELL and not intent.protects and intent.exit_reason in BY_STRATEGY


def _sells(order: Order, key: Key) -> bool:
    return _key_of(order.intent) == key and _is_strategys(order.intent)


def _passes(verdict: Verdict) -> bool:
    """Nothing speaks against it but what may be over the next time."""
    sound = all(defect.risk_reason is RiskReason.UNKNOWN_STATE for defect in verdict.proposal.defects)
    return sound and all(objection.risk_reason in PASSES for objection in verdict.objections)


def _word(event: Decided, strategy: str, symbol: str) -> TradeProposal | None:
    """The SELL of *event* that was judged; of a strategy's repetitions the others have lost against it."""
    what, lost = (strategy, symbol, Side.SELL), [one.proposal for one in event.superseded]
    mine = (one for one in event.proposals if (one.strategy, one.symbol, one.side) == what)
    return next((one for one in mine if one not in lost), None)


def _is_share(pct: object) -> bool:
    """A part of a position in per cent, and not whatever somebody wrote there."""
    return isinstance(pct, float | int) and not isinstance(pct, bool) and 0 < pct <= 100
