"""
Whether the trader did right, judged from what the venue knows: exact, without slack, and never by asking the trader.

The oracle sees three streams: what the venue holds and executes, what became durable, and the first byte of every
create.  Where one of them breaks a promise it raises `Violation`, which names the invariant (RELIABILITY §4).

Caps are judged at the first byte of a create, at the marks its decision used, over everything that is held, working
or may still arrive; a price that moves later breaks no cap, and neither may what goes on where another order ended:
that is held against what was approved for both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from tests.simulation.clock import VirtualClock, at
from tests.simulation.feed import MINUTE_MS, QUOTE_AGE_MS, Feed
from tests.simulation.venue import TrueOrder, Venue
from tests.simulation.wire import SimulatedWire
from trader.model.book import Book, Key
from trader.model.events import (
    AccountOpened,
    BooksDiffer,
    CashMoved,
    Event,
    ExternalSeen,
    ForeignHeld,
    IntentStored,
    OrderChanged,
    OrderFilled,
    StateMoved,
    WireStored,
)
from trader.model.market import Snapshot, asset_of
from trader.model.money import BPS, HUNDRED, ONE, ZERO
from trader.model.orders import OrderIntent, OrderStatus, Position
from trader.model.trading import Side, TradingState
from trader.model.wire import WireKind, WireOrder
from trader.ports import Acknowledged, NotAccepted

BUY, SELL = Side.BUY, Side.SELL
STORED, SENT, UNKNOWN, OPEN = OrderStatus.STORED, OrderStatus.SENT, OrderStatus.UNKNOWN, OrderStatus.OPEN
FILLED, CANCELLED, EXPIRED = OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED
REJECTED, NOT_SENT = OrderStatus.REJECTED, OrderStatus.NOT_SENT
EDGES: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    STORED: frozenset({SENT, NOT_SENT}),
    SENT: frozenset({STORED, OPEN, UNKNOWN, REJECTED, NOT_SENT}),
    UNKNOWN: frozenset({OPEN, REJECTED}),
    OPEN: frozenset({UNKNOWN, FILLED, CANCELLED, EXPIRED, REJECTED}),
}
PROOF_OF_ABSENCE_MS = 150_000
"""A token's life and thirty seconds."""
BAR_AGE_MS = 90_000
CLOCK_OFF = timedelta(milliseconds=150)
ASSUMED_BPS, FEES_UNSEEN_MS = Decimal(60), 300_000
"""The taker's fee every size was worked out with, and how long another one may go unnoticed."""
KILL_MS = 10_000
CENT = Decimal("0.01")


class Violation(AssertionError):
    """A promise was broken: *invariant* says which."""

    def __init__(self, invariant: str, what: str) -> None:
        super().__init__(f"{invariant}: {what}")
        self.invariant = invariant


@dataclass(frozen=True, slots=True)
class Caps:
    """What may be at risk, in per cent of NLV."""

    position_pct: Decimal
    theme_pct: Decimal
    total_pct: Decimal


@dataclass(slots=True)
class Judged:
    """The marks and the value that a decision used."""

    marks: Mapping[str, Decimal]
    nlv: Decimal


@dataclass(slots=True)
class Oracle:
    """One account's judge.  *killed*: has kill been pressed; *feed*: what the trader can have heard."""

    venue: Venue
    wire: SimulatedWire
    clock: VirtualClock
    caps: Caps
    themes: Mapping[str, str]
    killed: Callable[[], bool]
    feed: Feed
    seen: Counter[str] = field(default_factory=Counter)
    told_time: Callable[[], datetime] | None = None
    """What the trader takes the time for; None where that is the truth."""
    intents: dict[str, OrderIntent] = field(default_factory=dict)
    status: dict[str, OrderStatus] = field(default_factory=dict)
    sent_ms: dict[str, int] = field(default_factory=dict)
    wires: dict[str, WireOrder] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    ingested: dict[str, OrderFilled] = field(default_factory=dict)
    taken: dict[str, Decimal] = field(default_factory=dict)
    """Base by asset, as the fills that were taken in give it."""
    strangers: set[str] = field(default_factory=set)
    looked: Judged | None = None
    judged: dict[str, Judged] = field(default_factory=dict)
    told: dict[str, object] = field(default_factory=dict)
    unexplained: int = 0
    """How often something happened that is not ours and that nobody has explained to the trader yet."""
    owed: set[str] = field(default_factory=set)
    """What the venue has told that can never be right, and nobody has said so yet."""
    differed: set[str] = field(default_factory=set)
    excused: bool = False
    """The venue has lied: a halt is right, and none is needed where the process never heard the lie."""
    dear_since: int | None = None
    state: TradingState = TradingState.ACTIVE
    cash: Decimal = ZERO
    foreign: Mapping[str, Decimal] = field(default_factory=dict)
    moved: list[tuple[Decimal, int]] = field(default_factory=list)
    """USD that came or went unexplained, and how often the balances had been told by then."""
    compared: bool = False
    """The trader has held its books against the balances once; what was there before and is not ours is nobody's."""
    sold_unread: bool = False
    """When the balances were last told, a resting stop had sold what no fill had told yet."""

    # What became durable

    def committed(self, events: Sequence[Event]) -> None:
        """Judge a commit."""
        for event in events:
            if isinstance(event, OrderChanged):
                self._changed(event)
            elif isinstance(event, OrderFilled):
                self._filled(event)
            elif isinstance(event, IntentStored):
                self._stored(event.intent)
            elif isinstance(event, WireStored):
                self.wires[event.wire.client_order_id] = event.wire
            elif isinstance(event, StateMoved):
                self.state = event.state
            elif isinstance(event, ExternalSeen):
                self.strangers.add(event.order.order_id)
                hold(event.order.client_order_id not in self.intents, "I-4", f"{event.order} is our own")
            elif isinstance(event, BooksDiffer):
                hold(
                    self.unexplained > 0 or self.excused,
                    "I-14",
                    f"false alarm: {event.what}: {event.ours} against {event.theirs}",
                )
                self.seen["books differ"] += 1
                self.differed.add(event.what)
                self.owed.discard(event.what)
            elif isinstance(event, CashMoved):
                self.cash += event.amount_usd
            elif isinstance(event, AccountOpened):
                self.cash = event.starting_cash_usd
            elif isinstance(event, ForeignHeld):
                self.foreign, self.compared = event.amounts, True
        self._stands_still(events)

    def _stands_still(self, events: Sequence[Event]) -> None:
        """Whoever records that the books differ halts in the same commit."""
        differ = any(isinstance(event, BooksDiffer) for event in events)
        stopped = self.state in (TradingState.HALTED, TradingState.KILLED)
        hold(stopped or not differ, "I-14", "the books differ, and trading goes on")

    def owing(self, what: str, client_id: str) -> None:
        """
        The venue tells what can never be right: it is to be recorded, and trading to stop, before anything leaves.

        An order of *client_id* that is over, or not known to be there, is not looked at; a row says otherwise than a
        fill only where that was taken in.
        """
        live = self.status.get(client_id) in (SENT, UNKNOWN, OPEN)
        entry_id = what.removeprefix("fill ")
        known = entry_id in self.ingested or self.venue.execution(entry_id) is None
        if (live if client_id else known) and what not in self.differed:
            self.owed.add(what)
            self.seen["told what can never be right"] += 1

    def _stored(self, intent: OrderIntent) -> None:
        client_id = intent.client_order_id
        hold(client_id not in self.intents, "I-3", f"{client_id} is stored twice")
        self.intents[client_id], self.status[client_id] = intent, STORED
        if self.looked is not None:
            self.judged[client_id] = self.looked
        if intent.replaces:
            ended = intent.replaces
            hold(ended in self.intents and self.status[ended].terminal, "I-3", f"{client_id} replaces a live {ended}")
            self.seen["follow-up"] += 1

    def _changed(self, event: OrderChanged) -> None:
        client_id, before = event.client_order_id, self.status.get(event.client_order_id)
        hold(before is not None, "I-7", f"{client_id} is nobody's")
        assert before is not None
        hold(event.status in EDGES.get(before, ()), "I-7", f"{client_id}: {before} → {event.status}")
        self.seen[f"edge {before.value}→{event.status.value}"] += 1
        self.seen["held back by the clock"] += event.status is NOT_SENT and "entries wait" in event.reason
        there = self._at_venue(client_id)
        if event.status in (NOT_SENT, REJECTED, STORED):
            lied = client_id in self.wire.lies
            hold(there is None or lied, "I-6", f"{client_id} was given up ({event.reason}) and the venue has it")
            hold(not self._in_flight(client_id), "I-6", f"{client_id} was given up ({event.reason}) and may arrive")
            self._nothing_but_orders_differs(event)
            if before is UNKNOWN:
                waited = self.clock.ms - self.sent_ms[client_id]
                hold(waited >= PROOF_OF_ABSENCE_MS, "I-6", f"{client_id} was given up after {waited} ms")
                self.seen["unknown→absent"] += 1
        elif event.status in (FILLED, CANCELLED, EXPIRED):
            self._over(client_id, event.status, there)
        elif event.status is OPEN:
            hold(
                there is not None or client_id in self.wire.lies,
                "I-4",
                f"{client_id} is said to be open and the venue has it not",
            )
            if before is UNKNOWN:
                self.seen["unknown→present"] += 1
        elif event.status is SENT:
            self.sent_ms[client_id] = self.clock.ms
        if event.order_id and there is not None:
            names = (there.order_id, self.wire.lies.get(client_id))
            hold(event.order_id in names, "I-4", f"{client_id} is {there.order_id}, not {event.order_id}")
            owner = self.names.setdefault(event.order_id, client_id)
            hold(owner == client_id, "I-4", f"{event.order_id} belongs to {owner} and to {client_id}")
        self.status[client_id] = event.status

    def _over(self, client_id: str, status: OrderStatus, there: TrueOrder | None) -> None:
        hold(there is not None and not there.open, "I-7", f"{client_id} is said to be over and is not")
        assert there is not None
        hold(there.status.value == status.value, "I-7", f"{client_id} is {there.status}, not {status}")
        known = self.ingested
        taken = sum((known[one.entry_id].fill.size for one in there.executions if one.entry_id in known), ZERO)
        hold(taken == there.filled, "I-7", f"{client_id} ended with {taken} of {there.filled} taken in")

    def _filled(self, event: OrderFilled) -> None:
        fill = event.fill
        hold(fill.fill_id not in self.ingested, "I-15", f"{fill.fill_id} was taken in twice")
        self.ingested[fill.fill_id] = event
        true = self.venue.execution(fill.fill_id)
        hold(true is not None, "I-15", f"{fill.fill_id} never happened")
        assert true is not None
        wire = true.order.wire
        there = (wire.client_order_id, wire.symbol, wire.side, true.size, true.price, true.fee, true.liquidity)
        here = (fill.client_order_id, fill.symbol, fill.side, fill.size, fill.price, fill.fee_usd, fill.liquidity)
        hold(here == there, "I-15", f"{fill.fill_id} is {there}, taken in as {here}")
        notional = fill.size * fill.price
        self.cash += (-notional if fill.side is BUY else notional) - fill.fee_usd
        asset = asset_of(fill.symbol)
        self.taken[asset] = self.taken.get(asset, ZERO) + (fill.size if fill.side is BUY else -fill.size)

    # The first byte of a create

    def sending(self, wire: WireOrder) -> None:
        """Judge what is about to leave."""
        client_id = wire.client_order_id
        self.seen["sent"] += 1
        hold(not self.owed, "I-14", f"{client_id} leaves, and nobody has said anything of {self.owed}")
        hold(not self.killed(), "I-1", f"{client_id} leaves after kill was pressed")
        stopped = self.state in (TradingState.HALTED, TradingState.KILLED)
        hold(not stopped, "I-1", f"{client_id} leaves while trading is {self.state.value}")
        entering = wire.side is BUY and self.state is not TradingState.ACTIVE
        hold(not entering, "I-1", f"{client_id} enters while trading is {self.state.value}")
        intent = self.intents.get(client_id)
        hold(intent is not None, "I-5", f"{client_id} was never stored")
        assert intent is not None
        hold(self.status[client_id] is SENT, "I-5", f"{client_id} leaves as {self.status[client_id]}")
        hold(self.wires.get(client_id) == wire, "I-5", f"{client_id} leaves otherwise than it was stored")
        same = (intent.symbol, intent.side) == (wire.symbol, wire.side) and wire.size <= intent.size
        hold(same, "I-5", f"{wire} is not what {intent} approves")
        before = self.told.get(client_id)
        hold(before is None or isinstance(before, NotAccepted), "I-3", f"{client_id} leaves again after {before}")
        hold(self._at_venue(client_id) is None, "I-3", f"{client_id} leaves again and the venue has it")
        self._form(wire)
        if not intent.protects:
            self._fresh(wire, self._behind_ms(wire))
        if wire.side is BUY:
            unseen = 0 if self.dear_since is None else self.clock.ms - self.dear_since
            hold(unseen <= FEES_UNSEEN_MS, "I-2", f"{client_id} enters {unseen} ms after the fees have changed")
            self._nothing_is_missing(client_id)
            self._chain(wire, intent)
            if not intent.replaces:
                self._caps(wire)
        else:
            self._base(wire)

    def answered(self, wire: WireOrder, answer: object) -> None:
        """What the trader was told of a create."""
        self.told[wire.client_order_id] = answer
        self.seen[f"answer {type(answer).__name__}"] += 1
        if isinstance(answer, Acknowledged):
            self.seen["acknowledged"] += 1

    def _form(self, wire: WireOrder) -> None:
        product = self.wire.products_told[wire.symbol]
        hold(type(wire.size) is Decimal and type(wire.limit_price) is Decimal, "I-9", f"{wire}: not exact")
        hold(wire.size > ZERO and wire.limit_price > ZERO, "I-9", f"{wire}: nothing of something")
        hold(not wire.size % product.base_increment, "I-9", f"{wire.size} is no multiple of {product.base_increment}")
        hold(not wire.limit_price % product.price_increment, "I-9", f"{wire.limit_price} is off the price grid")
        hold(wire.size >= product.base_min_size, "I-9", f"{wire.size} is too small")

    def _chain(self, wire: WireOrder, intent: OrderIntent) -> None:
        """What was approved once pays for everything that goes on in its name."""
        size, cost, root = wire.size, self._worst(wire, wire.limit_price), intent
        while root.replaces:
            root = self.intents[root.replaces]
            there = self._at_venue(root.client_order_id)
            if there is not None:
                size += there.filled
                cost += there.value * (ONE + ASSUMED_BPS * BPS)
        hold(size <= root.size, "I-2", f"{wire.client_order_id}: {size} in all, {root.size} was approved")
        approved = root.worst_case_usd
        hold(cost <= approved, "I-2", f"{wire.client_order_id} may cost {cost}, {approved} was approved")

    def _behind_ms(self, wire: WireOrder) -> int:
        """By how much the trader's clock is behind; nothing is entered by one that is far off (T24)."""
        if self.told_time is None:
            return 0
        off = self.told_time() - at(self.clock.ms)
        near = wire.side is SELL or abs(off) <= CLOCK_OFF
        hold(near, "I-10", f"{wire.client_order_id} enters by a clock that is {off.total_seconds():.3f} s off")
        self.seen["an exit left by a clock far off"] += abs(off) > CLOCK_OFF
        return max(0, -off // timedelta(milliseconds=1))

    def _fresh(self, wire: WireOrder, behind_ms: int) -> None:
        """What the feed has heard is young enough at the first byte, as far as a clock tells that is so much behind."""
        name, now = wire.client_order_id, self.clock.ms
        heard = self.feed.heard_ms(now)
        hold(now - heard <= QUOTE_AGE_MS + behind_ms, "I-10", f"{name} leaves on a quote of {now - heard} ms")
        believed = wire.side is SELL or wire.symbol not in self.feed.bad
        hold(believed, "I-10", f"{name} enters on a mark the guard does not accept")
        closed = now - heard // MINUTE_MS * MINUTE_MS
        hold(closed <= BAR_AGE_MS + behind_ms, "I-10", f"{name} leaves on a bar of {closed} ms")

    def _caps(self, wire: WireOrder) -> None:
        judged = self.judged.get(wire.client_order_id)
        hold(judged is not None, "I-2", f"{wire.client_order_id} was never decided")
        assert judged is not None
        hold(judged is self.looked, "I-10", f"{wire.client_order_id} leaves on a decision that is over")
        exposure = self._exposure(judged, wire)
        _cap("position", exposure[wire.symbol], self.caps.position_pct, judged.nlv)
        theme = self.themes[wire.symbol]
        in_theme = sum((usd for symbol, usd in exposure.items() if self.themes[symbol] == theme), ZERO)
        _cap("theme", in_theme, self.caps.theme_pct, judged.nlv)
        _cap("total", sum(exposure.values(), ZERO), self.caps.total_pct, judged.nlv)

    def _exposure(self, judged: Judged, wire: WireOrder) -> dict[str, Decimal]:
        """USD at risk by symbol, at the worst: held, working, on its way, and *wire*."""
        venue = self.venue
        exposure = {}
        for symbol in venue.paths:
            asset = asset_of(symbol)
            exposure[symbol] = (venue.base[asset] - self.foreign.get(asset, ZERO)) * judged.marks[symbol]
        working = [(order.wire, order.left) for order in venue.working.values()]
        for other, left in [*working, *((one, one.size) for one in self.wire.may_arrive()), (wire, wire.size)]:
            if other.side is BUY:
                price = max(other.limit_price, judged.marks[other.symbol])
                exposure[other.symbol] += left * price * (ONE + ASSUMED_BPS * BPS)
        return exposure

    def _worst(self, wire: WireOrder, price: Decimal) -> Decimal:
        return wire.size * price * (ONE + ASSUMED_BPS * BPS)

    def money_moved(self, usd: Decimal) -> None:
        """Somebody who is not us moved so much in (or out)."""
        self.moved.append((usd, self.wire.read))

    def _nothing_is_missing(self, client_id: str) -> None:
        """Nothing is entered once the balances have told of less than our own orders can have spent."""
        missing = -sum((usd for usd, told in self.moved if self.wire.read > told), ZERO)
        working = [self.wires[name] for name, status in self.status.items() if status in (SENT, UNKNOWN, OPEN)]
        spent = sum((self._worst(one, one.limit_price) for one in working if one.side is BUY), ZERO)
        fine = missing <= CENT or missing <= spent
        hold(fine, "I-14", f"{client_id} enters while {missing} USD are missing, of which ours may have spent {spent}")

    def weighing(self) -> None:
        """The balances are told, which keep entries back until they are told again."""
        sold = (one for one in self.venue.executions if one.order.wire.kind is WireKind.STOP_LIMIT_GTC)
        self.sold_unread = any(one.entry_id not in self.ingested for one in sold)

    def _nothing_but_orders_differs(self, event: OrderChanged) -> None:
        """Balances keep an entry back only where our own orders do not explain them, and no stop had sold unread."""
        if "do not agree with the books" not in event.reason or not self.compared:
            return
        fine = self.unexplained > 0 or self.excused or self.sold_unread
        hold(fine, "L-1", f"{event.client_order_id} is kept back by balances that our own orders explain")

    def fees_changed(self) -> None:
        """The account pays another fee from now on."""
        if self.venue.taker_bps == ASSUMED_BPS:
            self.dear_since = None
        elif self.dear_since is None:
            self.dear_since = self.clock.ms

    def _base(self, wire: WireOrder) -> None:
        """Everything that may be sold is there; a resting stop that nobody asked to end counts like any other."""
        asset = asset_of(wire.symbol)
        selling = [order.left for order in self.venue.working.values() if _sells(order.wire, wire.symbol)]
        selling += [one.size for one in self.wire.may_arrive() if _sells(one, wire.symbol)]
        wanted = sum(selling, wire.size)
        held = self.venue.base[asset]
        hold(wanted <= held, "I-8", f"{wire.client_order_id}: {wanted} {asset} to be sold, {held} held")

    # Decisions

    def died(self) -> None:
        """The process is gone, and with it whatever it had decided and not sent."""
        self.looked = None

    def deciding(self, snapshot: Snapshot, book: Book) -> None:
        """Take note of what a decision looks at, and hold its book against what was taken in."""
        hold(book.cash_usd == self.cash, "I-14", f"the book has {book.cash_usd} USD, the fills give {self.cash}")
        held = Counter[str]()
        for (_, symbol), position in book.positions.items():
            held[asset_of(symbol)] += position.size  # type: ignore[assignment]
        for asset, size in self.taken.items():
            hold(held[asset] == size, "I-14", f"the book has {held[asset]} {asset}, the fills give {size}")
        marks = {symbol: quote.mid for symbol, quote in snapshot.quotes.items()}
        self.looked = Judged({**marks, **book.marks}, book.nlv_usd)

    def held(self) -> dict[str, Decimal]:
        """What the fills that were taken in left of each symbol, where anything is left."""
        return {symbol: size for symbol in self.venue.paths if (size := self.taken.get(asset_of(symbol), ZERO))}

    # The end, when nothing is on its way any more

    def finish(self) -> None:
        """Judge the books of an account at rest."""
        venue = self.venue
        hold(not self.owed, "I-14", f"nobody has said anything of {self.owed}")
        hold(not self.wire.may_arrive(), "L-1", "something is still on its way")
        for client_id, status in self.status.items():
            there = self._at_venue(client_id)
            resting = status is OPEN and there is not None and there.open and self.intents[client_id].protects
            hold(status.terminal or resting, "L-1", f"{client_id} is still {status}")
        for order in venue.orders:
            client_id = order.wire.client_order_id
            if order.by == "us":
                hold(client_id in self.intents, "I-4", f"{order.order_id} ({client_id}) is nobody's")
                over = self.status[client_id].terminal
                hold(not (order.open and over), "I-4", f"{order.order_id} works and {client_id} is over")
                if self.killed() and order.wire.side is BUY:
                    hold(not order.open, "I-1", f"{order.order_id} is open though kill was pressed")
            else:
                hold(order.order_id in self.strangers, "I-4", f"{order.order_id} is not ours and nobody noticed")
        ours = [one for one in venue.executions if one.order.by == "us"]
        missing = [one.entry_id for one in ours if one.entry_id not in self.ingested]
        hold(not missing, "I-14", f"fills {missing} were never taken in")
        cash = self.cash + self.foreign.get("USD", ZERO)
        if self.unexplained:
            stopped = self.state in (TradingState.HALTED, TradingState.KILLED)
            hold(stopped, "I-14", "something happened that is not ours, and trading goes on")
        else:
            hold(cash == venue.cash, "I-14", f"{cash} USD here, {venue.cash} at the venue")
            for asset, size in self.taken.items():
                there_is = venue.base[asset] - self.foreign.get(asset, ZERO)
                hold(size == there_is, "I-14", f"{size} {asset} here, {there_is} at the venue")
        hold(venue.cash >= ZERO and min(venue.base.values()) >= ZERO, "I-8", "the account owes something")

    def ended_under_kill(self, order: TrueOrder, killed_ms: int) -> None:
        """On a venue that answers, whatever works ends within ten seconds of kill, or of being seen."""
        lived = self.clock.ms - max(killed_ms, order.seen_ms)
        hold(lived <= KILL_MS, "I-1", f"{order.order_id} worked for {lived} ms after kill was pressed")

    def protected(self, positions: Mapping[Key, Position]) -> None:
        """Every position that can have one has a stop at the venue, for all of it (T21)."""
        for (strategy, symbol), position in positions.items():
            resting = ZERO
            for order in self.venue.working.values():
                intent = self.intents.get(order.wire.client_order_id)
                if intent is not None and intent.protects and (intent.strategy, intent.symbol) == (strategy, symbol):
                    resting += order.left
            grain, bid = self.venue.base_increments[symbol], self.venue.quote(symbol)[0]
            wanted = position.size // grain * grain
            if position.stop_price is not None and position.stop_price < bid and not self.too_small(symbol, wanted):
                hold(resting == wanted, "T21", f"a stop for {resting} of {wanted} {symbol} of {strategy}")
                self.seen["protected"] += 1

    def too_small(self, symbol: str, size: Decimal) -> bool:
        """So little that the venue takes no stop for it."""
        venue = self.venue
        size = size // venue.base_increments[symbol] * venue.base_increments[symbol]
        return size < venue.paths[symbol].listing.base_min_size or size * venue.quote(symbol)[0] < Decimal(2)

    def _at_venue(self, client_id: str) -> TrueOrder | None:
        return self.venue.by_client_id.get(client_id)

    def _in_flight(self, client_id: str) -> bool:
        return any(one.client_order_id == client_id for one in self.wire.may_arrive())


def hold(fine: bool, invariant: str, what: str) -> None:
    """Raise `Violation` unless it is *fine*."""
    if not fine:
        raise Violation(invariant, what)


def _cap(name: str, usd: Decimal, pct: Decimal, nlv: Decimal) -> None:
    limit = pct * nlv / HUNDRED
    hold(usd <= limit, "I-2", f"{name}: {usd} USD at risk, {limit} permitted")


def _sells(wire: WireOrder, symbol: str) -> bool:
    return wire.side is SELL and wire.symbol == symbol
