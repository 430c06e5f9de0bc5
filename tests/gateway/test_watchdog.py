"""The watchdog in real threads: nothing the gateway waits for, and no session that hangs, keeps it from its work."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import pytest

from tests.backtest.worlds import World, job_of
from tests.exchange.coinbase_worlds import HostTime
from tests.gateway.paper import a_core
from tests.gateway.sweeping import FakeVenue
from trader.gateway import watchdog as module
from trader.gateway.service import Gateway
from trader.gateway.watchdog import LOOK_SECONDS, WORKERS, Watchdog
from trader.ops.kill import KillFlag, KillLatch
from trader.ports import Seen, WireDown
from trader.state.memory import MemoryJournal

pytestmark = pytest.mark.slow


class RealTime(HostTime):
    """The host's clock, and sleeping sleeps."""

    def sleep(self, seconds):
        time.sleep(seconds)


class QuickVenue(FakeVenue):
    """Safe to use from threads, in real time."""

    def __init__(self, **more):
        super().__init__(RealTime(), **more)
        self.clock.seconds = 0.0
        self._lock = threading.RLock()
        self.opened = 0

    def open(self):
        self.opened += 1
        return self

    def working(self, part):
        with self._lock:
            return super().working(part)

    def cancel(self, order_ids):
        with self._lock:
            return super().cancel(order_ids)


class Hanging:
    """A session whose every call waits for ever, and counts who waits."""

    parts = 1

    def __init__(self, until):
        self._until = until

    def working(self, part):
        self._until.wait(30)
        return Seen(())

    def cancel(self, order_ids):
        return {}

    def close(self):
        pass


@contextmanager
def watching(flag, opener=None, watchdog=Watchdog, **more):
    heard = []
    dog = watchdog(KillLatch(flag.reason), RealTime(), heard.append, opener, **more)
    dog.start()
    try:
        yield dog, heard
    finally:
        dog.close()


def waited(seen, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not seen() and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(seen())


@pytest.fixture
def flag(tmp_path):
    (tmp_path / "run").mkdir()
    return KillFlag(tmp_path / "run")


@pytest.mark.req("K1")
def test_unpressed_it_opens_no_session_and_says_nothing(flag):
    venue = QuickVenue()
    venue.rest("entry")
    with watching(flag, venue.open) as (dog, heard):
        time.sleep(2 * LOOK_SECONDS)
        assert (venue.opened, heard, dog.is_clear, list(venue.orders)) == (0, [], True, ["entry"])


@pytest.mark.req("K1")
def test_pressed_it_says_so_at_once_and_empties_the_venue(flag):
    venue = QuickVenue()
    venue.rest(*map(str, range(150)))
    with watching(flag, venue.open) as (dog, heard):
        flag.press("it lies")
        assert dog.wait_until_clear(5.0, lambda: False)
        assert waited(lambda: len(heard) == 2)

    assert (venue.orders, venue.opened) == ({}, WORKERS)
    assert heard[0].startswith("kill switch: it lies; no order leaves any more")
    assert "the venue shows no working order" in heard[1]


def the_gateway_hangs():
    """A gateway that holds its lock, as in a call that does not return."""
    gateway = Gateway(a_core(job_of(World(bars=80)), MemoryJournal()), desk=None)
    gateway._lock.acquire()
    return gateway


class SharesTheLock(Watchdog):
    """The planted fault: it looks when the gateway has time."""

    gateway = None

    def beat(self):
        with self.gateway._lock:
            super().beat()


@pytest.mark.req("K1")
@pytest.mark.parametrize(("watchdog", "empties"), [(Watchdog, True), (SharesTheLock, False)])
def test_a_gateway_that_hangs_keeps_it_from_nothing(flag, watchdog, empties):
    gateway = SharesTheLock.gateway = the_gateway_hangs()
    venue = QuickVenue()
    venue.rest("entry")
    try:
        with watching(flag, venue.open, watchdog) as (dog, heard):
            flag.press("it lies")
            assert dog.wait_until_clear(1.5, lambda: False) is empties
            assert (venue.orders == {}, bool(heard)) == (empties, empties)
            gateway._lock.release()
    finally:
        SharesTheLock.gateway = None


@pytest.mark.req("K1")
def test_sessions_that_hang_are_left_behind(flag, monkeypatch):
    monkeypatch.setattr(module, "HUNG_SECONDS", 0.4)
    let_go, venue, opened = threading.Event(), QuickVenue(), []
    venue.rest("entry")

    def opener():
        opened.append(1)
        return Hanging(let_go) if len(opened) <= WORKERS else venue

    try:
        with watching(flag, opener) as (dog, _):
            flag.press("it lies")
            assert dog.wait_until_clear(5.0, lambda: False)
            assert venue.orders == {}
    finally:
        let_go.set()


@pytest.mark.req("K1")
def test_it_does_not_leave_behind_more_than_the_machine_can_bear(flag, monkeypatch):
    monkeypatch.setattr(module, "HUNG_SECONDS", 0.0)
    monkeypatch.setattr(module, "LEFT_BEHIND_MAX", 3)
    let_go, opened = threading.Event(), []

    def opener():
        opened.append(1)
        return Hanging(let_go)

    try:
        with watching(flag, opener) as (dog, _):
            flag.press("it lies")
            time.sleep(4 * LOOK_SECONDS)
            assert not dog.is_clear
            assert WORKERS <= len(opened) <= WORKERS + 3
    finally:
        let_go.set()


@pytest.mark.req("K1")
def test_a_session_that_cannot_be_opened_is_tried_again(flag):
    venue, tries = QuickVenue(), []
    venue.rest("entry")

    def opener():
        tries.append(1)
        if len(tries) <= WORKERS:
            raise WireDown("no key")
        return venue

    with watching(flag, opener) as (dog, _):
        flag.press("it lies")
        assert dog.wait_until_clear(5.0, lambda: False)
        assert venue.orders == {}


@pytest.mark.req("K1")
def test_a_console_that_is_gone_keeps_nobody_from_sweeping(flag):
    venue = QuickVenue()
    venue.rest("entry")

    def broken(sentence):
        raise BrokenPipeError

    dog = Watchdog(KillLatch(flag.reason), RealTime(), broken, venue.open)
    dog.start()
    flag.press("it lies")
    assert dog.wait_until_clear(5.0, lambda: False)
    dog.close()


@pytest.mark.req("K1")
def test_it_says_what_is_left_where_the_venue_does_not_come_clear(flag, monkeypatch):
    monkeypatch.setattr(module, "LATE_SECONDS", 0.3)
    venue = QuickVenue(fails=lambda what: what == "open")
    venue.rest("waiting", status="ending")
    with watching(flag, venue.open) as (dog, heard):
        flag.press("it lies")
        assert waited(lambda: len(heard) == 2)
        assert not dog.wait_until_clear(0.1, lambda: False)
    assert "orders may still work: 1 order seen working; open: 503" in heard[1]


@pytest.mark.req("K1")
def test_without_a_venue_it_only_says_so(flag):
    with watching(flag) as (dog, heard):
        flag.press("it lies")
        assert waited(lambda: heard)
        assert dog.is_clear
    assert len(heard) == 1
