"""Where an account cannot go on without a gap it does not go on, and says what would mend it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.backtest.worlds import World, job_of
from tests.gateway.paper import a_core, cycles, market_of, proposer
from trader.gateway.continuity import CannotGoOn, must_be_watched
from trader.gateway.recovery import WrongAccount
from trader.market.choose import Chosen
from trader.model.events import CycleEnded, Marked, Started
from trader.state.memory import MemoryJournal

WORLD = World(seed=3, symbols=2, act_share=60, sell_share=0, stop_pct=9.0, target_pct=20.0)
JOB = job_of(WORLD)


def from_later(job, hours):
    panel = job.chosen.panel
    later = replace(panel, start=panel.start + timedelta(hours=hours))
    return replace(job, chosen=Chosen(later, job.chosen.tradable, "later"))


def without(job, symbol):
    panel = job.chosen.panel
    fewer = replace(panel, frames={name: frame for name, frame in panel.frames.items() if name != symbol})
    return replace(job, chosen=Chosen(fewer, tuple(fewer.frames), "fewer"))


@pytest.fixture
def journal():
    """Of an account that stopped after 20 hours with something held."""
    kept = MemoryJournal()
    core = a_core(JOB, kept)
    cycles(core, proposer(JOB), 20)
    assert core.books.ledger.positions
    return kept


@pytest.mark.req("NF3", "EXITS")
def test_positions_with_their_stops_are_there_after_a_restart(journal):
    before = a_core(JOB, journal).books.ledger

    core = a_core(JOB, journal)

    assert core.books.ledger.positions == before.positions
    assert all(held.stop_price for held in core.books.ledger.positions.values())
    holdings = core.books.exchange.holdings
    assert {key: holding.stop_price for key, holding in holdings.items()} == {
        key: held.stop_price for key, held in core.books.ledger.positions.items()
    }


@pytest.mark.parametrize(
    ("job", "says"),
    [
        pytest.param(from_later(JOB, 40), "would skip what happened since", id="a start later than the stop"),
        pytest.param(
            without(JOB, "ETH-USD"),
            "without ETH-USD; name it in --symbols too, or, where there are none of it, begin a fresh account with "
            "--set app.account=NAME",
            id="bars without what is held",
        ),
    ],
)
def test_a_gap_is_refused_with_the_way_out(job, says, journal):
    if "ETH" in says:
        assert any(symbol == "ETH-USD" for _, symbol in a_core(JOB, journal).books.ledger.positions)
    count = journal.count()

    with pytest.raises(CannotGoOn, match=says):
        a_core(job, journal)
    assert journal.count() == count


def test_bars_that_do_not_meet_the_instant_are_refused(journal):
    coarse = job_of(replace(WORLD, granularity="6h", bars=60, start_bar=1))

    with pytest.raises(CannotGoOn, match="bars of 6h do not meet that instant"):
        a_core(coarse, journal)


def test_an_account_that_holds_nothing_may_start_later():
    journal = MemoryJournal()
    cycles(a_core(JOB, journal), lambda snapshot: proposer(without_wishes())(snapshot), 3)

    core = a_core(from_later(JOB, 40), journal)

    assert core.books.following == core.market.first


def without_wishes():
    return job_of(replace(WORLD, act_share=0))


def test_history_before_the_stop_is_exhausted_and_nothing_is_played_twice(journal):
    panel = JOB.chosen.panel
    earlier = replace(panel, end=panel.start + timedelta(hours=10))
    marks = sum(isinstance(event, Marked) for event in journal.replay())

    core = a_core(replace(JOB, chosen=Chosen(earlier, JOB.chosen.tradable, "earlier")), journal)
    core.close_out()

    assert core.exhausted
    last = [event for event in journal.replay() if isinstance(event, Marked)][-1]
    assert core.books.book().nlv_usd != last.nlv_usd  # the control: these bars know an earlier price
    assert (core.books.now, core.books.nlv_usd) == (last.time, last.nlv_usd)
    assert sum(isinstance(event, Marked) for event in journal.replay()) == marks


def test_another_account_is_refused(journal):
    with pytest.raises(WrongAccount, match="each mode and account keeps its own"):
        a_core(JOB, journal, mode="dry_run")


@pytest.mark.req("STOP")
def test_a_cycle_that_was_cut_off_is_ended_as_interrupted_and_begun_again_under_another_name():
    journal = MemoryJournal()
    first = a_core(JOB, journal).begin()

    core = a_core(JOB, journal)
    again = core.begin()

    ended = [event for event in journal.replay() if isinstance(event, CycleEnded)]
    assert [(event.cycle_id, event.notebook_status) for event in ended] == [(first.id, "interrupted")]
    assert again.snapshot.as_of == first.snapshot.as_of
    assert again.id == f"{first.id}.2"


@pytest.mark.req("EXITS")
def test_a_run_on_a_venue_that_would_not_watch_something_held_is_refused(journal):
    ledger = a_core(JOB, journal).books.ledger
    (symbol, *_) = sorted(ledger.to_be_marked)

    must_be_watched(market_of(JOB), ledger)
    with pytest.raises(CannotGoOn, match=f"has {symbol} held or ordered, and this run would not watch it"):
        must_be_watched(market_of(without(JOB, symbol)), ledger)


HERE, THERE = "sample seed 7", "sample seed 9"


@pytest.mark.req("NF3", "EXITS")
def test_what_is_held_is_not_taken_into_another_market(journal):
    a_core(JOB, journal, source=HERE).started(1)
    count = journal.count()

    with pytest.raises(CannotGoOn) as refusal:
        a_core(JOB, journal, source=THERE)

    said = str(refusal.value)
    assert f"held or ordered in another market: {HERE}; this run is on {THERE}" in said
    assert said.endswith("begin a fresh account with --set app.account=NAME")
    assert (refusal.value.exit_code, journal.count()) == (2, count)
    assert a_core(JOB, journal, source=HERE).books.moved_from == ""


def test_an_order_that_only_works_keeps_an_account_in_its_market_too():
    kept = MemoryJournal()
    core = a_core(JOB, kept, source=HERE)
    core.started(1)
    while not core.books.ledger.working:
        cycles(core, proposer(JOB), 1)
    assert not core.books.ledger.positions

    with pytest.raises(CannotGoOn, match="held or ordered in another market"):
        a_core(JOB, kept, source=THERE)


def test_with_nothing_held_the_market_may_change_and_that_is_known():
    kept = MemoryJournal()
    core = a_core(JOB, kept, source=HERE)
    core.started(1)
    cycles(core, proposer(without_wishes()), 3)

    core = a_core(JOB, kept, source=THERE)
    assert core.books.moved_from == HERE
    core.started(2)
    assert a_core(JOB, kept, source=THERE).books.moved_from == ""
    assert [event.source for event in kept.replay() if isinstance(event, Started)] == [HERE, THERE]


def test_a_record_from_before_sources_were_recorded_goes_on(journal):
    a_core(JOB, journal).started(1)

    core = a_core(JOB, journal, source=THERE)

    assert core.books.ledger.positions
    assert core.books.moved_from == ""
