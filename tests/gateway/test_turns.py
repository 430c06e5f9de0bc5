"""One core, many threads: each has his turn, what he is given stays as it is, and whoever must not wait does not."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.gateway.test_loop import looped
from tests.simulation.scenarios import buys
from tests.simulation.venue import VenueHabits
from tests.simulation.weather import Profile
from tests.simulation.world import World
from trader.gateway.service import Gateway
from trader.model.events import IntentStored, OrderChanged, OrderFilled
from trader.model.orders import OrderStatus
from trader.model.trading import TradingState
from trader.ops.kill import KillFlag, KillLatch
from trader.running.watching import watchdog

PATIENCE = 20.0
"""Nothing here takes long; a thread that is not over by then never will be."""


class Turns:
    """A gateway's lock that tells when somebody has to wait for it."""

    def __init__(self):
        self._lock, self.waited_for = threading.RLock(), threading.Event()

    def acquire(self, blocking=True):
        if self._lock.acquire(blocking=False):
            return True
        if not blocking:
            return False
        self.waited_for.set()
        return self._lock.acquire()

    def release(self):
        self._lock.release()

    def __enter__(self):
        self.acquire()

    def __exit__(self, *error):
        self.release()


class Held:
    """Whoever first calls *method* of *owner*, with what *counts*, stands there until somebody says `go_on`."""

    def __init__(self, owner, method, counts=lambda *arguments: True):
        self._inside, self._go_on, self._taken = threading.Event(), threading.Event(), threading.Lock()
        call = getattr(owner, method)

        def held(*arguments):
            if counts(*arguments) and self._taken.acquire(blocking=False):
                self._inside.set()
                assert self._go_on.wait(PATIENCE)
            return call(*arguments)

        setattr(owner, method, held)

    def wait(self):
        assert self._inside.wait(PATIENCE)

    def go_on(self):
        self._go_on.set()


class Doing(threading.Thread):
    """*what* in a thread of its own: its result, or what it raised; *then* is called when it is over."""

    def __init__(self, what, then=lambda: None):
        super().__init__(daemon=True)
        self._what, self._then, self.result, self.raised = what, then, None, None
        self.start()

    def run(self):
        try:
            self.result = self._what()
        except Exception as error:  # noqa: BLE001 - the test that asked looks at it
            self.raised = error
        finally:
            self._then()

    def over(self):
        self.join(PATIENCE)
        assert not self.is_alive()
        return self


class Venued:
    """A gateway on a venue that tells of fills late: something was bought in its first cycle, and is told by now."""

    def __init__(self, kind=Gateway):
        habits = VenueHabits(fill_lag_ms=2_000)
        self.world = World(1, 3, Profile("scripted", mood="still", habits=habits), wishes=lambda number: ())
        process = self.world.alive()
        process.cycle(0, (buys(),))
        self.books, self.disk = process.books, self.world.disk
        process.journal._committed = lambda events, snapshots: None  # what is written from here on is this test's
        process.market.last = process.books.following
        self.world.clock.until(self.world.clock.ms + 70_000)
        assert process.wired.is_unsure
        assert not self.fills
        self.gateway = kind(process.core, desk=None)
        self.turns = self.gateway._lock = Turns()

    @property
    def fills(self):
        return Counter(event.fill.fill_id for event in self.disk.events if isinstance(event, OrderFilled))

    @property
    def is_true(self):
        """Every fill is in the record once, and the books have what the venue has."""
        held = sum(position.size for position in self.books.ledger.positions.values())
        return {*self.fills.values()} == {1} and held == self.world.venue.base["BTC"]


class TakesNoTurn(Gateway):
    """The planted fault: the run's own thread does not wait for the look."""

    def close_out(self):
        return tuple(self._core.close_out())


def in_a_slow_answer(there):
    """The fills are read, and nothing of them is recorded yet."""
    return Held(there.books.wired.intake, "_take_fills")


def in_a_slow_commit(there):
    """The fills are about to be recorded."""

    def has_fills(events, *snapshots):
        return any(isinstance(event, OrderFilled) for event in events)

    return Held(there.books.journal, "append", has_fills)


@pytest.mark.req("X1", "X2")
@pytest.mark.parametrize(
    ("kind", "where"), [(Gateway, in_a_slow_answer), (Gateway, in_a_slow_commit), (TakesNoTurn, in_a_slow_commit)]
)
def test_history_is_closed_after_the_look_under_way_and_each_fill_is_recorded_once(kind, where):
    there = Venued(kind)
    held = where(there)

    look = Doing(there.gateway.look_again)
    held.wait()
    closing = Doing(there.gateway.close_out, there.turns.waited_for.set)
    assert there.turns.waited_for.wait(PATIENCE)  # it waits, or did not wait and is over
    held.go_on()
    look.over(), closing.over()

    is_sound = there.is_true and look.raised is closing.raised is None
    assert is_sound is (kind is Gateway), (there.fills, look.raised, closing.raised)


@pytest.mark.req("K1")
def test_while_the_last_bars_are_waited_for_questions_wait_and_the_watchdog_does_not():
    there = Venued()
    held = Held(there.gateway._core.market, "advance")

    closing = Doing(there.gateway.close_out)
    held.wait()
    there.gateway.look_again()  # passes
    assert len(there.gateway.at_venue()) == 1
    question = Doing(lambda: there.gateway.ask("GET", "/v1/account"))
    assert there.turns.waited_for.wait(PATIENCE)
    assert not there.fills
    held.go_on()

    assert sum(isinstance(event, OrderFilled) for event in closing.over().result) == len(there.fills) > 0
    assert '"positions"' in question.over().result
    assert there.is_true


def test_a_look_that_waits_has_its_turn_and_one_that_does_not_passes():
    there, looks = Venued(), []
    there.books.look_again = lambda: looks.append(threading.current_thread())
    there.gateway._lock.acquire()

    passes = Doing(there.gateway.look_again).over()
    waits = Doing(lambda: there.gateway.look_again(waits=True))
    assert there.turns.waited_for.wait(PATIENCE)
    there.gateway._lock.release()

    assert passes.raised is None
    assert looks == [waits.over()]


class Letting(dict):
    """A dict in the middle of whose telling another thread tries to look, and is over with it before it is told on."""

    look = None

    def values(self):
        for value in list(super().values())[:1]:
            yield value
            Doing(self.look).over()
        yield from super().values()


def writing(there):
    """A look that stores an intent each time, which ends at once."""
    intent, count = next(iter(there.books.wired.lives.lives.values())).intent, iter(range(1_000_000))

    def look():
        name = f"w{next(count)}"
        there.books.execution.record(IntentStored(intent.as_of, replace(intent, client_order_id=name)))
        there.books.execution.record(OrderChanged(intent.as_of, name, OrderStatus.NOT_SENT))

    return look


@pytest.mark.req("NF1")
def test_nobody_writes_while_somebody_reads_through_the_gateway():
    there = Venued()
    there.books.look_again = writing(there)
    there.books.ledger.working = Letting(there.books.ledger.working)
    Letting.look = there.gateway.look_again

    standing, nlv_usd = there.gateway.valued()

    assert (standing.state, nlv_usd > 0) == (TradingState.ACTIVE, True)
    assert there.gateway.ask("GET", "/v1/account")
    count = len(there.disk.events)
    there.books.book()  # negative control: past the gateway, somebody does write meanwhile
    assert len(there.disk.events) > count


@contextmanager
def quick_turns():
    """Threads take over from one another as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


@contextmanager
def constantly(what):
    over = threading.Event()

    def again_and_again():
        while not over.is_set():
            what()

    with quick_turns():
        doing = Doing(again_and_again)
        try:
            yield doing
        finally:
            over.set()
            doing.over()
    assert doing.raised is None, doing.raised


@pytest.mark.req("NF1")
def test_what_was_shown_stays_as_it_is_and_reading_never_fails_under_constant_writes():
    there = Venued()
    there.books.look_again = writing(there)
    gateway = there.gateway
    first = gateway.standing()
    seen = len(first.seen)

    with constantly(lambda: gateway.look_again(waits=True)) as writer:
        for _ in range(50):
            count = len(there.disk.events)
            standing, nlv_usd = gateway.valued()
            assert nlv_usd > 0
            assert len(gateway.standing().seen) >= len(standing.seen)
            assert len(gateway.at_venue()) == 1
            assert gateway.ask("GET", "/v1/account")
            while len(there.disk.events) == count and writer.is_alive():
                pass

    assert len(first.seen) == seen
    assert len(gateway.standing().seen) >= seen + 50


def told_one_by_one(live, times):
    for _ in range(times):
        assert [life.order_id for life in live.values() if life.order_id]


@pytest.mark.req("K1")
def test_the_venues_ids_are_told_without_a_turn_whoever_writes():
    """Every life comes and goes as fast as it can; a reader who tells them one by one is the negative control."""
    there = Venued()
    live = there.books.wired.lives.live
    one = next(iter(live.values()))
    names = [f"n{n}" for n in range(50)]

    def write():
        live.update(dict.fromkeys(names, one))
        for name in names:
            del live[name]

    with constantly(write):
        for _ in range(5_000):
            assert set(there.gateway.at_venue()) == {one.order_id}
        with pytest.raises(RuntimeError, match="changed size"):
            told_one_by_one(live, 1_000_000)


@pytest.mark.req("K1")
def test_a_signal_that_kills_takes_no_turn_whoever_has_it(tmp_path):
    there, let_go, has_it = Venued(), threading.Event(), threading.Event()
    kill = KillLatch(KillFlag(tmp_path).reason)
    ground, places = SimpleNamespace(open_canceller=None), SimpleNamespace(run_dir=tmp_path)
    session = SimpleNamespace(gateway=there.gateway, kill=kill, ground=ground, places=places)

    def hold():
        with there.gateway._lock:
            has_it.set()
            let_go.wait(PATIENCE)

    holder = Doing(hold)
    assert has_it.wait(PATIENCE)
    with watchdog(session, SimpleNamespace(critical=lambda sentence: None)):
        os.kill(os.getpid(), signal.SIGUSR1)
        assert kill.reason() == "signal SIGUSR1"
    assert not there.turns.waited_for.is_set()
    let_go.set()
    holder.over()


@pytest.mark.slow
@pytest.mark.req("STOP")
def test_nobody_looks_any_more_when_a_run_writes_its_last_record(tmp_path, monkeypatch):
    stopped, others = Gateway.stopped, []

    def told(self, reason):
        others.extend(thread.name for thread in threading.enumerate())
        stopped(self, reason)

    monkeypatch.setattr(Gateway, "stopped", told)
    looped(tmp_path, cycles=1)

    assert others
    assert "gateway-watch" not in others
