"""
The venue as it really is: exact money, orders, executions, and when each of them can be seen.

Nothing here is ever wrong or lost: what goes wrong between the venue and us is `wire`'s.  Sizes, prices and cash are
exact decimals; every change of a balance is an execution or a transfer, and both are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from tests.simulation.clock import VirtualClock, ms_of
from tests.simulation.prices import TICK_MS, PricePath
from trader.model.market import asset_of
from trader.model.money import BPS, ZERO, Liquidity
from trader.model.trading import Side
from trader.model.wire import ProductState, VenueStatus, WireKind, WireOrder

BUY, SELL = Side.BUY, Side.SELL
PARTS = (Decimal("0.25"), Decimal("0.5"), Decimal(1), Decimal(1))
LEVELS = 4
NO_FUNDS, DUPLICATE = "INSUFFICIENT_FUND", "DUPLICATE_CLIENT_ORDER_ID"


@dataclass(slots=True)
class Execution:
    """One trade of one of the account's orders; *seen_ms* is when the fills list has it."""

    entry_id: str
    order: TrueOrder
    ms: int
    seen_ms: int
    size: Decimal
    price: Decimal
    fee: Decimal
    liquidity: Liquidity


@dataclass(slots=True)
class TrueOrder:
    """One order at the venue; *seen_ms* is when lists have it, *by* is "us" or "person"."""

    order_id: str
    wire: WireOrder
    by: str
    created_ms: int
    seen_ms: int
    status: VenueStatus = VenueStatus.OPEN
    filled: Decimal = ZERO
    value: Decimal = ZERO
    fees: Decimal = ZERO
    triggered: bool = False
    cancel_ms: int | None = None
    cancelled_by: str = ""
    ended_ms: int = 0
    executions: list[Execution] = field(default_factory=list)

    @property
    def left(self) -> Decimal:
        return self.wire.size - self.filled

    @property
    def open(self) -> bool:
        return not self.status.final


@dataclass(slots=True)
class Flags:
    """What a product permits just now."""

    cancel_only: bool = False
    limit_only: bool = False
    post_only: bool = False
    view_only: bool = False
    online: bool = True
    disabled: bool = False


@dataclass(slots=True)
class VenueHabits:
    """How this venue behaves, in the weather of a seed; times in ms, shares in 0…1."""

    duplicate_refused: bool = False
    order_lag_ms: int = 0
    fill_lag_ms: int = 0
    cancel_ms: int = 200
    thin: float = 0.0
    depth_usd: int = 50_000
    zero_fill: float = 0.0
    race: float = 0.0


class Venue:
    """One account.  *watch(kind, order)* is told of every change, as it happens."""

    def __init__(
        self, clock: VirtualClock, paths: Mapping[str, PricePath], cash: Decimal, rng: Random, habits: VenueHabits
    ) -> None:
        self.clock, self.paths, self.rng, self.habits = clock, paths, rng, habits
        self.cash, self.base = cash, {asset_of(symbol): ZERO for symbol in paths}
        self.maker_bps, self.taker_bps = Decimal(40), Decimal(60)
        self.flags = {symbol: Flags() for symbol in paths}
        self.base_increments = {symbol: path.listing.base_increment for symbol, path in paths.items()}
        self.price_increments = {symbol: path.listing.price_increment for symbol, path in paths.items()}
        self.orders: list[TrueOrder] = []
        self.by_client_id: dict[str, TrueOrder] = {}
        self.by_id: dict[str, TrueOrder] = {}
        self.working: dict[str, TrueOrder] = {}
        self.executions: list[Execution] = []
        self.transfers: list[tuple[int, str, Decimal]] = []
        self.watch: Callable[[str, TrueOrder], None] = lambda kind, order: None
        self.stuck: dict[str, Decimal] = {}
        """What is held by currency although no order holds it any more."""
        self._ticking = False

    # What it is asked to do

    def accept(self, wire: WireOrder, by: str = "us") -> TrueOrder | str:
        """Take *wire*, or say why not.  An id that is taken already gives the first order, or a refusal (mode B)."""
        known = self.by_client_id.get(wire.client_order_id)
        if known is not None:
            return DUPLICATE if self.habits.duplicate_refused else known
        why = self._refusal(wire)
        if why:
            return why
        now = self.clock.ms
        order = TrueOrder(f"V{len(self.orders):05d}", wire, by, now, now + self._lag(self.habits.order_lag_ms))
        self.orders.append(order)
        self.by_client_id[wire.client_order_id] = self.by_id[order.order_id] = self.working[order.order_id] = order
        self.watch("accepted", order)
        if wire.kind is not WireKind.STOP_LIMIT_GTC:
            self._take(order)
        if order.open and wire.kind is WireKind.LIMIT_IOC:
            self._end(order, VenueStatus.CANCELLED)
        if order.open and wire.end_time is not None:
            self.clock.at(ms_of(wire.end_time), lambda: self._expire(order))
        self._tick_while_working()
        return order

    def cancel(self, order_id: str, by: str = "us") -> str:
        """Ask for the end of an order: "" where the request was taken; it ends a little later, if it still can."""
        order = self.by_id.get(order_id)
        if order is None:
            return "UNKNOWN_CANCEL_ORDER"
        if not order.open:
            return "ORDER_IS_FULLY_FILLED" if order.status is VenueStatus.FILLED else "NOT_ALLOWED_TO_CANCEL"
        if order.cancel_ms is not None:
            return "DUPLICATE_CANCEL_REQUEST"
        order.cancel_ms, order.cancelled_by = self.clock.ms, by
        order.status = VenueStatus.CANCEL_QUEUED
        self.watch("cancel_asked", order)
        delay = 1 + self._lag(self.habits.cancel_ms)
        if self.habits.race and self.rng.random() < self.habits.race:
            self.clock.after(delay // 2, lambda: self._race(order))
        self.clock.after(delay, lambda: self._cancelled(order))
        return ""

    def transfer(self, currency: str, amount: Decimal) -> None:
        """Money in or out, by somebody who is not us; out only what is not held."""
        free = self.available(currency)
        amount = max(amount, -free)
        if amount:
            self.transfers.append((self.clock.ms, currency, amount))
            if currency == "USD":
                self.cash += amount
            else:
                self.base[currency] += amount

    # What it should not do

    def overfill(self, order: TrueOrder) -> None:
        """Execute a tenth more of *order* than was asked for."""
        self._execute(
            order, self._floor(order.wire.symbol, order.wire.size / 10), order.wire.limit_price, Liquidity.TAKER
        )

    def double(self, order: TrueOrder) -> None:
        """Have a second order under the client id of *order*."""
        now = self.clock.ms
        twin = TrueOrder(f"V{len(self.orders):05d}", order.wire, order.by, now, now)
        self.orders.append(twin)
        self.by_id[twin.order_id] = self.working[twin.order_id] = twin
        self._tick_while_working()

    # What is true

    def quote(self, symbol: str, ms: int | None = None) -> tuple[Decimal, Decimal]:
        """Best bid and ask."""
        path = self.paths[symbol]
        mid, half = path.at(self.clock.ms if ms is None else ms), path.listing.half_spread
        return path.usd(mid - half), path.usd(mid + half)

    def hold(self, currency: str) -> Decimal:
        """What working orders hold of *currency*."""
        held = self.stuck.get(currency, ZERO)
        for order in self.working.values():
            wire = order.wire
            if currency == "USD":
                if wire.side is BUY:
                    held += order.left * wire.limit_price * (1 + self.taker_bps * BPS)
            elif wire.side is SELL and asset_of(wire.symbol) == currency:
                held += order.left
        return held

    def product(self, symbol: str) -> ProductState:
        """What *symbol* permits, with its increments."""
        listing = self.paths[symbol].listing
        return ProductState(
            symbol,
            self.base_increments[symbol],
            self.price_increments[symbol],
            listing.base_min_size,
            **{name: getattr(self.flags[symbol], name) for name in Flags.__slots__},
        )

    def would_refuse(self, wire: WireOrder) -> str:
        """Why *wire* would be refused now, or empty."""
        return self._refusal(wire)

    def available(self, currency: str) -> Decimal:
        """What is free of *currency*."""
        return (self.cash if currency == "USD" else self.base[currency]) - self.hold(currency)

    def execution(self, entry_id: str) -> Execution | None:
        """The execution called *entry_id*, if there is one."""
        number = entry_id[1:]
        found = self.executions[int(number)] if number.isdigit() and int(number) < len(self.executions) else None
        return found if found is not None and found.entry_id == entry_id else None

    # How it comes about

    def _lag(self, longest_ms: int) -> int:
        return int(longest_ms * self.rng.random() ** 2) if longest_ms else 0

    def _refusal(self, wire: WireOrder) -> str:
        if not self.product(wire.symbol).tradable:
            return "ORDER_ENTRY_DISABLED"
        if self.flags[wire.symbol].post_only and not wire.post_only:
            return "POST_ONLY_MODE"
        if wire.size <= ZERO or wire.size % self.base_increments[wire.symbol]:
            return "INVALID_SIZE_PRECISION"
        if wire.limit_price <= ZERO or wire.limit_price % self.price_increments[wire.symbol]:
            return "INVALID_PRICE_PRECISION"
        if wire.size < self.paths[wire.symbol].listing.base_min_size:
            return "INVALID_SIZE_TOO_SMALL"
        if wire.kind is WireKind.STOP_LIMIT_GTC:
            why = self._stop_refusal(wire)
            if why:
                return why
        if wire.end_time is not None and ms_of(wire.end_time) <= self.clock.ms:
            return "END_TIME_IS_IN_THE_PAST"
        if wire.side is BUY:
            need, free = wire.size * wire.limit_price * (1 + self.taker_bps * BPS), self.available("USD")
        else:
            need, free = wire.size, self.available(asset_of(wire.symbol))
        if need > free:
            return NO_FUNDS
        bid, ask = self.quote(wire.symbol)
        if wire.post_only and (wire.limit_price >= ask if wire.side is BUY else wire.limit_price <= bid):
            return "INVALID_LIMIT_PRICE_POST_ONLY"
        return ""

    def _stop_refusal(self, wire: WireOrder) -> str:
        if wire.stop_price is None or wire.side is BUY or wire.stop_price < wire.limit_price:
            return "UNSUPPORTED_ORDER_CONFIGURATION"
        above = wire.stop_price >= self.quote(wire.symbol)[0]
        return "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE" if above else ""

    def _take(self, order: TrueOrder) -> None:
        """Walk the levels that stand against *order*, up to its limit."""
        wire, path = order.wire, self.paths[order.wire.symbol]
        if wire.post_only or self.rng.random() < self.habits.zero_fill:
            return
        mid, half = path.at(self.clock.ms), path.listing.half_spread
        buying, step = wire.side is BUY, max(1, half // 2)
        thin = self.rng.random() < self.habits.thin
        for level in range(1 if thin else LEVELS):
            price = path.usd(mid + half + level * step if buying else mid - half - level * step)
            if order.left <= ZERO or (price > wire.limit_price if buying else price < wire.limit_price):
                return
            depth = 60 + self.rng.randrange(200) if thin else self.habits.depth_usd
            there = self._floor(wire.symbol, depth / price)
            if there > ZERO:
                self._execute(order, min(order.left, there), price, Liquidity.TAKER)

    def _execute(self, order: TrueOrder, size: Decimal, price: Decimal, liquidity: Liquidity) -> None:
        now, wire = self.clock.ms, order.wire
        notional = size * price
        fee = notional * (self.maker_bps if liquidity is Liquidity.MAKER else self.taker_bps) * BPS
        if wire.side is BUY:
            self.cash -= notional + fee
            self.base[asset_of(wire.symbol)] += size
        else:
            self.cash += notional - fee
            self.base[asset_of(wire.symbol)] -= size
        seen = now + self._lag(self.habits.fill_lag_ms)
        done = Execution(f"E{len(self.executions):05d}", order, now, seen, size, price, fee, liquidity)
        self.executions.append(done)
        order.executions.append(done)
        order.filled += size
        order.value += notional
        order.fees += fee
        self.watch("executed", order)
        if order.left <= ZERO and order.open:
            self._end(order, VenueStatus.FILLED)

    def _end(self, order: TrueOrder, status: VenueStatus) -> None:
        order.status, order.ended_ms = status, self.clock.ms
        del self.working[order.order_id]
        self.watch("ended", order)

    def _race(self, order: TrueOrder) -> None:
        """Somebody trades with *order* while its end is on its way."""
        if order.open:
            order.triggered = True
            part = self._floor(order.wire.symbol, order.left * self.rng.choice(PARTS))
            self._execute(order, part if part > ZERO else order.left, order.wire.limit_price, Liquidity.MAKER)

    def _cancelled(self, order: TrueOrder) -> None:
        if order.open:
            self._end(order, VenueStatus.CANCELLED)

    def _expire(self, order: TrueOrder) -> None:
        if order.open:
            self._end(order, VenueStatus.EXPIRED)

    def _floor(self, symbol: str, size: Decimal) -> Decimal:
        step = self.base_increments[symbol]
        return size // step * step

    def _tick_while_working(self) -> None:
        if self.working and not self._ticking:
            self._ticking = True
            self.clock.at((self.clock.ms // TICK_MS + 1) * TICK_MS, self._tick)

    def _tick(self) -> None:
        """A price has moved: whatever rests and is gone through fills, in parts."""
        self._ticking = False
        for order in list(self.working.values()):
            wire = order.wire
            bid, ask = self.quote(wire.symbol)
            if wire.kind is WireKind.STOP_LIMIT_GTC and not order.triggered:
                if wire.stop_price is not None and bid <= wire.stop_price:
                    order.triggered = True
                    self._take(order)
            elif ask < wire.limit_price if wire.side is BUY else bid > wire.limit_price:
                part = self._floor(wire.symbol, order.left * self.rng.choice(PARTS))
                self._execute(order, part if part > ZERO else order.left, wire.limit_price, Liquidity.MAKER)
        self._tick_while_working()
