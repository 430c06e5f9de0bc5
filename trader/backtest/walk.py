"""
The walk over history: the very decision, risk, ledger and exchange of live.

The walk wakes where something can happen and settles the quiet in between on
array slices.  `every_bar=True` wakes at every instant instead; both give the
same fills to the last bit, which is what a property test holds it to.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import chain

import numpy as np

from trader.backtest.quiet import Quiet, Restless
from trader.backtest.trailing import Trailing
from trader.backtest.walked import Walked
from trader.desk import Desk, dispose, propose
from trader.exchange.simulated import SimulatedExchange
from trader.execution.engine import ExecutionEngine
from trader.market.replay import ReplayMarket
from trader.model.decision import Proposals
from trader.model.events import AccountOpened, Event, Marked, OrderFilled, RegimeChanged, UniverseReviewed
from trader.model.market import IntArray, Snapshot
from trader.ports import Journal
from trader.registry import FAILED
from trader.state.ledger import Ledger
from trader.strategy import FeatureSource


class Walk:
    """
    One account walking *market* from its first to its last instant.

    *screens* are the instants (indices, sorted) at which some strategy's screen is True.
    """

    def __init__(
        self,
        desk: Desk,
        market: ReplayMarket,
        features: FeatureSource,
        screens: IntArray,
        cash_usd: Decimal,
        journal: Journal,
        every_bar: bool = False,
    ) -> None:
        self.desk, self.market, self.features = desk, market, features
        self.ledger = Ledger()
        self.exchange = SimulatedExchange(market.products, desk.execution, market.costs_bps, cash_usd)
        self.execution = ExecutionEngine(journal, self.ledger, self.exchange)
        count = market.last - market.first + 1
        self.walked = Walked(np.empty(count), market.first)
        self.walked.cash_usd.add(market.first, float(cash_usd))
        self._screens = (np.arange(market.first, market.last) if every_bar else screens).data
        self._next_screen = 0
        wakes = np.unique(np.concatenate([[market.first], screens, market.change_instants]))
        self._wakes = wakes[(wakes >= market.first) & (wakes < market.last)]
        kind = Restless if every_bar else Quiet
        self._quiet = kind(market, desk, self.ledger, self.exchange, self.execution.record)
        trails = desk.exits.trailing_stop_pct is not None
        self._trailing = Trailing(desk.exits, market, self.ledger, self.execution.record) if trails else None

    def opened(self, cash_usd: Decimal, engine_version: str, config_hash: str) -> None:
        """Open the account: the first event."""
        time = self.market.time(self.market.first)
        self.execution.record(AccountOpened(time, "backtest", "backtest", cash_usd, engine_version, config_hash))

    def run(self) -> Walked:
        """Walk to the end."""
        market, walked, quiet, resting = self.market, self.walked, self._quiet, self.exchange.resting
        coming = chain(self._wakes.data, [market.last])  # as Python's own numbers, one by one
        awaited, k = next(coming), market.first
        while k < market.last:
            if resting or quiet.touched:
                self._settle(k)
            disturbed = quiet.disturbed(k)
            if disturbed or awaited <= k:
                self._decide(k, disturbed)
                walked.wakes += 1
            while awaited <= k:
                awaited = next(coming)
            k = k + 1 if resting else quiet.until(k, awaited)
        if resting or quiet.touched:
            self._settle(k)
        quiet.disturbed(k)
        self._mark(k)
        walked.value(market.marks)
        walked.decisions = market.last - market.first
        walked.round_trips = self.ledger.round_trips
        return walked

    def _settle(self, k: int) -> None:
        """Play the bar that ends at *k*."""
        market = self.market
        self.exchange.settle(market.time(k - 1), market.time(k), market.bars_at(k - 1))
        news = self.execution.take_news()
        if news:
            self._note(k, news)

    def _note(self, k: int, news: Sequence[Event]) -> None:
        fills = [event.fill for event in news if type(event) is OrderFilled]
        if not fills:
            return
        if self._trailing is not None:
            self._trailing.catch_up(k)
        walked, quiet = self.walked, self._quiet
        quiet.hold(k)
        walked.fills += fills
        walked.cash_usd.add(k, quiet.cash)
        for key in {(fill.strategy, fill.symbol): None for fill in fills}:
            walked.hold(k, key, quiet.size(key))

    def _mark(self, k: int) -> dict[str, Decimal]:
        """Value the account at instant *k*, where a bar's last known close is every held symbol's mid."""
        market, ledger = self.market, self.ledger
        marks = {symbol: market.mid(symbol, k) for symbol in ledger.to_be_marked}
        self.execution.record(Marked(market.time(k), ledger.nlv_usd(marks)))
        return marks

    def _decide(self, k: int, disturbed: bool) -> None:
        """Decide at *k*; where nothing is proposed and nothing *disturbed*, there is nothing to decide."""
        market, ledger = self.market, self.ledger
        self._announce(k)
        if self._trailing is not None:
            self._trailing.catch_up(k)
        snapshot = market.snapshot(k, ledger.positions)
        proposals = self._propose(k, snapshot)
        if not (proposals.proposals or disturbed):
            return
        marks = self._mark(k)
        book = ledger.book(snapshot.as_of, marks, market.themes, market.tiers)
        decision = dispose(self.desk, snapshot, book, proposals, self._quiet.exit_due)
        if decision.verdicts or decision.trips or decision.superseded:
            self.walked.verdicts += [verdict for verdict in decision.verdicts if verdict.objections]
            self.execution.carry_out(decision, proposals, snapshot.id)

    def _propose(self, k: int, snapshot: Snapshot) -> Proposals:
        if not self._is_screened(k):
            return Proposals(snapshot.id, snapshot.as_of)  # whoever were asked would propose nothing
        proposals = propose(self.desk, snapshot, self.features)
        for report in proposals.reports:
            if report.outcome == FAILED:
                self.walked.failures.setdefault(report.strategy, []).append((snapshot.as_of, report.detail))
        return proposals

    def _is_screened(self, k: int) -> bool:
        """Whether some strategy's screen is True at *k*, which only ever grows."""
        screens, at = self._screens, self._next_screen
        while at < len(screens) and screens[at] < k:
            at += 1
        self._next_screen = at
        return at < len(screens) and screens[at] == k

    def _announce(self, k: int) -> None:
        memberships, regime = self.market.changes(k)
        if memberships:
            self.execution.record(UniverseReviewed(self.market.time(k), memberships))
        if regime is not None:
            multiplier = self.desk.regime.multipliers[regime]
            self.execution.record(RegimeChanged(self.market.time(k), regime, self.ledger.regime, multiplier))
