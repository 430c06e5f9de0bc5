"""Kernel and gateway together decide exactly what `decide` decides in one process, on the same snapshot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.gateway.sessions import ROOT, a_session, cycle_by_socket, journaled, next_cycle
from trader.config.desk import desk_of
from trader.desk import decide
from trader.features import ColumnFeatures, WindowFeatures
from trader.loader import load_strategies
from trader.model.codec import dumps, from_plain, loads, to_plain
from trader.model.decision import Decision, Proposals
from trader.model.events import Decided, IntentStored
from trader.model.market import Snapshot
from trader.registry import Registry

pytestmark = pytest.mark.slow


class InProcess:
    """The whole desk in one process: the strategies beside the rules, as a backtest has them."""

    def __init__(self, session):
        config, market = session.config, session.market
        self.books = session.gateway._core.books
        self.loaded = load_strategies(ROOT / "strategies", config.strategies(), None, config.signal_defaults())
        self.columns = ColumnFeatures.build(self.loaded, market.timeframes.frames, market.tradable)
        stanzas = [one.stanza for one in self.loaded]
        self.desk = desk_of(config, Registry(self.loaded), market.policy, stanzas)

    def decide(self, snapshot: Snapshot) -> Decision:
        """On whole columns, and on the snapshot's own windows: twice the same."""
        whole = decide(self.desk, snapshot, self.books.book(), self.columns)
        windowed = decide(self.desk, snapshot, self.books.book(), WindowFeatures(self.loaded, snapshot.bars))
        assert whole == windowed
        return whole


@pytest.mark.req("STR1", "NF2")
def test_a_day_over_the_socket_decides_as_one_process_does(tmp_path):
    """96 instants, 15 minutes apart, real HTTP, strategies run by the kernel's own code."""
    proposed = ordered = 0
    with a_session(tmp_path, granularity="15m") as session:
        alone = InProcess(session)
        for _ in range(96):
            cycle = cycle_by_socket(session)
            expected = alone.decide(session.gateway._core.cycle.snapshot)

            decision = cycle.submit()

            assert decision == expected
            assert dumps(cycle.snapshot) == session.gateway._core.cycle.text
            session.gateway.finish(cycle.id, "complete")
            proposed += len(cycle.proposals.proposals)
            ordered += len(decision.intents)
    assert proposed >= 10
    assert ordered >= 5


@pytest.mark.req("STR1", "SEC1")
def test_real_kernels_decide_as_one_process_does(tmp_path):
    """The notebook itself, in a kernel without keys, for a few cycles; what is compared is what the journal holds."""
    expected: dict[str, Decision] = {}
    with a_session(tmp_path) as session:
        alone = InProcess(session)
        begin = session.gateway._core.begin

        def begin_and_decide(k=None):
            cycle = begin(k)
            expected[cycle.id] = alone.decide(cycle.snapshot)
            return cycle

        session.gateway._core.begin = begin_and_decide
        told = [next_cycle(session) for _ in range(4)]

    assert all(one.notebook == "complete" for one in told), told
    events = journaled(tmp_path)
    decided = {event.cycle_id: event for event in events if isinstance(event, Decided)}
    for cycle_id, decision in expected.items():
        found = decided[cycle_id]
        assert found.verdicts == decision.verdicts
        intents = [e.intent for e in events if isinstance(e, IntentStored) and e.time == decision.as_of]
        assert intents == list(decision.intents)
    assert any(decision.intents for decision in expected.values())


def test_negative_control_another_proposal_is_another_decision(tmp_path):
    """The comparison above sees a difference where there is one."""
    with a_session(tmp_path) as session:
        alone = InProcess(session)
        cycle = cycle_by_socket(session)
        expected = alone.decide(session.gateway._core.cycle.snapshot)
        first, *rest = cycle.proposals.proposals
        tampered = replace(first, notional_pct=first.notional_pct / 4)

        decision = cycle.submit(replace(cycle.proposals, proposals=(tampered, *rest)))

    assert decision != expected


@pytest.mark.req("STR2", "SEC1")
def test_a_strategy_that_is_off_gets_nothing_through(tmp_path):
    with a_session(tmp_path, "strategies.breakout.enabled=false") as session:
        cycle = cycle_by_socket(session)
        smuggled = tuple(replace(wish, strategy="breakout") for wish in cycle.proposals.proposals)

        decision = cycle.submit(replace(cycle.proposals, proposals=smuggled))

        assert smuggled
        assert not decision.verdicts
        reports = session.gateway._core.cycle.proposals.reports
        assert {report.outcome for report in reports if report.strategy == "breakout"} == {"refused", "skipped"}


def test_what_travels_comes_back_equal(tmp_path):
    with a_session(tmp_path) as session:
        cycle = cycle_by_socket(session)
        decision = cycle.submit()

    assert loads(Decision, dumps(decision)) == decision
    assert from_plain(Proposals, to_plain(cycle.proposals)) == cycle.proposals
