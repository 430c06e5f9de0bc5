"""
The process under test as it runs in LIVE: the gateway's own core over its own books, on a venue in memory.

Nothing of it is made up here: `Books` recovers from the journal and looks a last time before every send, `TradingCore`
begins, judges and finishes, and the scheduler's rule says which minute a process may still decide on.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.simulation.clock import START_MS, at
from tests.simulation.host import Hearing
from tests.simulation.house import STRATEGIES, SYMBOLS
from tests.simulation.market import SimulatedMarket
from tests.simulation.oracle import Violation
from trader.config import Config, load_config
from trader.execution.lifecycle import Lifecycle
from trader.execution.wire_setup import WireSetup
from trader.execution.wiring import WirePolicy
from trader.gateway.account import Account
from trader.gateway.books import Books
from trader.gateway.core import Cycle, StaleCycle, TradingCore
from trader.gateway.desk_info import StrategyFacts
from trader.model.decision import Proposals
from trader.model.events import Event
from trader.model.trading import TradeProposal
from trader.ops.scheduler import next_start
from trader.ports import Journal
from trader.risk.freshness import Freshness
from trader.running.clock import unsure
from trader.running.coinbase_ground import last_look
from trader.running.venue import FeeWatch, wrong_fees
from trader.state.ledger import Ledger

if TYPE_CHECKING:
    from tests.simulation.world import World

MINUTE_MS = 60_000
MINUTE = timedelta(minutes=1)
WATCH_MS, KILLED_MS, LOOK_MS = 1_000, 2_000, 20_000
FACTS = tuple(StrategyFacts(name, 60, 2) for name in STRATEGIES)
FRESHNESS = Freshness()
AGAIN, SILENT = 0.05, 0.3
"""How often a cell is run again, and how often a kernel that should be dead answers."""


@cache
def config() -> Config:
    """The house's own: its fees are the ones assumed here."""
    return load_config(Path(__file__).resolve().parents[2] / "config")


class CoreProcess:
    """One life of the trader in *world*; a mutant overrides a part of it."""

    books_type: type[Books] = Books
    core_type: type[TradingCore] = TradingCore

    def __init__(self, world: World, journal: Journal) -> None:
        self.world, self.journal = world, journal
        hearing = Hearing(world.host, world.line) if world.climate.clocks else None
        clock = self.clock = world.clock if hearing is None else hearing.clock
        market = self.market = SimulatedMarket(world.feed, world.minutes, clock.now(), hearing)
        fees = FeeWatch(world.wire, config(), clock=clock)
        fees.wrong = wrong_fees(world.wire.told_terms(), config())  # nobody starts who pays another fee

        def freshen(symbols: Sequence[str]) -> None:
            fees.ask()
            if hearing is not None:
                hearing.rest.time()

        setup = WireSetup(
            world.wire,
            clock,
            SYMBOLS,
            self.policy(),
            market.quote,
            lambda symbol: world.climate.stops_rest,
            freshen,
        )

        def no_entry() -> str:
            return fees.wrong or ("" if hearing is None else unsure(hearing.clock))

        self.books = self.books_type(
            world.desk,
            market,
            journal,
            Account("live", "sim", world.cash, "0", ""),
            wire=setup,
            forbids=last_look(market, clock, FRESHNESS, no_entry),  # type: ignore[arg-type]
            killed=self.killed,
        )
        assert self.books.wired is not None
        self.wired = self.books.wired
        self.core = self.core_type(self.books, FACTS)
        self._previous: datetime | None = None
        self._last = ""

    def policy(self) -> WirePolicy:
        """How intents meet the venue, in this climate."""
        climate = self.world.climate
        asks_first = climate.slow_preview > 0 or self.world.seed % 3 == 0
        return WirePolicy(preview=asks_first, maker_ttl=climate.maker_minutes * MINUTE)

    def killed(self) -> str:
        """The kill switch, as the process reads it."""
        return "kill was pressed" if self.world.people.killed else ""

    @property
    def ledger(self) -> Ledger:
        return self.books.ledger

    @property
    def lives(self) -> Lifecycle:
        return self.wired.lives

    @property
    def at_work(self) -> bool:
        """Something is at the venue, or may be, that needs looking after."""
        return any(life.at_venue and not life.intent.protects for life in self.lives.live.values())

    def take_up(self) -> None:
        """What is done once the books are taken up, before the first cycle."""
        self.core.started(self.world.lives)
        self.books.look_again()

    def sync(self) -> bool:
        return self.wired.sync()

    def heed_kill(self) -> None:
        self.books.look_again()

    def cycle(self, number: int, proposed: tuple[TradeProposal, ...]) -> None:
        """The cycle of minute *number*, if its window is not over and it was not decided on before."""
        world, as_of = self.world, at(START_MS + number * MINUTE_MS)
        now = self.clock.now()
        slot = next_start(self._previous, MINUTE, now, world.jitter)
        if slot.as_of != as_of:
            world.seen["slot missed"] += 1
            return
        world.clock.pass_ms((slot.starts_at - now) // timedelta(milliseconds=1))
        self._previous = slot.as_of
        k = self.market.index_at_or_after(as_of)
        if k < self.books.following:
            world.seen["slot decided already"] += 1
            return
        read, unread = world.wire.read, world.wire.unread
        cycle = self.core.begin(k)
        world.deciding(cycle.snapshot, self.books.book(), world.wire.read == read or world.wire.unread > unread)
        proposals = Proposals(cycle.id, cycle.snapshot.as_of, proposed)
        self._answers_late(cycle, proposals)
        if proposed or world.cells.random() > SILENT:  # a notebook that dies says nothing; nothing it wanted is lost
            self.core.submit(cycle.id, proposals)
        self._answers_late(cycle, proposals)
        world.decided(self.core.finish(cycle.id, "complete").decision)
        self._last = cycle.id

    def _answers_late(self, cycle: Cycle, proposals: Proposals) -> None:
        """A cell is run once more, or a kernel of an earlier cycle wakes up: neither may count."""
        dice, decided = self.world.cells.random(), cycle.decision
        if decided is not None and dice < AGAIN:
            if self.core.submit(cycle.id, replace(proposals, proposals=proposals.proposals * 2)) is not decided:
                raise Violation("I-3", f"cycle {cycle.id} was answered twice and decided twice")
            self.world.seen["submitted again"] += 1
        elif self._last and dice > 1 - AGAIN:
            with suppress(StaleCycle):
                self.core.submit(self._last, replace(proposals, snapshot_id=self._last))
                raise Violation("I-3", f"cycle {self._last} is over and was answered all the same")
            self.world.seen["submitted late"] += 1

    def between(self, end: int) -> None:
        """Look after what may not wait until the next cycle: seldom in peace, every other second under kill."""
        world = self.world
        clock, people = world.clock, world.people
        looked = clock.ms
        while clock.ms < end:
            people.to_the_door(self)
            if world.trader is not self:  # the operator has been here: another process goes on
                world.alive().between(end)
                return
            restless = self.at_work or people.killed or self.wired.is_unsure
            clock.until(min(end, clock.ms + (WATCH_MS if restless else MINUTE_MS)))
            pause = KILLED_MS if people.killed else LOOK_MS
            if restless and clock.ms < end and clock.ms - looked >= pause:
                self.books.look_again()
                looked = clock.ms

    def rests(self) -> None:
        """The account is at rest: what is in memory is what the record says."""
        self.world.audit.replayed(self.world.disk.events, self.ledger, self.lives)

    def let_go_on(self, events: Sequence[Event]) -> None:
        """The operator stops the process, writes down what he knows, and starts it again."""
        self.core.stopped("stopped by the operator")
        self.rests()
        self.world.operator_writes(events)
