"""
Whoever else acts on the account: the operator at the kill switch, somebody with the app, the venue's own people.

They act in the middle of calls.  What the trader cannot know it must stop for; some minutes later the operator looks,
tells it what happened, and lets it go on.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from tests.simulation.prices import LISTINGS
from tests.simulation.venue import TrueOrder
from trader.model.events import CashMoved, Event, ExternalClaimed, ForeignHeld, StateMoved
from trader.model.market import asset_of
from trader.model.money import ZERO
from trader.model.trading import Side, TradingState
from trader.model.wire import WireKind, WireOrder

if TYPE_CHECKING:
    from tests.simulation.core_process import CoreProcess
    from tests.simulation.world import World

MINUTES_STOPPED = 4
FEES = ((Decimal(40), Decimal(60)), (Decimal(25), Decimal(40)), (Decimal(50), Decimal(80)))
"""Maker and taker in bps: as assumed, and the tiers on either side."""
MINUTE_MS = 60_000


class People:
    """Everybody but the trader; *killed* is the switch, pressed the instant somebody presses it."""

    def __init__(self, world: World, rng: Random) -> None:
        self.world, self.rng = world, rng
        self.killed = False
        self.killed_ms = 0
        self._stopped_for = 0
        self._manual = 0
        self._moved: Decimal = ZERO

    def minute(self) -> None:
        """What somebody does in the next minute, at some instant of it: most of all in its first seconds."""
        climate, rng, clock = self.world.climate, self.rng, self.world.clock
        for share, action in (
            (climate.kill, self.aim_at_kill),
            (climate.deposits, self.deposit),
            (climate.manual_orders, self.buy_in_the_app),
            (climate.manual_cancels, self.cancel_in_the_app),
            (climate.flags, self.flag),
            (climate.increments, self.change_increments),
            (climate.feed_stops, self.stop_the_feed),
            (climate.fees, self.change_fees),
            (climate.bad_ticks, self.print_a_bad_tick),
            (climate.clocks, self.disturb_the_time),
        ):
            if share and rng.random() < share:
                when = rng.randrange(3_000) if rng.random() < 0.6 else rng.randrange(MINUTE_MS)
                clock.after(when, action)

    def aim_at_kill(self) -> None:
        """Press kill, not at a time but at one of the next steps of the trader: in between is where it hurts."""
        self.world.presses_at = self.world.points + self.rng.randrange(25)

    def press_kill(self) -> None:
        """From this instant on nothing may leave."""
        if not self.killed:
            self.killed, self.killed_ms = True, self.world.clock.ms
            self.world.fault("kill")

    def deposit(self) -> None:
        """Money comes in or goes out, and the trader is not asked."""
        self._transfer(Decimal(self.rng.randrange(-200_000, 500_000)) / 100)

    def withdraw(self, usd: Decimal) -> None:
        """Money goes out."""
        self._transfer(-usd)

    def _transfer(self, amount: Decimal) -> None:
        before = len(self.world.venue.transfers)
        self.world.venue.transfer("USD", amount)
        if len(self.world.venue.transfers) > before and abs(self.world.venue.transfers[-1][2]) > Decimal("0.01"):
            moved = self.world.venue.transfers[-1][2]
            if moved > ZERO and not self.world.oracle.compared:
                return  # the account is not known yet: whatever more is in it is not the trader's
            self._moved += moved
            self.world.oracle.money_moved(moved)
            self._not_ours("deposit")

    def buy_in_the_app(self, fills: bool = False) -> None:
        """An order of ours that the trader did not place; *fills*: at once."""
        listing = LISTINGS[self.rng.randrange(len(LISTINGS))]
        venue, symbol = self.world.venue, listing.symbol
        bid, ask = venue.quote(symbol)
        step, grain = venue.price_increments[symbol], venue.base_increments[symbol]
        price = (ask if self.rng.random() < 0.5 or fills else bid * Decimal("0.97")) // step * step
        size = Decimal(100) / price // grain * grain
        self._manual += 1
        kind = WireKind.LIMIT_GTC
        wire = WireOrder(f"app-{self._manual}", symbol, Side.BUY, kind, max(size, listing.base_min_size), price)
        if isinstance(venue.accept(wire, "person"), TrueOrder):
            self._not_ours("manual order")

    def cancel_in_the_app(self) -> None:
        """Somebody ends an order of the trader's."""
        ours = [order for order in self.world.venue.working.values() if order.by == "us"]
        if ours:
            self.world.venue.cancel(self.rng.choice(ours).order_id, "person")
            self.world.fault("manual cancel")

    def flag(self) -> None:
        """The venue lets nobody enter a product for a while."""
        flags = self.world.venue.flags[self.rng.choice(sorted(self.world.venue.flags))]
        name = self.rng.choice(("cancel_only", "post_only", "view_only"))
        setattr(flags, name, True)
        self.world.clock.after(self.rng.randrange(30_000, 240_000), lambda: setattr(flags, name, False))
        self.world.fault(f"flag {name}")

    def change_increments(self) -> None:
        """A product's grid grows coarser, under way."""
        venue, symbol = self.world.venue, self.rng.choice(sorted(self.world.venue.flags))
        finest = venue.paths[symbol].listing
        venue.base_increments[symbol] = finest.base_increment * self.rng.choice((1, 10, 100))
        venue.price_increments[symbol] = finest.price_increment * self.rng.choice((1, 5))
        self.world.fault("increments")

    def stop_the_feed(self) -> None:
        """The streams stay connected and tell nothing any more, for a while."""
        feed, clock = self.world.feed, self.world.clock
        if feed.stopped_ms is None:
            feed.stopped_ms = clock.ms
            clock.after(self.rng.randrange(2_000, 150_000), feed.go_on)
            self.world.fault("feed stopped")

    def change_fees(self) -> None:
        """The account comes into another tier."""
        venue = self.world.venue
        venue.maker_bps, venue.taker_bps = self.rng.choice(FEES)
        self.world.oracle.fees_changed()
        self.world.fault("fees")

    def print_a_bad_tick(self) -> None:
        """The feed quotes a symbol far from where it trades, and the guard does not accept it."""
        feed, symbol = self.world.feed, LISTINGS[self.rng.randrange(len(LISTINGS))].symbol
        if symbol not in feed.bad:
            feed.bad[symbol] = Decimal(self.rng.choice(("0.5", "0.8", "1.3", "2")))
            self.world.clock.after(self.rng.randrange(2_000, 200_000), lambda: feed.mend(symbol))
            self.world.fault("bad tick")

    def disturb_the_time(self) -> None:
        """The host sleeps at one of the trader's next steps or is frozen, its wall clock is set, or its line is bad."""
        world, dice = self.world, self.rng.randrange(4)
        if dice == 0:
            world.sleeps_at = world.points + self.rng.randrange(25)
        elif dice == 1:
            world.host.steps()
        elif dice == 2:
            world.line.far()
        else:
            world.freezes = True

    def _not_ours(self, kind: str) -> None:
        self.world.oracle.unexplained += 1
        self.world.fault(kind)

    # The operator at the trader's door

    def to_the_door(self, trader: CoreProcess) -> bool:
        """Tell the trader what the operator wants; whether anything was."""
        state = trader.ledger.state
        if self.killed and state is not TradingState.KILLED:
            trader.heed_kill()
            return True
        if state is TradingState.ACTIVE:
            self._stopped_for = self.world.cycle_number
            return False
        if self.world.cycle_number - self._stopped_for < MINUTES_STOPPED or not self._at_rest(trader):
            return False
        self._explain(trader)
        return True

    def _at_rest(self, trader: CoreProcess) -> bool:
        """Nothing is on its way and every fill is in: only then can balances be told apart."""
        world = self.world
        taken = trader.lives.fills
        return (
            not trader.at_work
            and not world.wire.may_arrive()
            and all(one.order.by != "us" or one.entry_id in taken for one in world.venue.executions)
            and not any(order.by == "person" for order in world.venue.working.values())
            and all(order.by == "us" or order.order_id in trader.lives.external for order in world.venue.orders)
        )

    def _explain(self, trader: CoreProcess) -> None:
        world, now, ledger = self.world, self.world.clock.now(), trader.ledger
        events: list[Event] = [ExternalClaimed(now, order.order_id, "operator") for order in trader.lives.unclaimed]
        if self._moved:
            events.append(CashMoved(now, self._moved, "deposit"))
        cash = ledger.cash_usd + self._moved
        held = dict.fromkeys(world.venue.base, ZERO)
        for (_, symbol), position in ledger.positions.items():
            held[asset_of(symbol)] += position.size
        truth = {"USD": world.venue.cash - cash}
        truth |= {asset: size - held[asset] for asset, size in world.venue.base.items()}
        events.append(ForeignHeld(now, {name: amount for name, amount in truth.items() if amount}))
        events.append(StateMoved(now, TradingState.ACTIVE, "looked at it", "operator"))
        self._moved, self.killed = ZERO, False
        world.oracle.unexplained = 0
        world.oracle.moved.clear()
        trader.let_go_on(events)
        world.seen["operator went on"] += 1
