"""An account does not take what it holds into another market: another seed, a lake, another lake."""

from __future__ import annotations

import shutil

import pytest

from tests.gateway.sessions import START, in_folders, journaled
from tests.gateway.test_loop import looped
from trader.gateway.continuity import CannotGoOn
from trader.market.choose import SAMPLE_SPAN
from trader.market.sample import SampleMarket
from trader.model.events import OrderFilled, Started

pytestmark = pytest.mark.slow


@pytest.fixture
def lake(tmp_path):
    """The built-in market's own bars as a lake: the same symbols on the same days, and yet another place."""
    folder = tmp_path / "lake"
    folder.mkdir()
    market = SampleMarket(7)
    panel = market.panel(START - SAMPLE_SPAN, START + SAMPLE_SPAN, market.symbols, "1h", 0)
    for symbol, frame in panel.frames.items():
        frame.rename_axis("start").reset_index().to_parquet(folder / f"{symbol}_1h.parquet", index=False)
    return folder


@pytest.mark.req("NF3", "EXITS")
def test_a_paper_account_that_holds_something_stays_in_its_market(tmp_path, lake):
    run, _ = looped(tmp_path, cycles=4, seed=7)
    assert run.fills > 0
    before = len(journaled(tmp_path))

    for elsewhere in ({"seed": 9}, {"feed": "lake", "data": lake}):
        with pytest.raises(CannotGoOn, match="held or ordered in another market: sample seed 7; this run is on "):
            looped(tmp_path, cycles=1, **elsewhere)

    assert len(journaled(tmp_path)) == before
    again, voice = looped(tmp_path, cycles=1, seed=7)
    assert (len(again.cycles), voice.notes) == (1, [])


@pytest.mark.req("NF3")
def test_neither_does_it_leave_a_lake_for_another_or_for_the_built_in_market(tmp_path, lake):
    run, _ = looped(tmp_path, cycles=4, feed="lake", data=lake)
    assert run.fills > 0
    copied = shutil.copytree(lake, tmp_path / "copy")

    for elsewhere in ({"feed": "lake", "data": copied}, {}):
        with pytest.raises(CannotGoOn, match=f"another market: lake {lake}; this run is on "):
            looped(tmp_path, cycles=1, **elsewhere)


def test_an_account_that_holds_nothing_may_move_and_says_so(tmp_path, lake):
    dry = (*in_folders(tmp_path), "app.mode=dry_run")
    looped(tmp_path, cycles=1, overrides=dry)

    _, voice = looped(tmp_path, cycles=1, overrides=dry, feed="lake", data=lake)

    (note,) = [one for one in voice.notes if "before" in one]
    assert note == "the account ran on sample seed 7 before and has nothing there any more; it goes on here"
    events = journaled(tmp_path, "dry_run")
    assert [event.source for event in events if isinstance(event, Started)] == ["sample seed 7", f"lake {lake}"]
    assert not any(isinstance(event, OrderFilled) for event in events)
