"""What a run says of itself: nothing that went wrong is left for the notebooks alone to tell."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from tests.gateway.sessions import in_folders, journaled
from tests.gateway.test_faults import HONEST, planted
from tests.gateway.test_loop import Silent, asked, looped
from trader.app import venue_of
from trader.model.events import CycleEnded, Stopped
from trader.running.ending import exit_code
from trader.running.loop import run_cycles
from trader.running.session import opened
from trader.running.telling import CycleTold, FailedTold, Told, failures_of


def a_cycle(**changed):
    plain = {
        "as_of": "2025-01-10T00:00:00+00:00", "cycle_id": "c", "regime": "chop", "proposals": 0, "approved": 0,
        "trimmed": 0, "denied": 0, "orders": 0, "fills": 0, "nlv_usd": 10_000.0, "notebook": "complete", "cell": None,
        "detail": "", "record": "c.ipynb", "milliseconds": 7,
    }  # fmt: skip
    return CycleTold(**{**plain, **changed})


def a_run(*cycles, **changed):
    run = Told("paper", "test", "somewhere", ended="2 cycles were asked for", journal="state.sqlite", cycles=[*cycles])
    run.failures = failures_of(cycles)
    for name, value in changed.items():
        setattr(run, name, value)
    return run


def test_a_cycle_in_which_nothing_failed_says_nothing_of_failures():
    assert a_cycle().line().endswith("notebook complete  7 ms")


@pytest.mark.req("STR4")
def test_a_strategy_that_failed_stands_in_the_cycles_line_with_the_first_line_of_its_reason():
    told = a_cycle(failures={"raises": "ValueError: always\nat raises.py:12", "slow": "took longer than 5 s"})

    assert told.line().endswith("notebook complete  7 ms  raises, slow FAILED: ValueError: always")


@pytest.mark.req("STR4")
def test_the_last_words_say_which_strategies_failed_how_often_and_why_first():
    why = {"raises": "ValueError: always", "slow": "took longer than 5 s"}
    run = a_run(a_cycle(failures=why), a_cycle(), a_cycle(failures={"raises": "KeyError: 'x'"}))

    assert run.line().splitlines()[1:-1] == [
        "strategy raises failed in 2 cycles, first: ValueError: always",
        "strategy slow failed in 1 cycle, first: took longer than 5 s",
    ]
    assert run.document()["failures"]["raises"] == {"cycles": 2, "first": "ValueError: always"}
    assert exit_code(run) == 1


def test_a_run_without_a_failure_is_done():
    assert exit_code(a_run(a_cycle())) == 0


@pytest.mark.req("K1")
@pytest.mark.parametrize(
    ("state", "code"), [("active", 0), ("reducing", 0), ("halted", 4), ("killed", 4)], ids=lambda value: str(value)
)
def test_a_run_leaves_with_4_where_nothing_would_be_sent_any_more(state, code):
    run = a_run(a_cycle(), state=state)

    assert exit_code(run) == code
    assert (f"trading is {state}; only `trader resume` lifts it" in run.line()) is (state != "active")


@pytest.mark.req("K1")
def test_a_stopped_account_outweighs_a_strategy_that_failed():
    assert exit_code(a_run(a_cycle(failures={"raises": "ValueError"}), state="killed")) == 4


@pytest.mark.parametrize(("more", "code"), [({}, 5), ({"state": "halted"}, 4), ({"unwritten": ["a.ipynb"]}, 2)])
def test_last_bars_that_cannot_be_had_are_no_good_end_either(more, code):
    assert exit_code(a_run(a_cycle(failures={"raises": "ValueError"}), exit_code=5, **more)) == code


def test_executed_notebooks_that_are_lost_are_named_and_that_is_no_good_end():
    run = a_run(
        a_cycle(), unwritten=["a.ipynb: not written: No space left on device", "b.ipynb: not written: the same"]
    )

    assert exit_code(run) == 2
    assert "2 executed notebooks LOST" in run.line()
    assert "a.ipynb: not written: No space left on device" in run.line()


@pytest.mark.slow
def test_a_run_whose_reports_take_no_record_ends_with_the_loss_in_its_last_words_and_in_the_journal(tmp_path):
    (tmp_path / "reports").write_text("a file where the folder should be")

    run, voice = looped(tmp_path, cycles=2)

    assert (run.exit_code, len(run.unwritten)) == (2, 2)
    assert "2 records kept to be written later" in voice.cycles[-1].line()
    assert (
        f"2 executed notebooks LOST, the record of what was decided is in the journal alone: {tmp_path}" in run.line()
    )
    (stopped,) = [event for event in journaled(tmp_path) if isinstance(event, Stopped)]
    assert stopped.reason.count("not written: Not a directory") == 2


@pytest.mark.slow
def test_what_could_not_be_written_in_its_cycle_is_written_at_the_end(tmp_path):
    class MakesRoom(Silent):
        def cycle(self, told):
            super().cycle(told)
            (tmp_path / "reports").unlink()

    (tmp_path / "reports").write_text("a file where the folder should be")
    voice = MakesRoom()

    run = run_cycles(asked(tmp_path, cycles=1), voice, lambda wanted: opened(wanted, venue_of))

    assert "1 record kept to be written later" in voice.cycles[0].line()
    assert (run.exit_code, run.unwritten) == (0, [])
    (ended,) = [event for event in journaled(tmp_path) if isinstance(event, CycleEnded)]
    assert sha256(Path(ended.notebook_path).read_bytes()).hexdigest() == ended.notebook_sha256


@pytest.mark.slow
@pytest.mark.req("STR4")
def test_a_run_in_which_a_strategy_failed_says_so_and_is_not_done(tmp_path):
    """The others trade on; the sum says what did not."""
    there, overrides = planted(tmp_path, bad='raise ValueError("always")', good=HONEST)

    run, voice = looped(tmp_path, cycles=2, strategies_dir=there, overrides=(*in_folders(tmp_path), *overrides))

    assert (run.exit_code, sum(told.orders for told in voice.cycles) > 0) == (1, True)
    assert list(run.failures) == ["bad"]
    assert isinstance(run.failures["bad"], FailedTold)
    assert run.failures["bad"].cycles == 2
    assert all("bad FAILED: ValueError: always" in told.line() for told in voice.cycles)
    assert "strategy bad failed in 2 cycles, first: ValueError: always" in run.line()
