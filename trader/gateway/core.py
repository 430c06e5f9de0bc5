"""
The gateway's heart: one account, one cycle at a time, single-threaded.

`begin` settles what happened and gathers a snapshot, `submit` judges what the
kernel proposes on that very snapshot and carries it out, `finish` closes the
cycle — and, where no proposals came, still runs the exits.  A dying kernel is
never a dying trader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from trader.desk import dispose
from trader.errors import ExchangeUnreachable, TraderError
from trader.gateway.admission import Admission
from trader.gateway.books import Books
from trader.gateway.desk_info import StrategyFacts, needs_of
from trader.market.gather import canonical, gather
from trader.model.decision import Decision, Proposals
from trader.model.events import CycleBegan, CycleEnded, Event, Started, Stopped
from trader.model.market import Snapshot


class StaleCycle(TraderError):
    """The cycle somebody asks for is not the one in progress."""

    exit_code = 1


@dataclass(slots=True)
class Cycle:
    """One cycle: its instant, its snapshot with its text, and the decision once somebody submitted."""

    k: int
    snapshot: Snapshot
    text: str
    decision: Decision | None = None
    proposals: Proposals | None = None

    @property
    def id(self) -> str:
        """The snapshot's id."""
        return self.snapshot.id


class TradingCore:
    """The cycles of one account: *strategies* are those that run, *known* all that may report."""

    def __init__(self, books: Books, strategies: Sequence[StrategyFacts], known: Sequence[str] = ()) -> None:
        self.books, self.market = books, books.market
        self.cycle: Cycle | None = None
        self._needs, self._door = needs_of(strategies), Admission(strategies, known)
        self._begun_at, self._attempts = books.found.begun_at, books.found.attempts

    @property
    def exhausted(self) -> bool:
        """History has no further instant to decide at."""
        return self.books.following >= self.market.last

    def started(self, epoch: int) -> None:
        """Record that a process has taken the account over."""
        books, account = self.books, self.books.account
        version, config_hash = account.engine_version, account.config_hash
        books.execution.record(Started(books.clock_time, epoch, version, config_hash, account.source))

    def stopped(self, reason: str) -> None:
        """Record a clean end."""
        self.books.execution.record(Stopped(self.books.clock_time, reason))

    def begin(self, k: int | None = None) -> Cycle:
        """Settle everything up to instant *k* (default: the next one), value the account and gather the snapshot."""
        books = self.books
        k = books.following if k is None else k
        assert books.following <= k < self.market.last, f"instant {k}: the next is {books.following}"
        books.journal.forget()
        self.market.advance(k)
        books.heed_kill()
        happened = [*books.settle(k), *books.weather(k)]
        snapshot = gather(self.market, k, books.ledger.positions, self._needs)
        down = snapshot.exchange_down or books.is_cut_off
        snapshot = replace(snapshot, id=self._cycle_id(snapshot.as_of), exchange_down=down)
        text, digest = canonical(snapshot)
        books.journal.append([*happened, CycleBegan(snapshot.as_of, snapshot.id, digest)], {snapshot.id: text})
        books.following = k + 1
        self.cycle = Cycle(k, snapshot, text)
        return self.cycle

    def submit(self, cycle_id: str, proposals: Proposals) -> Decision:
        """
        Judge *proposals* and carry the decision out.  A second submission of the same cycle gets the first answer
        again: re-running a cell is a no-op.  Raises `StaleCycle` where *cycle_id* is not the cycle in progress.
        """
        cycle = self.current(cycle_id)
        if cycle.decision is None:
            self.books.heed_kill()
            admitted = self._door.admit(proposals, cycle.snapshot)
            decision = dispose(self.books.desk, cycle.snapshot, self.books.book(), admitted)
            cycle.decision, cycle.proposals = decision, admitted
            self.books.execution.carry_out(decision, admitted, cycle_id)
        return cycle.decision

    def finish(
        self,
        cycle_id: str,
        status: str,
        path: str = "",
        sha256: str = "",
        detail: str = "",
        timings_seconds: Mapping[str, float] | None = None,
    ) -> Cycle:
        """
        Close the cycle with what became of its notebook; where nobody submitted, decide without proposals, so that
        exits still run (EXITS).
        """
        cycle = self.current(cycle_id)
        time = cycle.snapshot.as_of
        if cycle.decision is None:
            self.submit(cycle_id, Proposals(cycle_id, time))
        ended = CycleEnded(time, cycle_id, status, path, sha256, detail, dict(timings_seconds or {}))
        self.books.execution.record(ended)
        self.cycle = None
        return cycle

    def close_out(self) -> Sequence[Event]:
        """
        History is over: settle it to its last instant, at which nothing is decided; what happened in it.

        Raises ExchangeUnreachable where its last bars cannot be had: whoever comes next settles them.
        """
        self.books.journal.forget()
        if not self.market.advance(self.market.last):
            end = f"{self.market.time(self.market.last):%Y-%m-%dT%H:%M}Z"
            raise ExchangeUnreachable(f"the bars up to {end} cannot be had; what happened is settled by the next run")
        happened = self.books.settle(self.market.last)
        if happened:
            self.books.journal.append(happened)
        self.books.following = self.market.last
        return self.books.journal.seen

    def current(self, cycle_id: str) -> Cycle:
        """The cycle in progress, if that is *cycle_id*."""
        if self.cycle is None or self.cycle.id != cycle_id:
            running = f"{self.cycle.id} is" if self.cycle else "none is"
            raise StaleCycle(f"cycle {cycle_id:.80} is not in progress ({running}); nothing is decided on it any more")
        return self.cycle

    def _cycle_id(self, as_of: datetime) -> str:
        """Names instant and account, and the attempt where a process died in an earlier one."""
        self._attempts = self._attempts + 1 if as_of == self._begun_at else 1
        self._begun_at = as_of
        again = f".{self._attempts}" if self._attempts > 1 else ""
        return f"{as_of:%Y%m%dT%H%M%SZ}-{self.books.account.tag}{again}"
