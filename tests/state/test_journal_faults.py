"""The disk says no, or the process dies: what was acknowledged is there afterwards, and what is there is a prefix."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.state.journals import a_journal, batch, files, open_journal, story
from tests.state.writer import ENOUGH, append_commit, events_of, write_on
from tests.workers import WORKERS, heard
from trader.model.events import Event
from trader.state import head as published_head
from trader.state.journal import JournalWriteFailed, SqliteJournal, journal_path, verify


@pytest.fixture
def path(tmp_path):
    return journal_path(tmp_path, "PAPER", "main")


def commits_in(path: Path) -> int:
    """How many whole commits the journal holds; fails where it holds anything else."""
    report = verify(path)
    assert report.damage == "", report.damage
    with open_journal(path) as journal:
        there = list(journal.replay())
    wanted: list[Event] = []
    for n in range(ENOUGH):
        if len(wanted) == len(there):
            assert there == wanted
            return n
        wanted += events_of(n)
    raise AssertionError(f"{len(there)} records are no whole number of commits")


def append_until_refused(journal: SqliteJournal) -> tuple[int, JournalWriteFailed]:
    """The first commit that the disk did not take, and what was said."""
    for n in range(1, ENOUGH):
        try:
            append_commit(journal, n)
        except JournalWriteFailed as failure:
            return n, failure
    raise AssertionError("the disk took everything")


def killed_rounds(path: Path, rounds: int, seed: int) -> None:
    rng = random.Random(seed)
    acknowledged = 0
    for _ in range(rounds):
        ear, mouth = WORKERS.Pipe(duplex=False)
        child = WORKERS.Process(target=write_on, args=(path, mouth))
        child.start()
        mouth.close()
        if rng.random() < 0.9:
            ear.poll(10)  # else it dies while it opens
        time.sleep(rng.random() * 0.02)
        os.kill(child.pid, signal.SIGKILL)
        child.join()

        acknowledged = max([acknowledged, *heard(ear)])
        if path.exists():
            there = commits_in(path)
            assert acknowledged <= there <= acknowledged + 1
            acknowledged = there  # the one it was killed on is whole, and counts from here
        else:
            assert acknowledged == 0
        if acknowledged > ENOUGH - 100:
            path.parent.rename(path.parent.with_name(f"full-{time.monotonic_ns()}"))
            acknowledged = 0


@pytest.mark.slow
@pytest.mark.req("STOP", "X1")
def test_a_writer_killed_at_any_instant_loses_nothing_acknowledged(path):
    killed_rounds(path, rounds=12, seed=1)


@pytest.mark.prove
@pytest.mark.req("STOP", "X1")
@pytest.mark.timeout(600)
def test_a_writer_killed_a_hundred_and_fifty_times_loses_nothing_acknowledged(path):
    killed_rounds(path, rounds=150, seed=2)


@pytest.mark.req("STOP")
def test_a_disk_that_fills_up_anywhere_leaves_a_prefix(path):
    """Real writes fail, at many different sizes: in the log, in a checkpoint, in the published head."""
    stopped = 0
    for limit in [100, 4_096, 20_000, *range(30_000, 130_000, 9_973)]:
        ear, mouth = WORKERS.Pipe(duplex=False)
        child = WORKERS.Process(target=write_on, args=(path, mouth, limit))
        child.start()
        mouth.close()
        said = heard(ear)
        child.join()

        acknowledged = [each for each in said if isinstance(each, int)]
        if acknowledged:
            assert acknowledged[-1] <= commits_in(path) <= acknowledged[-1] + 1
            stopped += "the disk did not take" in str(said[-1])
    assert stopped >= 8


@pytest.mark.req("STOP", "X1")
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("stride", "at_least"),
    [
        pytest.param(13, 50, id="some"),
        pytest.param(3, 230, id="many", marks=pytest.mark.prove),
        pytest.param(1, 700, id="all", marks=pytest.mark.nightly),
    ],
)
@pytest.mark.slow
def test_every_failing_write_sync_and_rename_leaves_a_prefix(tmp_path, stride, at_least):
    """EIO and ENOSPC, once and for good, torn or not, at each call of a journal's life."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs a C compiler on Linux to preload a failing disk")
    library = tmp_path / "failing_disk.so"
    source = Path(__file__).with_name("failing_disk.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)

    run = subprocess.run(
        [sys.executable, "-m", "tests.state.failing_disk", str(stride)],
        env={**os.environ, "LD_PRELOAD": str(library), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )

    assert run.returncode == 0, run.stderr
    outcomes = json.loads(run.stdout)
    assert set(outcomes) <= {"JournalWriteFailed", "JournalUnreadable", "unharmed"}
    assert outcomes["JournalWriteFailed"] >= at_least


@pytest.mark.req("STOP")
def test_a_full_database_says_so_takes_no_more_and_keeps_what_it_has(path):
    journal = open_journal(path)
    append_commit(journal, 0)
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count = {pages + 4}")

    n, failure = append_until_refused(journal)
    with pytest.raises(JournalWriteFailed, match="closed to writing: a write failed"):
        append_commit(journal, 1)

    assert re.search(r"did not take \d records .*full.*Make room", str(failure))
    assert failure.exit_code == 2
    assert not journal.still_mine()
    journal.close()
    kept = commits_in(path)
    assert kept == n
    with open_journal(path) as again:
        append_commit(again, kept)
    assert commits_in(path) == kept + 1


@pytest.mark.req("STOP")
def test_a_disk_that_turns_read_only_is_a_failed_write(path):
    with open_journal(path) as journal:
        append_commit(journal, 0)
        journal._db.execute("PRAGMA query_only = ON")

        with pytest.raises(JournalWriteFailed, match="readonly"):
            append_commit(journal, 1)

    assert commits_in(path) == 1


@pytest.mark.req("STOP")
def test_a_death_between_commit_and_publishing_is_made_good_at_the_next_start(path):
    a_journal(path)
    draft = path.with_name("state.head.new")
    with open_journal(path) as journal:
        draft.mkdir()
        with pytest.raises(JournalWriteFailed, match="Is a directory"):
            journal.append(batch(9))
    draft.rmdir()

    assert (published_head.read(path).seq, verify(path).records) == (14, 18)
    open_journal(path).close()
    assert published_head.read(path).seq == 18


def test_a_place_where_nothing_can_be_written_is_a_sentence(tmp_path):
    (tmp_path / "paper-main").write_text("a file where the folder belongs")

    with pytest.raises(JournalWriteFailed, match="no journal can be made here"):
        open_journal(journal_path(tmp_path, "PAPER", "main"))


@pytest.mark.req("STOP")
def test_an_interrupt_in_the_middle_of_a_batch_leaves_none_of_it(path, monkeypatch):
    wanted = a_journal(path)
    journal = open_journal(path)
    real = journal._db

    class Interrupted:
        in_transaction = property(lambda self: real.in_transaction)

        def executemany(self, *arguments):
            real.executemany(*arguments)
            raise KeyboardInterrupt

        def __getattr__(self, name):
            return getattr(real, name)

    monkeypatch.setattr(journal, "_db", Interrupted())
    with pytest.raises(KeyboardInterrupt):
        journal.append(batch(9))
    monkeypatch.undo()

    with pytest.raises(JournalWriteFailed, match="interrupted"):
        journal.append(batch(10))
    journal.close()
    with open_journal(path) as again:
        assert list(again.replay()) == wanted


@pytest.mark.req("STOP")
def test_a_clean_end_leaves_no_log_behind(path):
    with open_journal(path) as journal:
        for events in story(3):
            journal.append(events)

    assert set(files(path)) == {"state.sqlite", "state.head"}
