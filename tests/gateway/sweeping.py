"""A venue at the port `Canceller`, in written time: slow, failing, late, half-hearted, as its test asks."""

from __future__ import annotations

import heapq
import itertools
import threading
from datetime import timedelta

from tests.exchange.coinbase_worlds import NOON
from trader.model.wire import Resting
from trader.ports import Seen, WireDown

PHASES = (("pending",), ("open",), ("ending",))


class WrittenTime:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.seconds = 1000.0

    def now(self):
        return NOON + timedelta(seconds=self.seconds)

    def monotonic(self):
        return self.seconds

    def sleep(self, seconds):
        self.seconds += seconds


class SharedTime(WrittenTime):
    """Written time for several threads, of which one runs at a time: who sleeps hands over to who wakes first."""

    def __init__(self):
        super().__init__()
        self._waiting, self._count, self._done = [], itertools.count(), threading.Event()

    def sleep(self, seconds):
        mine = threading.Lock()
        mine.acquire()
        heapq.heappush(self._waiting, (self.seconds + seconds, next(self._count), mine))
        self._next()
        mine.acquire()

    def run(self, *works):
        """Let *works* run side by side until each is over."""
        threads = [threading.Thread(target=self._run, args=(work,), daemon=True) for work in works]
        for thread in threads:
            mine = threading.Lock()
            mine.acquire()
            heapq.heappush(self._waiting, (self.seconds, next(self._count), mine))
            thread.start_lock = mine
            thread.start()
        self._next()
        assert self._done.wait(60)

    def _run(self, work):
        threading.current_thread().start_lock.acquire()
        work()
        self._next()

    def _next(self):
        if not self._waiting:
            self._done.set()
            return
        self.seconds, _, theirs = heapq.heappop(self._waiting)
        theirs.release()


class FakeVenue:
    """
    Orders by id with their status; *takes* seconds for the next call, *fails* whether it does, *answers* a cancel.

    *appears* are (second, id, status) that come up by themselves; *over_at* is when each order was over.
    """

    def __init__(self, clock, takes=lambda: 0.0, fails=lambda what: False, appears=()):
        self.clock, self.takes, self.fails = clock, takes, fails
        self.appears = sorted(appears)
        self.parts = len(PHASES)
        self.orders, self.appeared_at, self.over_at, self.cancels = {}, {}, {}, []
        self.exits = set()

    def rest(self, *ids, status="open", exits=False):
        for one in ids:
            self.orders[one], self.appeared_at[one] = status, self.clock.seconds
        self.exits |= set(ids) if exits else set()

    def _call(self, what):
        self.clock.sleep(self.takes())
        while self.appears and self.appears[0][0] <= self.clock.seconds:
            at, one, status = self.appears.pop(0)
            self.orders[one], self.appeared_at[one] = status, at
        if self.fails(what):
            raise WireDown(f"{what}: 503")

    def working(self, part):
        statuses = PHASES[part]
        try:
            self._call(statuses[0])
        except WireDown as down:
            return Seen((), str(down))
        found = [one for one, status in self.orders.items() if status in statuses]
        return Seen(tuple(Resting(one, one not in self.exits, self.orders[one] == "ending") for one in found))

    def cancel(self, order_ids):
        self.cancels.append(list(order_ids))
        try:
            self._call("cancel")
        except WireDown:
            return {}
        return {one: self.end(one) for one in order_ids}

    def end(self, one):
        if self.orders.pop(one, None) is None:
            return "UNKNOWN_CANCEL_ORDER"
        self.over_at[one] = self.clock.seconds
        return ""

    def close(self):
        pass


def swept(sweep, venue, seconds, is_over=None):
    """Rounds for so many seconds of written time."""
    until = venue.clock.seconds + seconds
    while venue.clock.seconds < until and not (is_over and is_over()):
        venue.clock.sleep(sweep.once())
