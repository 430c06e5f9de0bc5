"""
Whether the record tells the whole story: cycles, chains, cooldowns, pace, marks — and is all that the state comes from.

A second judge next to the oracle: it sees every commit as it becomes durable, keeps its own count of what was
taken in, and at the end folds the record anew and holds the process's state against it (RELIABILITY §4).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from tests.simulation.clock import VirtualClock, ms_of
from tests.simulation.feed import Feed
from tests.simulation.house import COOLDOWN, COOLDOWN_AFTER_STOP, DRAWDOWN_PCT, ENTRIES_AN_HOUR, STRATEGIES
from tests.simulation.oracle import Oracle, hold
from tests.simulation.words import Words
from trader.execution.lifecycle import Lifecycle
from trader.execution.wire_tend import CAN_PROTECT
from trader.model.book import Book, Key
from trader.model.events import (
    AccountOpened,
    CashMoved,
    CycleBegan,
    CycleEnded,
    Decided,
    Event,
    IntentStored,
    Marked,
    OrderChanged,
    OrderFilled,
    Started,
    StateMoved,
    StopTrailed,
)
from trader.model.market import Snapshot
from trader.model.money import HUNDRED, ZERO
from trader.model.orders import Fill, OrderIntent, OrderStatus
from trader.model.trading import Side, TradingState, Verdict
from trader.model.wire import WireOrder
from trader.state.ledger import Ledger

A_MINUTE, AN_HOUR = timedelta(minutes=1), timedelta(hours=1)
INTERRUPTED = "interrupted"
STATE = (
    "cash_usd", "positions", "working", "state", "performance", "membership", "regime", "last_fill_at", "last_stop_at",
    "unsold", "late", "losses_in_a_row", "last_loss_at", "unmarked", "strangers", "round_trips",
)  # fmt: skip


@dataclass(slots=True)
class Units:
    """Value per unit, as a fund counts it: flows buy and sell units."""

    units: Decimal = ZERO
    nav: Decimal = Decimal(1)
    peak: Decimal = Decimal(1)

    def flow(self, usd: Decimal) -> None:
        self.units += usd / self.nav

    def mark(self, nlv: Decimal) -> None:
        self.nav = nlv / self.units
        self.peak = max(self.peak, self.nav)

    @property
    def drawdown_pct(self) -> Decimal:
        return (self.peak - self.nav) / self.peak * HUNDRED


@dataclass(slots=True)
class Audit:
    """One account's auditor; *oracle* lends it what was taken in, which it has held against the venue already."""

    oracle: Oracle
    feed: Feed
    clock: VirtualClock
    seen: Counter[str]
    open_cycle: str = ""
    begun: set[str] = field(default_factory=set)
    decided: set[str] = field(default_factory=set)
    exits_due: set[Key] = field(default_factory=set)
    repeats_due: set[Key] = field(default_factory=set)
    """What strategies asked to sell before, could not, and have not thought better of."""
    filled_at: dict[str, datetime] = field(default_factory=dict)
    stopped_at: dict[str, datetime] = field(default_factory=dict)
    sizes: dict[Key, Decimal] = field(default_factory=dict)
    trails: dict[Key, Decimal] = field(default_factory=dict)
    entries: list[datetime] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    exits_stored: dict[Key, int] = field(default_factory=dict)
    """How often the fills had been told when an exit was last stored."""
    stops_rest: bool = False
    bare: dict[Key, int] = field(default_factory=dict)
    """What was bought, or lost its stop, since one was asked for; how often the venue had not answered by then."""
    value: Units = field(default_factory=Units)
    state: TradingState = TradingState.ACTIVE
    words: Words = field(init=False)

    def __post_init__(self) -> None:
        self.words = Words(self.oracle.venue, self.seen)

    # What became durable

    def committed(self, events: Sequence[Event], snapshots: Mapping[str, str]) -> None:
        """Judge a commit; the oracle has seen it."""
        now = self.clock.now()
        approved = [one for event in events if isinstance(event, Decided) for one in event.verdicts if not one.denied]
        for event in events:
            self.words.noted(event)
            if isinstance(event, CycleBegan):
                self._began(event, snapshots.get(event.cycle_id, ""))
            elif isinstance(event, IntentStored):
                self._stored(event.intent, approved)
            elif isinstance(event, AccountOpened | Started):
                hold(abs(now - event.time) < A_MINUTE, "I-16", f"{type(event).__name__} is recorded as of {event.time}")
                if isinstance(event, AccountOpened):
                    self.value.units = event.starting_cash_usd
            elif isinstance(event, CashMoved):
                self.value.flow(event.amount_usd)
            else:
                self._noted(event)

    def _noted(self, event: Event) -> None:
        if isinstance(event, Decided):
            self._decided(event)
        elif isinstance(event, CycleEnded):
            self._ended(event)
        elif isinstance(event, OrderFilled):
            self._filled(event)
        elif isinstance(event, OrderChanged):
            self._changed(event)
        elif isinstance(event, Marked):
            self._marked(event)
        elif isinstance(event, StopTrailed):
            self._trailed(event)
        elif isinstance(event, StateMoved):
            self._moved(event)

    def _began(self, event: CycleBegan, text: str) -> None:
        hold(not self.open_cycle, "I-16", f"{event.cycle_id} begins and {self.open_cycle} has not ended")
        hold(event.cycle_id not in self.begun, "I-16", f"{event.cycle_id} begins a second time")
        same = hashlib.sha256(text.encode()).hexdigest() == event.snapshot_sha256
        hold(same, "I-16", f"the snapshot of {event.cycle_id} is not the one that was recorded")
        self.open_cycle = event.cycle_id
        self.begun.add(event.cycle_id)

    def _decided(self, event: Decided) -> None:
        name = event.cycle_id
        hold(name == self.open_cycle, "I-16", f"decided in {name} while {self.open_cycle or 'no cycle'} was open")
        hold(name not in self.decided, "I-3", f"decided twice in {name}")
        self.decided.add(name)
        judged = Counter((one.proposal.strategy, one.proposal.symbol, one.proposal.side) for one in event.verdicts)
        lost = Counter((one.proposal.strategy, one.proposal.symbol, one.proposal.side) for one in event.superseded)
        for wish in event.proposals:
            key = (wish.strategy, wish.symbol, wish.side)
            known = wish.strategy in STRATEGIES and wish.symbol in self.feed.venue.paths
            hold(known, "I-16", f"{wish.strategy} was let in with {wish.symbol}")
            hold(judged[key] + lost[key] > 0, "I-16", f"nobody judged {key}")
        for verdict in event.verdicts:
            whole = not verdict.denied and not verdict.trimmed
            hold(whole or bool(verdict.objections), "I-16", f"{verdict.proposal} was refused without a reason")
        self.exits_due -= {(strategy, symbol) for strategy, symbol, side in judged if side is Side.SELL}
        self.exits_due -= {(strategy, symbol) for strategy, symbol, side in lost if side is Side.SELL}
        self.repeats_due -= {(strategy, symbol) for strategy, symbol, _ in [*judged, *lost]}

    def _stored(self, intent: OrderIntent, approved: Sequence[Verdict]) -> None:
        if intent.protects:
            self.bare.pop((intent.strategy, intent.symbol), None)
        if intent.replaces:
            self._goes_on(intent)
        if intent.replaces or intent.protects:
            return
        name = intent.client_order_id
        fits = [
            one
            for one in approved
            if (one.proposal.strategy, one.proposal.symbol, one.proposal.side)
            == (intent.strategy, intent.symbol, intent.side)
        ]
        hold(bool(fits), "I-16", f"{name} is stored without a verdict that approves it")
        if intent.side is not Side.BUY:
            self.exits_stored[intent.strategy, intent.symbol] = self.oracle.wire.told_fills
            return
        for last, rest in ((self.filled_at, COOLDOWN), (self.stopped_at, COOLDOWN_AFTER_STOP)):
            since = last.get(intent.symbol)
            hold(
                since is None or intent.as_of - since >= rest, "I-11", f"{name} enters {intent.symbol}, filled {since}"
            )
        recent = sum(1 for one in self.entries if one > intent.as_of - AN_HOUR)
        hold(recent < ENTRIES_AN_HOUR, "I-12", f"{name} is entry {recent + 1} within an hour")
        self.entries.append(intent.as_of)

    def _goes_on(self, intent: OrderIntent) -> None:
        """What goes on where a maker entry ended rests like any entry, but for what its own wish has filled."""
        name, chain = intent.client_order_id, {intent.client_order_id}
        while intent.replaces:
            intent = self.oracle.intents[intent.replaces]
            chain.add(intent.client_order_id)
        others = [one for one in self.fills if one.symbol == intent.symbol and one.time >= intent.as_of]
        fine = all(one.client_order_id in chain for one in others)
        hold(fine, "I-11", f"{name} goes on in {intent.symbol}, in which others filled since {intent.as_of}")

    def _ended(self, event: CycleEnded) -> None:
        hold(event.cycle_id == self.open_cycle, "I-16", f"{event.cycle_id} ends while {self.open_cycle} is open")
        if event.notebook_status != INTERRUPTED:
            due = self.exits_due | self.repeats_due
            hold(not due, "I-16", f"{event.cycle_id} ends, and nobody decided on the exits {due}")
            down, goes_on = self.value.drawdown_pct, self.state is TradingState.ACTIVE
            hold(down < DRAWDOWN_PCT or not goes_on, "I-20", f"{event.cycle_id} ends active {down} % below the peak")
            self._what_is_held_is_protected(event.cycle_id)
        self.open_cycle = ""

    def _changed(self, event: OrderChanged) -> None:
        intent = self.oracle.intents[event.client_order_id]
        key = (intent.strategy, intent.symbol)
        if intent.protects and event.status in (OrderStatus.CANCELLED, OrderStatus.EXPIRED) and self.sizes.get(key):
            self.bare[key] = self.oracle.wire.unanswered
            self.seen["stop ended above a position"] += 1

    def _what_is_held_is_protected(self, cycle_id: str) -> None:
        """Where stops rest, one is asked for before the cycle is over that took in a fill, or the end of another."""
        if not self.bare:
            return
        oracle, unanswered = self.oracle, self.oracle.wire.unanswered
        live = [oracle.intents[name] for name, status in oracle.status.items() if not status.terminal]
        selling = {(one.strategy, one.symbol) for one in live if one.side is Side.SELL}
        for key, before in self.bare.items():
            fine = key in selling or unanswered > before or self.state not in CAN_PROTECT
            fine = fine or oracle.too_small(key[1], self.sizes[key]) or oracle.wire.unlisted
            hold(fine, "T21", f"{cycle_id} ends, and no stop was asked for in what {key} holds")
            self.bare[key] = unanswered

    def _filled(self, event: OrderFilled) -> None:
        fill = event.fill
        self.fills.append(fill)
        hold(fill.client_order_id in self.oracle.sent_ms, "I-16", f"{fill.fill_id} fills what was never sent")
        self.filled_at[fill.symbol] = max(fill.time, self.filled_at.get(fill.symbol, fill.time))
        if fill.exit_reason is not None and fill.exit_reason.stops_out:
            self.stopped_at[fill.symbol] = max(fill.time, self.stopped_at.get(fill.symbol, fill.time))
        key = (fill.strategy, fill.symbol)
        left = self.sizes[key] = self.sizes.get(key, ZERO) + (fill.size if fill.side is Side.BUY else -fill.size)
        if not left:
            self.trails.pop(key, None)
            self.bare.pop(key, None)
        elif self.stops_rest and fill.side is Side.BUY:
            self.bare[key] = self.oracle.wire.unanswered
            self.seen["bought where stops rest"] += 1

    # Value, peak and what may be believed

    def _marked(self, event: Marked) -> None:
        held = self.oracle.held()
        doubtful = tuple(sorted(one for one in held if self.feed.is_doubtful(one, ms_of(event.time))))
        hold(event.unmarked == doubtful, "I-20", f"no price to believe of {doubtful}, recorded are {event.unmarked}")
        if event.unmarked:
            self.seen["marked in doubt"] += 1
            return
        nlv = self.oracle.cash
        for symbol, size in held.items():
            nlv += size * self.feed.at_instant(symbol, ms_of(event.time))[0].mid
        hold(event.nlv_usd == nlv, "I-20", f"valued at {event.nlv_usd}, fills and mids give {nlv}")
        self.value.mark(nlv)

    def _trailed(self, event: StopTrailed) -> None:
        key, ms = (event.strategy, event.symbol), ms_of(event.time)
        hold(self.sizes.get(key, ZERO) > ZERO, "T21", f"a stop trails for {key}, who hold nothing")
        hold(not self.feed.is_doubtful(event.symbol, ms), "I-20", f"the stop of {key} trails a price nobody believes")
        before, high = self.trails.get(key), self.feed.at_instant(event.symbol, ms)[0].mid
        hold(before is None or event.trail_price > before, "T21", f"the stop of {key} falls from {before}")
        hold(before is None or event.trail_price < high, "T21", f"the stop of {key} is above {high}")
        self.trails[key] = event.trail_price
        self.seen["stop trailed"] += 1

    def _moved(self, event: StateMoved) -> None:
        self.state = event.state
        if event.state is TradingState.ACTIVE:
            self.value.peak = self.value.nav
        elif event.trip is not None and event.trip.breaker == "drawdown":
            down = self.value.drawdown_pct
            hold(down >= DRAWDOWN_PCT * 6 / 10, "I-20", f"the drawdown breaker trips at {down} %")
            self.seen["drawdown tripped"] += 1

    # Decisions and sends

    def deciding(self, snapshot: Snapshot, book: Book, blind: bool) -> None:
        """A decision is about to be made; *blind*: the venue was not asked before it, or did not answer everything."""
        hold(snapshot.exchange_down or not blind, "I-10", f"{snapshot.id} does not know that the venue was not read")
        hold(blind or not snapshot.exchange_down, "L-1", f"{snapshot.id} waits for a venue that has answered")
        for key, size in book.unsold.items():
            held = book.positions[key].size if key in book.positions else ZERO
            hold(ZERO < size <= held, "I-8", f"{size} of {key} are still to be sold, {held} are held")
        self.exits_due = set()
        self.repeats_due = {key for key in self.words.owed() if book.sellable(*key) > ZERO}
        for key, one in book.positions.items():
            quote, suspect = self.feed.at_instant(one.symbol, ms_of(snapshot.as_of))
            stop = max((price for price in (one.stop_price, self.trails.get(key)) if price is not None), default=ZERO)
            if not suspect and quote.mid <= stop and book.sellable(*key) > ZERO:
                self.exits_due.add(key)
        self.seen["exits due"] += len(self.exits_due)

    def sending(self, wire: WireOrder) -> None:
        """An order is about to leave."""
        intent = self.oracle.intents.get(wire.client_order_id)
        if wire.side is Side.BUY and intent is not None and not intent.replaces:
            down = self.value.drawdown_pct
            hold(down < DRAWDOWN_PCT, "I-20", f"{wire.client_order_id} enters {down} % below the peak")

    def cancelling(self, order_ids: Sequence[str]) -> None:
        """A stop is asked to end only where one may take its place, and by somebody who has just read the venue."""
        for order_id in order_ids:
            order = self.oracle.venue.by_id.get(order_id)
            name = order.wire.client_order_id if order is not None else ""
            intent = self.oracle.intents.get(name)
            if order is None or intent is None or not intent.protects or self.oracle.status[name].terminal:
                continue
            too_much = order.wire.size > self.sizes.get((intent.strategy, intent.symbol), ZERO)
            replaced = self.state in CAN_PROTECT or self.state is TradingState.KILLED
            hold(too_much or replaced, "T21", f"{name} is asked to end while trading is {self.state.value}")
            read = self.oracle.wire.told_fills > self.exits_stored.get((intent.strategy, intent.symbol), -1)
            hold(read, "T21", f"{name} is asked to end by somebody who has not seen that the venue can be read")
            self.seen["stop asked to end"] += 1

    def died(self) -> None:
        """The process is gone; what it was about to decide, another will."""
        self.exits_due, self.repeats_due = set(), set()

    def finish(self) -> None:
        """L-1: once nothing goes wrong any more, what a strategy asked to sell is sold."""
        if self.state is TradingState.ACTIVE:
            hold(not self.words.owed(), "L-1", f"asked for and never sold: {self.words.owed()}")

    # Replay

    def replayed(self, events: Sequence[Event], ledger: Ledger, lives: Lifecycle) -> None:
        """What a process has in memory is what its record says, and nothing else; all that is held has a stop price."""
        bare = [key for key, held in ledger.positions.items() if held.stop_price is None]
        hold(not bare, "T21", f"{bare} have no stop, and every entry asked for one")
        again, others = Ledger(), Lifecycle()
        again.apply_all(events)
        others.apply_all(events)
        for name in STATE:
            here, there = getattr(ledger, name), getattr(again, name)
            hold(here == there, "I-18", f"{name} is {here}, the record gives {there}")
        for name in ("lives", "owner", "fills", "external", "claimed", "foreign"):
            hold(getattr(lives, name) == getattr(others, name), "I-18", f"{name} is not what the record gives")
