"""A paper run fills exactly what a backtest of the same bars fills, however often its process ends in between."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.backtest.worlds import World, job_of
from tests.gateway.paper import a_core, cycles, fills_of, fingerprint_of, market_of, proposer
from trader.backtest.outcome import fill_row
from trader.backtest.run import prepare
from trader.state.memory import MemoryJournal

WORLDS = st.builds(
    World,
    seed=st.integers(0, 10_000),
    bars=st.just(120),
    symbols=st.integers(1, 3),
    jump_share=st.sampled_from([0, 5]),
    missing_share=st.sampled_from([0, 10]),
    volume=st.sampled_from([50.0, 5_000.0]),
    timeframes=st.sampled_from([(1,), (1, 4)]),
    overrides=st.sampled_from(
        [
            (),
            ("policy.execution.entry_style=maker", "policy.execution.maker_ttl_bars=3"),
            ("policy.breakers.daily_loss.max_daily_loss_pct=2", "policy.exits.max_hold_hours=9"),
            ("policy.exits.trailing_stop_pct=1", "policy.risk.cooldown.cooldown_after_stop_minutes=300"),
            ("policy.risk.cooldown.cooldown_minutes=120", "policy.risk.cooldown.cooldown_after_stop_minutes=600"),
        ]
    ),
)


def backtest_fills(job):
    return [fill_row(fill) for fill in prepare(job).walk().fills]


@pytest.mark.slow
@pytest.mark.req("BT1")
@settings(max_examples=25)
@given(world=WORLDS)
def test_paper_fills_what_the_backtest_fills(world):
    job, journal = job_of(world), MemoryJournal()

    cycles(a_core(job, journal), proposer(job))

    assert fills_of(journal.replay()) == backtest_fills(job)
    assert fingerprint_of(fills_of(journal.replay())) == fingerprint_of(backtest_fills(job))


@pytest.mark.slow
@pytest.mark.req("STOP", "NF3")
@settings(max_examples=15)
@given(world=WORLDS, every=st.integers(1, 40))
def test_restarts_change_no_fill(world, every):
    """A new process every few cycles."""
    job, journal = job_of(world), MemoryJournal()
    propose, market = proposer(job), market_of(job)

    core = a_core(job, journal, market=market)
    while not core.exhausted:
        cycles(core, propose, every)
        core = a_core(job, journal, market=market)
    cycles(core, propose)

    assert fills_of(journal.replay()) == backtest_fills(job)


class PulledPlug(BaseException):
    """The process is gone."""


class FailingJournal(MemoryJournal):
    """Ends the process at its *at*-th commit, before it or just after it."""

    def __init__(self, kept: MemoryJournal, at: int, *, after: bool) -> None:
        super().__init__()
        self.events, self._snapshots = kept.events, kept._snapshots
        self._left, self._after = at, after

    def append(self, events, snapshots=MappingProxyType({})):
        self._left -= 1
        if self._left == 0 and not self._after:
            raise PulledPlug
        assert not snapshots.keys() & self._snapshots.keys(), "a snapshot is stored once"
        super().append(events, snapshots)
        if self._left == 0:
            raise PulledPlug


@pytest.mark.slow
@pytest.mark.req("STOP", "X1")
@settings(max_examples=15)
@given(world=WORLDS, every=st.integers(1, 60), after=st.booleans())
def test_a_process_that_dies_at_any_commit_loses_and_doubles_nothing(world, every, after):
    """The plug is pulled at every *every*-th commit, also while taking up what the one before left."""
    job, journal = job_of(world), MemoryJournal()
    propose, market = proposer(job), market_of(job)

    lives = 0
    while True:
        lives += 1
        try:
            cycles(a_core(job, FailingJournal(journal, every + lives % 7, after=after), market=market), propose)
            break
        except PulledPlug:
            assert lives < 5_000, "no life comes further than the one before"

    assert fills_of(journal.replay()) == backtest_fills(job)
