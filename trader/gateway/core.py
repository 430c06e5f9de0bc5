"""
The gateway's heart: one account, one cycle at a time, single-threaded.

`begin` settles what happened and gathers a snapshot, `submit` judges what the
kernel proposes on that very snapshot and carries it out, `finish` closes the
cycle — and, where no proposals came, still runs the exits.  A dying kernel is
never a dying trader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trader.desk import Desk, dispose
from trader.errors import TraderError
from trader.exchange.simulated import SimulatedExchange
from trader.execution.engine import ExecutionEngine
from trader.gateway.admission import admit
from trader.gateway.recovery import recover
from trader.market.gather import Need, canonical, gather
from trader.market.replay import ReplayMarket
from trader.model.decision import Decision, Proposals
from trader.model.events import CycleBegan, CycleEnded, Event, Marked, RegimeChanged, UniverseReviewed
from trader.model.market import Snapshot
from trader.model.money import exact
from trader.model.trading import TradingState
from trader.ports import Journal
from trader.state.ledger import Ledger


class StaleCycle(TraderError):
    """The cycle somebody submits for is not the one in progress."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Account:
    """Whose books these are; *cash_usd* is what a new account starts with."""

    mode: str
    name: str
    cash_usd: Decimal
    engine_version: str
    config_hash: str


@dataclass(slots=True)
class Cycle:
    """One cycle in progress: its instant, its snapshot, and what was decided once somebody submitted."""

    k: int
    snapshot: Snapshot
    decision: Decision | None = None
    proposals: Proposals | None = None

    @property
    def id(self) -> str:
        """The snapshot's id."""
        return self.snapshot.id


class TradingCore:
    """
    Holdings, decisions and orders of one paper or dry-run account on a market that replays.

    *needs* says which bars the strategies want in the snapshot; *allowed* which strategies may propose.
    """

    def __init__(
        self,
        desk: Desk,
        market: ReplayMarket,
        journal: Journal,
        account: Account,
        needs: Mapping[int, Need],
        allowed: frozenset[str],
    ) -> None:
        self.desk, self.market, self.account = desk, market, account
        self.ledger = Ledger()
        self._journal, self._needs, self._allowed = journal, needs, allowed
        found = recover(journal, self.ledger, account, market.time(market.first))
        self.exchange: SimulatedExchange | None = None
        if account.mode != "dry_run":
            self.exchange = SimulatedExchange(market.products, desk.execution, market.costs_bps, self.ledger.cash_usd)
            self.exchange.restore(self.ledger.positions.values(), self.ledger.working.values())
        self.execution = ExecutionEngine(journal, self.ledger, self.exchange, self._last_look)
        self._settled = self._index(found.marked_at)
        decided = self._index(found.decided_at)
        self.next_instant = market.first if self._settled is None else self._settled + (decided == self._settled)
        self.cycle: Cycle | None = None

    def _index(self, time: datetime | None) -> int | None:
        return None if time is None else max(self.market.first, self.market.index_at_or_after(time))

    @property
    def exhausted(self) -> bool:
        """History has no further instant to decide at."""
        return self.next_instant >= self.market.last

    def begin(self, k: int | None = None) -> Cycle:
        """Settle everything up to instant *k* (default: the next one), value the account and gather the snapshot."""
        k = self.next_instant if k is None else k
        self._settle(k)
        self._announce(k)
        snapshot = gather(self.market, k, self.ledger.positions, self._needs)
        text, digest = canonical(snapshot)
        self._journal.append([CycleBegan(snapshot.as_of, snapshot.id, digest)], {snapshot.id: text})
        self.cycle = Cycle(k, snapshot)
        self.next_instant = k + 1
        return self.cycle

    def submit(self, cycle_id: str, proposals: Proposals) -> Decision:
        """
        Judge *proposals* and carry the decision out.  A second submission of the same cycle gets the first answer
        again: re-running a cell is a no-op.  Raises `StaleCycle` where *cycle_id* is not the cycle in progress.
        """
        cycle = self._current(cycle_id)
        if cycle.decision is not None:
            return cycle.decision
        admitted = admit(proposals, cycle.snapshot, self._allowed)
        book = self.ledger.book(cycle.snapshot.as_of, self._marks(cycle.k), self.market.themes, self.market.tiers)
        decision = dispose(self.desk, cycle.snapshot, book, admitted)
        cycle.decision, cycle.proposals = decision, admitted
        self.execution.carry_out(decision, admitted, cycle_id)
        return decision

    def finish(
        self, cycle_id: str, status: str, path: str, sha256: str, detail: str, timings: Mapping[str, float]
    ) -> None:
        """Close the cycle; where nobody submitted, decide without proposals so that exits still run (EXITS)."""
        cycle = self._current(cycle_id)
        if cycle.decision is None:
            self.submit(cycle_id, Proposals(cycle.snapshot.id, cycle.snapshot.as_of))
        time = cycle.snapshot.as_of
        self.execution.record(CycleEnded(time, cycle_id, status, path, sha256, detail, timings))
        self.cycle = None

    def _current(self, cycle_id: str) -> Cycle:
        if self.cycle is None or self.cycle.id != cycle_id:
            running = self.cycle.id if self.cycle else "none"
            raise StaleCycle(f"cycle {cycle_id} is not in progress (now: {running}); ask for a new snapshot")
        return self.cycle

    def _settle(self, k: int) -> None:
        market, exchange = self.market, self.exchange
        if self._settled == k:
            return
        news: list[Event] = []
        if exchange is not None and self._settled is not None:
            for j in range(self._settled, k):
                exchange.settle(market.time(j), market.time(j + 1), market.bars_at(j))
            news = self.execution.unrecorded_news()
        # One commit for the fills and the mark after them: the last mark says up to where bars were played,
        # so that a restart never plays one twice.
        self.ledger.apply_all(news)
        mark = Marked(market.time(k), self.ledger.nlv_usd(self._marks(k)))
        self.ledger.apply(mark)
        self._journal.append([*news, mark])
        self._settled = k

    def _marks(self, k: int) -> dict[str, Decimal]:
        return {symbol: exact(self.market.mark(symbol, k)) for _, symbol in self.ledger.positions}

    def _announce(self, k: int) -> None:
        memberships, regime = self.market.changes(k)
        if memberships:
            self.execution.record(UniverseReviewed(self.market.time(k), memberships))
        if regime is not None and regime is not self.ledger.regime:
            multiplier = self.desk.regime.multipliers[regime]
            self.execution.record(RegimeChanged(self.market.time(k), regime, self.ledger.regime, multiplier))

    def _last_look(self, intent: object) -> str | None:
        if self.ledger.state in (TradingState.HALTED, TradingState.KILLED):
            return f"trading is {self.ledger.state.value}"
        return None
