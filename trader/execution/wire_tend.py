"""
Orders of our own making: what goes on where a maker entry ended, and the stops that rest.

Neither adds risk.  A follow-up is for what an approved intent left unfilled, at
a price its approved worst case still pays for; a stop sells what is held.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from trader.execution.lifecycle import Life
from trader.execution.wire_record import WireRecord
from trader.execution.wire_send import Sender, key_of, sells_no_more_than
from trader.execution.wiring import WirePolicy, bound
from trader.model.book import Key
from trader.model.events import StopMissing
from trader.model.market import Quote
from trader.model.money import ZERO, floor_to
from trader.model.orders import OrderIntent, OrderStatus, OrderType, Position
from trader.model.trading import ExitReason, Side, TradingState

QuoteOf = Callable[[str], Quote | None]
ASK_AGAIN = timedelta(minutes=1)
"""How long after the venue refused a stop it is asked for the same one again."""
NOT_YET = "it is asked for with the next look at the venue"
"""Why a position has no stop there that was bought since the last look."""
LEAVING = "its stop was asked to end for an exit that did not leave, and is asked for again once it has"
"""Why a position has none whose exit was held back after its stop had been asked to end."""
CAN_PROTECT = (TradingState.ACTIVE, TradingState.REDUCING)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A stop at *stop_price* (USD) for *size* that the venue has not got, since when, and why."""

    stop_price: Decimal
    size: Decimal
    time: datetime
    why: str


class Tender:
    """
    Looks after maker entries and protective stops; *rests* says whether the venue takes a stop in a symbol.
    """

    def __init__(
        self, record: WireRecord, policy: WirePolicy, quote: QuoteOf, rests: Callable[[str], bool], bot_id: str
    ) -> None:
        self._record, self._policy, self._quote, self._rests, self._bot_id = record, policy, quote, rests, bot_id
        self._refused: dict[Key, _Refusal] = {}
        self._stale: frozenset[str] = frozenset()
        """Stops that were asked to end for others to take their place, with the last look."""

    @property
    def unprotected(self) -> Mapping[Key, str]:
        """
        Positions for which no stop rests at the venue or is on its way there, each with the reason: nothing but this
        process protects them.  One that is being sold is not among them; one whose stop is for less than all of it is
        while nothing may take that stop's place.
        """
        selling, leaving, covered = set[Key](), set[Key](), dict[Key, Decimal]()
        for client_id, life in self._record.lives.live.items():
            key = key_of(life.intent)
            if not life.intent.protects:
                selling |= {key} if life.intent.side is Side.SELL else set()
            elif client_id in self._record.unwanted - self._stale:
                leaving.add(key)
            else:
                covered[key] = covered.get(key, ZERO) + life.intent.size - life.filled
        found = dict[Key, str]()
        for key, position in sorted(self._record.ledger.positions.items()):
            bare = self._why_short(position, covered[key]) if key in covered else self._why_bare(key, position)
            found[key] = LEAVING if bare == NOT_YET and key in leaving else bare
        return {key: why for key, why in found.items() if why and key not in selling}

    def _why_short(self, position: Position, covered: Decimal) -> str:
        state = self._record.ledger.state
        if state in CAN_PROTECT or covered >= position.size:
            return ""
        return f"trading is {state.value}, and its stop is for {covered} of {position.size}"

    def _why_bare(self, key: Key, position: Position) -> str:
        if position.stop_price is None:
            return "it was given no stop"
        if not self._rests(position.symbol):
            return f"the venue takes no stop in {position.symbol}"
        if self._record.ledger.state not in CAN_PROTECT:
            return f"trading is {self._record.ledger.state.value}"
        refused = self._refused.get(key)
        return NOT_YET if refused is None else refused.why

    def tell(self) -> None:
        """Commit which positions have lost their stop at the venue since it was last told, or have one again."""
        now, told = self.unprotected, self._record.lives.bare
        keys = sorted(now.keys() | told.keys())
        time = self._record.clock.now()
        moved = [StopMissing(time, *key, now.get(key, "")) for key in keys if now.get(key, "") != told.get(key, "")]
        if moved:
            self._record.record(*moved)

    def tell_unread(self) -> None:
        """The venue cannot be read: nobody knows that what was asked to end has something in its place."""
        self._stale = frozenset()
        self.tell()

    def end_overdue(self, sender: Sender) -> None:
        """Ask for the end of maker entries that have rested long enough."""
        placed_by = self._record.clock.now() - self._policy.maker_ttl
        due = [
            client_id
            for client_id, life in self._record.lives.live.items()
            if life.intent.order_type is OrderType.LIMIT_MAKER
            and life.at_venue
            and (life.sent_at or life.intent.as_of) <= placed_by
        ]
        if due:
            sender.cancel(due)

    def follow_up(self, life: Life) -> OrderIntent | None:
        """The intent for what the maker entry *life* left unfilled: at a new bid, or taken; None where it ends here."""
        ended, ledger = life.intent, self._record.ledger
        left = ended.size - life.filled
        if ended.order_type is not OrderType.LIMIT_MAKER or left <= ZERO or ledger.state is not TradingState.ACTIVE:
            return None
        if self._others_filled_since(ended):
            return None
        quote, tries = self._quote(ended.symbol), self._tries(ended)
        if quote is None or (tries > self._policy.reprices and not self._policy.taker_fallback):
            return None
        worst = ended.worst_case_usd * left / ended.size
        child = replace(
            ended,
            client_order_id=_derived(ended.client_order_id, f"{ended.client_order_id}|{tries}"),
            as_of=self._record.clock.now(),
            size=left,
            worst_case_usd=worst,
            replaces=ended.client_order_id,
        )
        if tries <= self._policy.reprices:
            return replace(child, limit_price=min(quote.bid, bound(child, self._policy)))
        return replace(child, order_type=OrderType.MARKET, limit_price=None)

    def _others_filled_since(self, intent: OrderIntent) -> bool:
        """Whether anything but its own wish filled in its symbol since that was decided: the cooldown holds it too."""
        record, chain, lives = self._record, {intent.client_order_id}, self._record.lives.lives
        while intent.replaces:
            intent = lives[intent.replaces].intent
            chain.add(intent.client_order_id)
        symbol, since = intent.symbol, intent.as_of
        last = record.ledger.last_fill_at.get(symbol)
        if last is None or last < since:
            return False
        fills = (fill for fill in record.lives.fills.values() if fill.symbol == symbol and fill.time >= since)
        return any(fill.client_order_id not in chain for fill in fills)

    def _tries(self, intent: OrderIntent) -> int:
        """How many intents went on for this one wish, this one included."""
        count, lives = 1, self._record.lives.lives
        while intent.replaces:
            intent, count = lives[intent.replaces].intent, count + 1
        return count

    def protect(self, sender: Sender) -> None:
        """Let every position have its stop resting at the venue, for its size and at its price."""
        record, stops, selling = self._record, dict[Key, list[Life]](), set[Key]()
        for life in record.lives.live.values():
            if life.intent.protects:
                stops.setdefault(key_of(life.intent), []).append(life)
            elif life.intent.side is Side.SELL:
                selling.add(key_of(life.intent))
        positions = record.ledger.positions
        stale = [
            life.intent.client_order_id
            for key, found in stops.items()
            for life in found
            if not self._still_right(life, positions.get(key), sender)
        ]
        self._stale = frozenset(stale)
        if stale:
            sender.cancel(stale)
        for key in self._refused.keys() - positions.keys():
            del self._refused[key]
        if record.ledger.state not in CAN_PROTECT:
            return
        for key, position in list(positions.items()):
            if key not in stops and key not in selling and position.stop_price is not None and self._rests(key[1]):
                self._place(key, position, sender)

    def _still_right(self, life: Life, position: Position | None, sender: Sender) -> bool:
        """Whether *life* stays: what nothing may take the place of goes only where it would sell more than is held."""
        product = None if position is None else sender.products.get(position.symbol)
        if self._record.ledger.state not in CAN_PROTECT or product is None:
            return sells_no_more_than(life, position)
        if position is None or position.stop_price is None:
            return False
        size = floor_to(position.size, product.base_increment)
        return life.intent.stop_price == position.stop_price and life.left == size

    def _place(self, key: Key, position: Position, sender: Sender) -> None:
        assert position.stop_price is not None, "asked only for a position that has one"
        lives, now = self._record.lives.lives, self._record.clock.now()
        what = (position.stop_price, position.size)
        refused = self._refused.get(key)
        if refused is not None and (refused.stop_price, refused.size) == what and now - refused.time < ASK_AGAIN:
            return  # the price may only have been below the stop just then
        purpose = f"{key}|{position.stop_price}|{position.size}|{len(lives)}"
        intent = OrderIntent(
            client_order_id=_derived(f"{self._bot_id}-{position.symbol}-{int(now.timestamp())}-", purpose),
            as_of=now,
            symbol=position.symbol,
            side=Side.SELL,
            strategy=position.strategy,
            size=position.size,
            order_type=OrderType.STOP_LIMIT,
            limit_price=None,
            reference_price=position.stop_price,
            worst_case_usd=ZERO,
            stop_price=position.stop_price,
            exit_reason=ExitReason.STOP_LOSS,
            reason="rests at the exchange",
        )
        wire = sender.as_sent(intent)
        if isinstance(wire, str):  # it would leave nothing behind but its record, minute by minute
            self._refused[key] = _Refusal(*what, now - ASK_AGAIN, f"it cannot be sent: {wire}")
            return
        life = self._record.store(intent)
        sender.send(intent)
        if life.status in (OrderStatus.REJECTED, OrderStatus.NOT_SENT):
            self._refused[key] = _Refusal(*what, now, f"it was not taken: {life.reason or life.status.value}")
        else:
            self._refused.pop(key, None)


def _derived(client_order_id: str, purpose: str) -> str:
    """Another id of the same kind, which follows from *purpose*."""
    return f"{client_order_id.rpartition('-')[0]}-{hashlib.sha256(purpose.encode()).hexdigest()[:12]}"
