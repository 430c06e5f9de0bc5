"""
The process under test, as the gateway composes it: everything in it comes from the journal and nothing outlives it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.simulation.clock import START_MS, at
from tests.simulation.house import SYMBOLS, THEMES, snapshot_of
from trader.desk import dispose
from trader.execution.lifecycle import Lifecycle
from trader.execution.wire_engine import WireExecution, WireSetup
from trader.execution.wiring import WirePolicy
from trader.model.decision import Decision, Proposals
from trader.model.events import AccountOpened, CycleBegan, CycleEnded, Event, Marked, StateMoved
from trader.model.market import Quote
from trader.model.orders import OrderIntent
from trader.model.trading import TradeProposal, TradingState
from trader.ports import Journal
from trader.state.ledger import Ledger

if TYPE_CHECKING:
    from tests.simulation.world import World

STOPPED = (TradingState.HALTED, TradingState.KILLED)
MAX_QUOTE_AGE_MS = 5_000
MINUTE_MS = 60_000
WATCH_MS, LOOK_MS = 1_000, 20_000


class TraderProcess:
    """One life of the trader in *world*; a mutant overrides a part of it."""

    lifecycle: type[Lifecycle] = Lifecycle
    ledger_type: type[Ledger] = Ledger
    execution_type: type[WireExecution] = WireExecution

    def __init__(self, world: World, journal: Journal) -> None:
        self.world, self.journal = world, journal
        self.ledger, self.lives = self.ledger_type(), self.lifecycle()
        self.decided_ms = world.clock.ms
        events = list(journal.replay())
        self.ledger.apply_all(events)
        self.lives.apply_all(events)
        since = max((event.time for event in events if isinstance(event, Marked)), default=at(START_MS))
        setup = WireSetup(
            world.wire, world.clock, SYMBOLS, self.policy(), self.quote, lambda symbol: world.climate.stops_rest
        )
        self.execution = self.execution_type(journal, self.ledger, setup, self.lives, since, self.last_look)
        if not events:
            self.record(AccountOpened(world.clock.now(), "live", "sim", world.venue.cash, "0", ""))

    def policy(self) -> WirePolicy:
        """How intents meet the venue, in this climate."""
        return WirePolicy(preview=self.world.climate.slow_preview > 0 or self.world.seed % 3 == 0)

    def quote(self, symbol: str) -> Quote:
        """What the feed has just now."""
        return Quote(symbol, *self.world.venue.quote(symbol), self.world.clock.now())

    def last_look(self, intent: OrderIntent) -> str | None:
        """As the gateway looks: the kill switch, the state, the age of the quotes; no I/O."""
        world = self.world
        if world.people.killed:
            return "kill was pressed"
        if self.ledger.state in STOPPED:
            return f"trading is {self.ledger.state.value}"
        entering = intent.side.value == "BUY"
        if entering and self.ledger.state is not TradingState.ACTIVE:
            return f"trading is {self.ledger.state.value}"
        if entering and not intent.replaces and world.clock.ms - self.decided_ms > MAX_QUOTE_AGE_MS:
            return "the quotes are too old"
        return None

    @property
    def at_work(self) -> bool:
        """Something is at the venue, or may be, that needs looking after."""
        return any(life.at_venue and not life.intent.protects for life in self.lives.live.values())

    def take_up(self) -> None:
        self.execution.take_up()
        self.execution.sync()

    def sync(self) -> bool:
        return self.execution.sync()

    def heed_kill(self) -> None:
        """As the operator's word reaches it."""
        self.record(StateMoved(self.world.clock.now(), TradingState.KILLED, "kill", "operator"))

    def let_go_on(self, events: Sequence[Event]) -> None:
        """The operator's words, heard by a process that runs."""
        self.record(*events)

    def cycle(self, number: int, proposed: tuple[TradeProposal, ...]) -> None:
        """Take in, decide and carry out."""
        world = self.world
        world.people.to_the_door(self)
        reached = self.sync()
        now, cycle_id = world.clock.now(), f"c{number}"
        snapshot = snapshot_of(cycle_id, world.venue, world.clock, self.ledger.positions)
        marks = {symbol: quote.mid for symbol, quote in snapshot.quotes.items()}
        self.record(Marked(now, self.ledger.nlv_usd(marks)), CycleBegan(now, cycle_id, ""))
        book = self.ledger.book(now, marks, THEMES, {})
        proposals = Proposals(cycle_id, now, proposed if reached else ())
        decision = dispose(world.desk, snapshot, book, proposals)
        world.deciding(snapshot, book)
        world.decided(decision)
        self.decided_ms = world.clock.ms
        self.carry_out(decision, proposals, cycle_id)
        self.record(CycleEnded(world.clock.now(), cycle_id, "complete"))

    def between(self, end: int) -> None:
        """Look after what works until the next cycle: seldom in peace, every other second under kill."""
        clock, people = self.world.clock, self.world.people
        looked = clock.ms
        while clock.ms < end:
            if people.to_the_door(self):
                self.sync()
            working = self.at_work
            clock.until(min(end, clock.ms + (WATCH_MS if working else MINUTE_MS)))
            pause = 2 * WATCH_MS if people.killed else LOOK_MS
            if working and clock.ms < end and clock.ms - looked >= pause:
                self.sync()
                looked = clock.ms

    def record(self, *events: Event) -> None:
        self.execution.record(*events)

    def carry_out(self, decision: Decision, proposals: Proposals, cycle_id: str) -> None:
        self.execution.carry_out(decision, proposals, cycle_id)

    def cancel(self, client_order_ids: Sequence[str]) -> None:
        self.execution.cancel(client_order_ids)
