"""The loop around the cycles: what ends it, what it leaves, and what it never lets in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest

from tests.backtest.worlds import World, job_of
from tests.gateway.paper import a_core, proposer
from tests.gateway.sessions import ROOT, START, a_session, cycle_by_socket, in_folders, journaled
from trader.app import venue_of
from trader.errors import ExchangeUnreachable
from trader.gateway.core import TradingCore
from trader.gateway.service import Gateway
from trader.model.events import OrderChanged, Started, StateMoved, Stopped
from trader.model.orders import OrderStatus
from trader.ops.kill import KillFlag, NotKilled
from trader.ops.lock import SingleInstance
from trader.running.asked import RunAsked
from trader.running.loop import run_cycles
from trader.running.session import opened
from trader.state.journal import JournalWriteFailed, SqliteJournal
from trader.state.memory import MemoryJournal

IMPORTS = """
import sys
from pathlib import Path
from tests.gateway.sessions import a_session, next_cycle
with a_session(Path(sys.argv[1])) as session:
    assert next_cycle(session).notebook == "complete"
    print([name for name in sys.modules if name.startswith("strategy_")])
"""


class Silent:
    """Hears of everything and says nothing."""

    def __init__(self) -> None:
        self.cycles = []
        self.notes = []
        self.criticals = []

    def begun(self, told):
        self.first = told

    def cycle(self, told):
        self.cycles.append(told)

    def note(self, sentence):
        self.notes.append(sentence)

    def critical(self, sentence):
        self.criticals.append(sentence)


def asked(folder, **options):
    given = {
        "config_dir": ROOT / "config/demo", "overrides": in_folders(folder), "strategies_dir": ROOT / "strategies",
        "granularity": "1h", "start": START, "notebook": ROOT / "notebooks/live_cycle.ipynb",
    }  # fmt: skip
    return RunAsked(**{**given, **options})


def looped(folder, **options):
    voice = Silent()
    run = run_cycles(asked(folder, **options), voice, lambda wanted: opened(wanted, venue_of))
    return run, voice


@pytest.mark.slow
@pytest.mark.req("SEC1")
def test_the_gateways_process_imports_no_strategy(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )

    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


@pytest.mark.slow
@pytest.mark.req("STOP")
def test_history_that_is_exhausted_is_settled_to_its_end_and_that_is_an_end(tmp_path):
    run, voice = looped(tmp_path, end=START + timedelta(hours=3))

    assert (run.ended, run.exit_code, len(run.cycles)) == ("history is exhausted", 0, 3)
    assert "history ends at 2025-01-10 03:00 UTC" in voice.notes[0]
    assert run.journal_head
    assert [event.reason for event in journaled(tmp_path) if isinstance(event, Stopped)] == ["history is exhausted"]
    assert json.loads(json.dumps(run.document()))["cycles"][0]["cycle_id"] == "20250110T000000Z-paper-test"


@pytest.mark.slow
@pytest.mark.req("STOP")
def test_a_history_that_ends_before_the_account_stands_there_is_told_with_what_the_account_is_worth(tmp_path):
    first, _ = looped(tmp_path, end=START + timedelta(hours=8), cycles=6)

    again, _ = looped(tmp_path, end=START + timedelta(hours=3))

    assert (again.cycles, again.exit_code) == ([], 0)
    assert again.ended.startswith("the account is at 2025-01-10 05:00 UTC, and this history ends before that; ")
    assert again.nlv_usd == first.nlv_usd
    times = [event.time for event in journaled(tmp_path) if isinstance(event, Started | Stopped)]
    assert times == sorted(times)


@pytest.mark.slow
@pytest.mark.req("STOP", "SI1")
def test_a_journal_that_takes_no_more_ends_the_run_and_everything_is_put_down(tmp_path, monkeypatch):
    append, calls = SqliteJournal.append, []

    def full(self, events, snapshots=None):
        calls.append(events)
        if len(calls) > 6:
            raise JournalWriteFailed("no space left on device")
        append(self, events, snapshots or {})

    monkeypatch.setattr(SqliteJournal, "append", full)
    with pytest.raises(JournalWriteFailed, match="no space left"):
        looped(tmp_path, cycles=5)

    monkeypatch.undo()
    assert not list((tmp_path / "var/run").glob("*.sock"))
    with SingleInstance(tmp_path / "var/run", "paper-test"):
        pass
    again, _ = looped(tmp_path, cycles=1)
    assert again.cycles[0].notebook == "complete"


@pytest.mark.slow
@pytest.mark.req("STOP")
def test_last_bars_that_cannot_be_had_end_a_run_with_a_sentence_and_5(tmp_path, monkeypatch):
    def unreachable(self):
        raise ExchangeUnreachable("the bars up to noon cannot be had")

    monkeypatch.setattr(TradingCore, "close_out", unreachable)

    run, voice = looped(tmp_path, end=START + timedelta(hours=3))

    assert (run.exit_code, run.ended) == (5, "the bars up to noon cannot be had")
    assert voice.criticals == [run.ended]


@pytest.mark.slow
@pytest.mark.req("K1", "STOP")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_look_between_cycles_that_fails_ends_the_run_for_nobody_would_look_any_more(tmp_path, monkeypatch):
    def broken(self):
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(Gateway, "look_again", broken)

    run, _ = looped(tmp_path, cycles=50)

    assert len(run.cycles) < 50
    assert run.ended == "stopped by the look between cycles failed: ZeroDivisionError: a mistake of ours"


@pytest.mark.slow
@pytest.mark.req("SI1", "NF3")
def test_an_account_taken_over_sends_nothing_more(tmp_path):
    with a_session(tmp_path) as session:
        session.gateway._core.books._is_ours = lambda: False
        cycle = cycle_by_socket(session)
        decision = cycle.submit()

    changes = [event for event in journaled(tmp_path) if isinstance(event, OrderChanged)]
    assert decision.intents
    assert {change.status for change in changes} == {OrderStatus.NOT_SENT}
    assert {change.reason for change in changes} == {"another instance holds the account"}


@pytest.mark.req("M1")
def test_without_a_venue_every_intent_ends_as_not_sent_and_reserves_nothing():
    job, journal = job_of(World(act_share=100, sell_share=0)), MemoryJournal()
    core = a_core(job, journal, mode="dry_run")
    cycle = core.begin()

    decision = core.submit(cycle.id, proposer(job)(cycle.snapshot))

    statuses = [event.status for event in journal.replay() if isinstance(event, OrderChanged)]
    assert decision.intents
    assert set(statuses) == {OrderStatus.NOT_SENT}
    assert not core.books.ledger.working
    assert core.books.book().reserved_usd == 0


@pytest.mark.slow
@pytest.mark.req("K1", "NF1")
def test_a_signal_kills_even_where_its_flag_cannot_be_written(tmp_path, monkeypatch):
    class Presses(Silent):
        def cycle(self, told):
            super().cycle(told)
            if len(self.cycles) == 1:
                os.kill(os.getpid(), signal.SIGUSR1)

    def full(self, *arguments, **options):
        raise NotKilled("no space left on device")

    monkeypatch.setattr(KillFlag, "press", full)
    voice = Presses()
    run_cycles(asked(tmp_path, cycles=2), voice, lambda wanted: opened(wanted, venue_of))

    assert "signal SIGUSR1; its flag could not be written" in voice.criticals[0]
    moved = [event.state.value for event in journaled(tmp_path) if isinstance(event, StateMoved)]
    assert moved == ["killed"]


@pytest.mark.slow
@pytest.mark.req("K1", "NF1")
def test_an_operators_signal_presses_the_kill_switch_and_is_told_as_critical(tmp_path):
    class Presses(Silent):
        def cycle(self, told):
            super().cycle(told)
            if len(self.cycles) == 1:
                os.kill(os.getpid(), signal.SIGUSR1)
                time.sleep(1)

    voice = Presses()
    run = run_cycles(asked(tmp_path, cycles=3), voice, lambda wanted: opened(wanted, venue_of))

    assert (run.state, run.exit_code) == ("killed", 4)
    assert len(voice.criticals) == 1
    assert voice.criticals[0].startswith("kill switch: signal SIGUSR1; no order leaves any more")
    events = journaled(tmp_path)
    moved = [(event.state.value, event.reason) for event in events if isinstance(event, StateMoved)]
    assert moved == [("killed", "signal SIGUSR1")]
