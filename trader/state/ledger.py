"""
The one place where state changes: a fold over events.

The live ledger and one rebuilt from the journal are equal, because neither
has any other source.  Every event costs O(1) in the length of the history.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from trader.model.book import Book, Key, Performance
from trader.model.events import (
    AccountOpened,
    CashMoved,
    Decided,
    Event,
    ExternalSeen,
    ForeignHeld,
    IntentStored,
    Marked,
    OrderChanged,
    OrderFilled,
    RegimeChanged,
    StateMoved,
    StopTrailed,
    UniverseReviewed,
    WireStored,
)
from trader.model.market import Membership, Regime
from trader.model.money import ONE, ZERO
from trader.model.orders import Fill, Order, OrderStatus, Position, RoundTrip
from trader.model.quick import maker
from trader.model.trading import Side, TradingState
from trader.state.foreign import Strangers
from trader.state.late import LateBuys
from trader.state.latest import latest
from trader.state.performance import after_flow, after_mark
from trader.state.positions import added, opened, reduced
from trader.state.protection import trailing
from trader.state.round_trips import OpenTrip
from trader.state.unsold import Unsold
from trader.state.worst_case import at_risk_usd

make_book = maker(Book)
A_DAY = timedelta(days=1)
EXTERNAL = "EXTERNAL"
"""Stands for the strategy of an order that is not ours."""


class Ledger:
    """
    Holdings, working orders and memory, kept up to date by `apply`.

    `book` gives the frozen view of one instant.  *round_trips* grows by one for every position that closes.
    """

    def __init__(self) -> None:
        self.cash_usd = ZERO
        self.positions: dict[Key, Position] = {}
        self.working: dict[str, Order] = {}
        self.state = TradingState.ACTIVE
        self.performance = Performance(ZERO, ZERO, ZERO)
        self.membership: dict[str, Membership] = {}
        self.regime: Regime | None = None
        self.last_fill_at: dict[str, datetime] = {}
        self.last_stop_at: dict[str, datetime] = {}
        self.entries: tuple[datetime, ...] = ()
        self.losses_in_a_row = 0
        self.last_loss_at: datetime | None = None
        self.unmarked: tuple[str, ...] = ()
        self.unsold, self.late = Unsold(), LateBuys()
        self.strangers = Strangers()
        self.round_trips: list[RoundTrip] = []
        self._trips: dict[Key, OpenTrip] = {}
        self._appliers: dict[type, Callable[[Any], None]] = {
            AccountOpened: self._opened,
            CashMoved: self._cash_moved,
            Decided: self._decided,
            IntentStored: self._intent_stored,
            OrderChanged: self._order_changed,
            OrderFilled: self._order_filled,
            ExternalSeen: self.strangers.seen,
            ForeignHeld: self.strangers.held,
            Marked: self._marked,
            StopTrailed: self._stop_trailed,
            StateMoved: self._state_moved,
            UniverseReviewed: self._universe_reviewed,
            RegimeChanged: self._regime_changed,
            WireStored: lambda event: self.late.sent(event, self.working),
        }

    def apply(self, event: Event) -> None:
        """Fold one event in; events that change nothing here (starts, cycles) pass by."""
        self.apply_all((event,))

    def apply_all(self, events: Iterable[Event]) -> None:
        """Fold *events* in, oldest first."""
        find = self._appliers.get
        for event in events:
            applier = find(type(event))
            if applier is not None:
                applier(event)

    def book(
        self,
        as_of: datetime,
        marks: Mapping[str, Decimal],
        themes: Mapping[str, str],
        tiers: Mapping[str, str],
    ) -> Book:
        """
        The book at *as_of*.  *marks* are mids in USD and must hold every symbol held;
        *themes* and *tiers* classify symbols.  Raises KeyError where a held symbol has no mark.
        """
        nlv = self.cash_usd
        exposure: dict[Key, Decimal] = {}
        for key, position in self.positions.items():
            held = position.size * marks[key[1]]
            nlv += held
            exposure[key] = held
        reserved = ZERO
        claimed: dict[Key, Decimal] = {}
        for order in self.working.values():
            intent = order.intent
            key = (intent.strategy, intent.symbol)
            if intent.side is Side.BUY:
                worst = intent.worst_case_usd
                if order.filled_size:
                    worst = worst * order.remaining_size / intent.size
                exposure[key] = exposure.get(key, ZERO) + at_risk_usd(intent, worst, marks.get(intent.symbol))
                reserved += worst
            elif not intent.protects:
                claimed[key] = claimed.get(key, ZERO) + order.remaining_size
        if self.strangers.orders:
            for symbol, theirs in self.strangers.at_risk(marks).items():
                exposure[EXTERNAL, symbol] = theirs.total_usd
                reserved += theirs.reserved_usd
        return make_book(
            as_of,
            self.cash_usd,
            nlv,
            self.state,
            self.positions.copy(),
            self.working.copy(),
            marks,
            exposure,
            reserved,
            claimed,
            themes,
            tiers,
            last_fill_at=self.last_fill_at.copy(),
            last_stop_at=self.last_stop_at.copy(),
            entries=self._entries_of_last_day(as_of),
            losses_in_a_row=self.losses_in_a_row,
            last_loss_at=self.last_loss_at,
            performance=self.performance,
            unmarked=self.unmarked,
            unsold=self.unsold.sizes.copy(),
        )

    @property
    def to_be_marked(self) -> set[str]:
        """Symbols whose price counts: held, or with an order that may have filled already."""
        symbols = {symbol for _, symbol in self.positions}
        if self.working:
            symbols.update(order.intent.symbol for order in self.working.values())
        return symbols

    def nlv_usd(self, marks: Mapping[str, Decimal]) -> Decimal:
        """Cash plus positions at *marks* (mids, USD)."""
        return sum((one.size * marks[key[1]] for key, one in self.positions.items()), self.cash_usd)

    def _entries_of_last_day(self, as_of: datetime) -> tuple[datetime, ...]:
        since = as_of - A_DAY
        if self.entries and self.entries[0] <= since:
            self.entries = self.entries[bisect_right(self.entries, since) :]
        return self.entries

    def _opened(self, event: AccountOpened) -> None:
        self.cash_usd = event.starting_cash_usd
        self.performance = Performance(units=event.starting_cash_usd, nav=ONE, peak=ONE)
        self.performance = after_mark(self.performance, event.time, event.starting_cash_usd, opening=True)

    def _cash_moved(self, event: CashMoved) -> None:
        self.cash_usd += event.amount_usd
        self.performance = after_flow(self.performance, event.amount_usd)

    def _decided(self, event: Decided) -> None:
        self.unsold.decided(event, self.positions, self.working)

    def _intent_stored(self, event: IntentStored) -> None:
        intent = event.intent
        if self.working or self.unsold.sizes:
            self.unsold.stored(intent, self.working)
        self.working[intent.client_order_id] = Order(intent, OrderStatus.STORED)
        if intent.side is Side.BUY and not intent.replaces:
            self.entries = (*self.entries, intent.as_of)

    def _order_changed(self, event: OrderChanged) -> None:
        if event.status.terminal:
            ended = self.working.pop(event.client_order_id, None)
            if ended is not None:
                held = self.positions.get((ended.intent.strategy, ended.intent.symbol))
                self.unsold.ended(ended, event.status, held)
            return
        order = self.working.get(event.client_order_id)
        if order is not None:
            self.working[event.client_order_id] = Order(order.intent, event.status, order.filled_size)

    def _order_filled(self, event: OrderFilled) -> None:
        fill = event.fill
        order = self.working.get(fill.client_order_id)
        if order is not None:
            filled = order.filled_size + fill.size
            if filled >= order.intent.size:
                del self.working[fill.client_order_id]
            else:
                self.working[fill.client_order_id] = Order(order.intent, order.status, filled)
        if fill.side is Side.BUY:
            self._bought(fill, order)
        else:
            self._sold(fill)
        symbol, time = fill.symbol, fill.time
        self.last_fill_at[symbol] = latest(self.last_fill_at.get(symbol), time)
        if fill.exit_reason is not None and fill.exit_reason.stops_out:
            self.last_stop_at[symbol] = latest(self.last_stop_at.get(symbol), time)

    def _bought(self, fill: Fill, order: Order | None) -> None:
        key, intent = (fill.strategy, fill.symbol), order.intent if order is not None else self.late.of(fill)
        self.cash_usd -= fill.notional_usd + fill.fee_usd
        held = self.positions.get(key)
        if held is None:
            self.positions[key] = opened(fill, intent)
            self._trips[key] = OpenTrip(fill)
            return
        self.positions[key] = added(held, fill, intent)
        self._trips[key].bought(fill)

    def _sold(self, fill: Fill) -> None:
        key = (fill.strategy, fill.symbol)
        self.cash_usd += fill.notional_usd - fill.fee_usd
        held = self.positions.get(key)
        if held is None:
            return  # somebody else's was sold, which whoever took it in has told: what is ours never goes below zero
        left = held.size - fill.size
        if left < ZERO:
            fill, left = replace(fill, size=held.size), ZERO
        if self.unsold.sizes:
            self.unsold.sold(key, left)
        trip = self._trips[key]
        trip.sold(fill)
        if left > ZERO:
            self.positions[key] = reduced(held, fill, left)
            return
        del self.positions[key], self._trips[key]
        closed = trip.closed(fill)
        self.round_trips.append(closed)
        if closed.pnl_usd < ZERO:
            self.losses_in_a_row += 1
            self.last_loss_at = latest(self.last_loss_at, fill.time)
        else:
            self.losses_in_a_row = 0

    def _marked(self, event: Marked) -> None:
        self.unmarked = event.unmarked
        if not event.unmarked:
            self.performance = after_mark(self.performance, event.time, event.nlv_usd)

    def _stop_trailed(self, event: StopTrailed) -> None:
        key = (event.strategy, event.symbol)
        held = self.positions.get(key)
        if held is not None:
            self.positions[key] = trailing(held, event.trail_price)

    def _state_moved(self, event: StateMoved) -> None:
        self.state = event.state
        if event.state is TradingState.ACTIVE:
            # The operator has looked at the loss and goes on: it is measured anew from here.
            p = self.performance
            self.performance = replace(p, peak=p.nav, day_start=p.nav, week_start=p.nav, peaks=((p.day, p.nav),))
            self.losses_in_a_row = 0

    def _universe_reviewed(self, event: UniverseReviewed) -> None:
        for membership in event.changed:
            self.membership[membership.symbol] = membership

    def _regime_changed(self, event: RegimeChanged) -> None:
        self.regime = event.regime
