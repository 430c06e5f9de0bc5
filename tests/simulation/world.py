"""
One seed, lived through: a venue, its weather, its people, and a trader that may die and come back at any point.

The trader is the real one — desk, rules, ledger, execution — driven as the gateway drives it; only venue, journal and
clock are made up.  `run` lives through the cycles, lets everything come to rest and has the oracle judge the books.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from random import Random

from tests.simulation.audit import Audit
from tests.simulation.clock import START_MS, VirtualClock, at, ms_of
from tests.simulation.core_process import CoreProcess
from tests.simulation.feed import Feed
from tests.simulation.host import Host, Line
from tests.simulation.house import CAPS, SYMBOLS, THEMES, desk_of, wishes_of
from tests.simulation.journal import Disk, SimulatedJournal
from tests.simulation.market import Minutes
from tests.simulation.oracle import Oracle
from tests.simulation.people import People
from tests.simulation.prices import LISTINGS, TICK_MS, a_path
from tests.simulation.venue import TrueOrder, Venue
from tests.simulation.weather import CALM, LIES, Profile, profile_of
from tests.simulation.wire import SimulatedWire, Told
from trader.model.book import Book
from trader.model.decision import Decision
from trader.model.events import Event
from trader.model.market import Snapshot
from trader.model.orders import Position
from trader.model.trading import TradeProposal, TradingState
from trader.model.wire import WireOrder

MINUTE_MS = 60_000
CASH = Decimal(100_000)
REST_MINUTES = 9
"""Long enough for the last token to expire, the last list to be true and two scans to prove an absence."""
POINTS_A_CYCLE = 40


class Crash(BaseException):
    """The process is gone, here and now; nothing catches it but the world."""


@dataclass(slots=True)
class Fate:
    """
    When the process dies: *at* counts points from the start, *again* those of each life after (nested crashes).

    *kill_at* is the point at which kill is pressed, *after* an event: it dies once it has committed the first such one.
    *pause_ms* is how long nobody trades then, where it is not drawn.
    """

    at: int = -1
    again: tuple[int, ...] = ()
    kill_at: int = -1
    after: type[Event] | None = None
    pause_ms: int | None = None


@dataclass(slots=True)
class Outcome:
    """What a seed came to."""

    seed: int
    profile: str
    cycles: int
    points: int
    seen: Counter[str]
    head: str = ""
    trace: tuple[str, ...] = ()


@dataclass
class World:
    """
    One seed's world.  *profile* overrides the seed's own, *making* how the trader is made (mutants), *fate* where it
    dies besides what the profile draws; *wishes*, where given, replaces what the strategies want, by cycle number.
    """

    seed: int
    cycles: int = 120
    profile: Profile | None = None
    making: Callable[..., CoreProcess] = CoreProcess
    fate: Fate = field(default_factory=Fate)
    wishes: Callable[[int], tuple[TradeProposal, ...]] | None = None
    traced: bool = False

    def __post_init__(self) -> None:
        climate = self.climate = self.profile or profile_of(self.seed)
        self.started_as = climate.name
        self.seen: Counter[str] = Counter()
        self.trace: list[str] = []
        self.clock = VirtualClock(START_MS)
        ticks = (self.cycles + REST_MINUTES + 20) * MINUTE_MS // TICK_MS
        paths = {one.symbol: a_path(one, climate.mood, START_MS, ticks, self.draws(one.symbol)) for one in LISTINGS}
        self.venue = Venue(self.clock, paths, CASH, self.draws("venue"), replace(climate.habits))
        told = Told(fault=self.fault, point=self.point, said=self.say if self.traced else None)
        self.wire = SimulatedWire(self.venue, self.clock, self.draws("wire"), climate, told)
        self.feed = Feed(self.venue, self.clock)
        self.host = Host(self.clock, self.draws("host"), self.fault)
        self.line = Line(self.clock, self.draws("line"), self.fault, self.point)
        self.people = People(self, self.draws("people"))
        self.oracle = Oracle(
            self.venue, self.wire, self.clock, CAPS[climate.caps], THEMES, lambda: self.people.killed,
            self.feed, self.seen, self.told_time,
        )  # fmt: skip
        self.audit = Audit(self.oracle, self.feed, self.clock, self.seen, stops_rest=climate.stops_rest)
        told.sending, told.answered = self._sending, self.oracle.answered
        told.cancelling, told.owing = self.audit.cancelling, self.oracle.owing
        told.weighing = self.oracle.weighing
        self.venue.watch = self._watched
        self.disk = Disk()
        self.trader: CoreProcess | None = None
        self.points, self.dies_at, self.presses_at = 0, self.fate.at, self.fate.kill_at
        self.sleeps_at, self.is_in_cycle, self.freezes = -1, False, False
        self.lives, self.cycle_number, self.points_lived = 0, 0, 0
        self.point_names: list[str] = []
        self.desk, self.cash = desk_of(climate.caps, climate.entry_style, climate.trails), CASH
        self.minutes = Minutes(self.venue, START_MS)
        self._wishing, self._dying, self.jitter = self.draws("wishes"), self.draws("crashes"), self.draws("jitter")
        self.cells = self.draws("cells")

    def draws(self, name: str) -> Random:
        """A stream of its own for each thing that is drawn."""
        return Random(f"{self.seed}:{name}")

    # What happens in a world

    def run(self) -> Outcome:
        """Live through it; raises `Violation` where a promise was broken."""
        for number in range(self.cycles):
            self._minute(number, self.climate.wishes)
        self.calm_down()
        for _ in range(REST_MINUTES):
            self._minute(self._next_minute(), 0.0)
        self.clock.until(self.clock.ms // TICK_MS * TICK_MS + TICK_MS + 1)
        self.alive().sync()  # a stop may have been hit in the last second
        self.oracle.finish()
        self.audit.finish()
        self.alive().rests()
        if self.climate.stops_rest and self.trader is not None and self.trader.ledger.state is TradingState.ACTIVE:
            held = self.trader.ledger.positions
            self.oracle.protected({key: one for key, one in held.items() if not self._below_its_stop(one)})
        self._trades_again()
        head = self.disk.head() if self.traced else ""
        return Outcome(self.seed, self.started_as, self.cycles, self.points, self.seen, head, tuple(self.trace))

    def _below_its_stop(self, held: Position) -> bool:
        """No venue takes a stop that the price has passed; the next minute sells it."""
        return held.stop_price is not None and self.venue.quote(held.symbol)[0] <= held.stop_price

    def calm_down(self) -> None:
        """Nothing goes wrong from now on."""
        self.wire.profile, self.points_lived = CALM, self.points
        self.freezes, self.sleeps_at = False, -1
        if not self.fate.at >= 0:
            self.dies_at = -1
        before = self.climate
        self.climate = replace(
            CALM, caps=before.caps, entry_style=before.entry_style, stops_rest=before.stops_rest,
            maker_minutes=before.maker_minutes,
        )  # fmt: skip
        for flags in self.venue.flags.values():
            flags.cancel_only = flags.limit_only = flags.view_only = flags.post_only = False
        self.feed.go_on()
        self.feed.bad.clear()
        habits = self.venue.habits
        habits.order_lag_ms = habits.fill_lag_ms = 0
        habits.zero_fill = habits.thin = habits.race = 0.0

    def _trades_again(self) -> None:
        """L-1: after the calm the account does what it is for, unless somebody stopped it."""
        if self.trader is None or self.trader.ledger.state is not TradingState.ACTIVE or self.people.killed:
            self.seen["stopped at the end"] += 1
            return
        self._minute(self._next_minute(), 2.0)
        self.seen["went on at the end"] += 1

    def _next_minute(self) -> int:
        """The one that follows by the trader's clock: minutes that its machine slept through do not count as rest."""
        return max(self.cycle_number + 1, (ms_of(self.told_time()) - START_MS) // MINUTE_MS)

    def _minute(self, number: int, wishes: float) -> None:
        """One cycle, and what lies between it and the next; where the process dies, another takes over."""
        self.cycle_number = number
        self.clock.until(max(START_MS + number * MINUTE_MS, self.clock.ms))
        if self.freezes:
            self.freezes = False
            self.host.freezes()
        if self.climate.crash and self._dying.random() < self.climate.crash:
            self.dies_at = self.points + 1 + self._dying.randrange(POINTS_A_CYCLE)
        self.people.minute()
        proposed = self._proposals(number, wishes)
        end = START_MS + (number + 1) * MINUTE_MS
        while not self._lived(number, proposed, end):
            pass  # whoever takes over lives through the rest of the minute

    def _lived(self, number: int, proposed: tuple[TradeProposal, ...], end: int) -> bool:
        try:
            trader, self.is_in_cycle = self.alive(), True
            trader.cycle(number, proposed)
            self.is_in_cycle = False
            self.alive().between(end)
        except Crash:
            self.is_in_cycle = False
            self._died()
            return False
        return True

    def _proposals(self, number: int, wishes: float) -> tuple[TradeProposal, ...]:
        if self.wishes is not None:
            return self.wishes(number)
        held = frozenset(self.trader.ledger.positions) if self.trader else frozenset()
        return wishes_of(self._wishing, wishes * 0.4, self.climate.sells if wishes else 0.0, held)

    def alive(self) -> CoreProcess:
        """The process that trades; a new one where there is none."""
        while self.trader is None:
            journal = SimulatedJournal(self.disk, self.clock, self.point, self._committed)
            self.lives += 1
            try:
                self.trader = self.making(self, journal)
                self.trader.take_up()
            except Crash:
                self.seen["died taking up"] += 1
                self._died()
        return self.trader

    def _died(self) -> None:
        self.seen["restarts"] += 1
        self.oracle.died()
        self.audit.died()
        if self.trader is not None:
            for life in self.trader.lives.live.values():
                self.seen[f"fault crash × {life.status.value}"] += 1
        self.trader = None
        again = self.fate.again
        if self.lives <= len(again):
            self.dies_at = self.points + again[self.lives - 1]
        elif self.climate.crash and self._dying.random() < 0.3:
            self.dies_at = self.points + 1 + self._dying.randrange(12)
        else:
            self.dies_at = -1
        pause = 1_000 + self._dying.randrange(20_000)
        self.clock.pass_ms(pause if self.fate.pause_ms is None else self.fate.pause_ms)

    # Who is told

    def point(self, name: str) -> None:
        """A place where the process may die."""
        self.points += 1
        if self.wishes is not None:
            self.point_names.append(name)
        if self.points - 1 == self.presses_at:
            self.people.press_kill()
        if self.points - 1 == self.sleeps_at and self.is_in_cycle:
            self.host.sleeps()
        if self.points - 1 == self.dies_at:
            self.dies_at = -1
            self.say(f"dies at {name}")
            self.seen[f"died at {name}"] += 1
            raise Crash(name)

    def fault(self, kind: str) -> None:
        """Something has gone wrong: in which state did it find the orders."""
        if self.trader is not None:
            for life in self.trader.lives.live.values():
                self.seen[f"fault {kind} × {life.status.value}"] += 1
        self.seen[f"fault {kind}"] += 1
        if kind in ("an overfill", "a second order of one id", "an odd row"):
            self.oracle.unexplained += 1
        if kind == "another's id" or kind in LIES:
            self.oracle.excused = True

    def say(self, text: str) -> None:
        """One line of the trace."""
        if self.traced:
            self.trace.append(f"{self.clock.ms - START_MS} {text}")

    def told_time(self) -> datetime:
        """What the trader takes the time for."""
        return self.clock.now() if self.trader is None else self.trader.clock.now()

    def _sending(self, wire: WireOrder) -> None:
        self.oracle.sending(wire)
        self.audit.sending(wire)

    def _committed(self, events: Sequence[Event], snapshots: Mapping[str, str]) -> None:
        self.oracle.committed(events)
        self.audit.committed(events, snapshots)
        if self.fate.after is not None and any(isinstance(event, self.fate.after) for event in events):
            self.fate, self.dies_at = replace(self.fate, after=None), self.points
        if self.traced:
            for event in events:
                self.say(f"commit {event!r}")

    def _watched(self, kind: str, order: TrueOrder) -> None:
        self.seen[f"venue {kind}"] += 1
        if kind == "ended" and self.people.killed and self.started_as == "scripted" and not self.seen["restarts"]:
            self.oracle.ended_under_kill(order, self.people.killed_ms)
        if kind == "executed" and order.cancel_ms is not None:
            self.seen["cancel/fill race"] += 1
        if self.traced:
            self.say(f"venue {kind} {order.order_id} {order.filled}")

    def deciding(self, snapshot: Snapshot, book: Book, blind: bool) -> None:
        """A decision is about to be made on *snapshot* and *book*; *blind*: the venue did not answer before it."""
        self.oracle.deciding(snapshot, book)
        self.audit.deciding(snapshot, book, blind)

    def decided(self, decision: Decision | None) -> None:
        """Count what was decided."""
        if decision is None:
            return
        for verdict in decision.verdicts:
            for objection in verdict.objections:
                self.seen[f"gate {objection.risk_reason.value}"] += 1
        for trip in decision.trips:
            self.seen[f"gate {trip.risk_reason.value}"] += 1
        if decision.intents:
            self.seen["decisions with intents"] += 1

    def operator_writes(self, events: Sequence[Event]) -> None:
        """What the operator has to say, in a journal that no process has open; the next reads it."""
        SimulatedJournal(self.disk, self.clock, committed=self._committed).append(events)
        self.trader = None


__all__ = ["CASH", "SYMBOLS", "Crash", "Fate", "Outcome", "World", "at"]
