from __future__ import annotations

import os
import sqlite3
import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.state import nouns
from tests.state.journals import (
    OPENED,
    STARTED,
    T0,
    a_fill,
    a_journal,
    a_snapshot_text,
    an_intent,
    at,
    batch,
    began,
    files,
    flat,
    open_journal,
    raw,
    story,
)
from trader.model.events import IntentStored, Marked, OrderFilled, Stopped
from trader.state import database
from trader.state.journal import (
    DuplicateRecord,
    Fenced,
    JournalView,
    JournalWriteFailed,
    NotInJournal,
    SqliteJournal,
    WrongJournal,
    journal_path,
    verify,
)
from trader.state.memory import MemoryJournal


@pytest.fixture
def path(tmp_path):
    return journal_path(tmp_path, "PAPER", "main")


@pytest.mark.req("X2", "STOP")
def test_what_was_appended_is_replayed_after_a_restart(path):
    wanted = a_journal(path)

    with open_journal(path) as journal:
        assert list(journal.replay()) == wanted
        assert journal.count() == len(wanted)
        assert list(journal.replay(after=len(wanted) - 1)) == wanted[-1:]


NEWS = st.lists(nouns.events.filter(lambda e: not isinstance(e, (IntentStored, OrderFilled))), max_size=4)


@given(batches=st.lists(NEWS, max_size=4))
@settings(max_examples=15, deadline=None)
def test_any_events_replay_as_they_were_and_chain_as_in_memory(tmp_path_factory, batches):
    path = tmp_path_factory.mktemp("journal") / "state.sqlite"
    memory = MemoryJournal()
    with open_journal(path) as journal:
        for events in ([OPENED], *batches):
            journal.append(events)
            memory.append(events)

    with open_journal(path) as journal:
        assert list(journal.replay()) == list(memory.replay())
        assert journal.head() == memory.head()
    assert verify(path).damage == ""


@pytest.mark.req("X1")
@pytest.mark.parametrize(
    "again, said",
    [
        pytest.param([an_intent(1)], "client_order_id t247-1 is already recorded, alike", id="an intent"),
        pytest.param([a_fill(1)], "fill_id f1 is already recorded, alike", id="a fill"),
        pytest.param([a_fill(1, price="1")], "fill_id f1 is already recorded, with other fields", id="another fill"),
        pytest.param([an_intent(7), an_intent(7)], "twice in one batch", id="twice at once"),
    ],
)
def test_an_id_is_recorded_once_and_a_refused_batch_leaves_nothing(path, again, said):
    wanted = a_journal(path)

    with open_journal(path) as journal:
        with pytest.raises(DuplicateRecord, match=said):
            journal.append([Marked(at(9), Decimal(1)), *again])
        journal.append([Stopped(at(9), "end")])

        assert list(journal.replay()) == [*wanted, Stopped(at(9), "end")]
    assert verify(path).damage == ""


@pytest.mark.req("X1")
def test_ids_stay_unique_over_restarts_and_ninety_days(path):
    a_journal(path)
    with open_journal(path) as journal:
        journal.append([Marked(T0 + timedelta(days=90), Decimal(1))])

    with open_journal(path) as journal, pytest.raises(DuplicateRecord):
        journal.append([an_intent(1)])


@pytest.mark.req("X2")
@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE records SET body = '{}' WHERE seq = 3",
        "DELETE FROM records WHERE seq = 3",
        "DELETE FROM records",
        "INSERT INTO records SELECT 99, time, kind, epoch, 'c', 'o', 'f', body, prev, hash FROM records",
        "INSERT OR REPLACE INTO records SELECT * FROM records WHERE seq = 3",
        "UPDATE snapshots SET body = ''",
        "DELETE FROM snapshots",
    ],
)
def test_the_file_itself_refuses_to_be_rewritten(path, attempt):
    a_journal(path)
    text = a_snapshot_text()
    with open_journal(path) as journal:
        journal.append([began(9, text)], {"c9": text})
    db = raw(path)

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute(attempt)

    db.close()
    assert verify(path).damage == ""


@pytest.mark.req("SEC1")
def test_only_the_owner_may_read_the_files(path):
    with open_journal(path) as journal:
        journal.append([OPENED])
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}

    assert set(modes) == {"state.sqlite", "state.sqlite-wal", "state.sqlite-shm", "state.head"}
    assert set(modes.values()) == {0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700

    path.chmod(0o644)
    open_journal(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode, account, said", [("PAPER", "other", "account main"), ("LIVE", "main", "mode PAPER")])
def test_the_journal_of_another_account_or_mode_is_refused(path, mode, account, said):
    a_journal(path)

    with pytest.raises(WrongJournal, match=f"of {said}"):
        SqliteJournal(path, mode=mode, account=account)


def test_a_journal_begins_with_its_own_opening(path):
    with open_journal(path) as journal:
        with pytest.raises(ValueError, match="begins with AccountOpened"):
            journal.append([STARTED])
        with pytest.raises(WrongJournal):
            journal.append([OPENED.__class__(T0, "PAPER", "else", Decimal(1), "", "")])
        journal.append([OPENED])


@pytest.mark.req("SI1")
def test_a_second_writer_fences_the_first(path):
    a_journal(path)
    first, second = open_journal(path), open_journal(path)
    assert first.still_mine()

    second.append([Stopped(at(9), "mine now")])

    assert not first.still_mine()
    with pytest.raises(Fenced, match="another process has written"):
        first.append([Stopped(at(9), "mine too")])
    with pytest.raises(JournalWriteFailed, match="took over"):
        first.append([Stopped(at(9), "again")])
    first.close()
    second.close()
    assert verify(path).damage == ""


@pytest.mark.req("SI1")
def test_epochs_rise_and_an_old_one_may_not_open(path):
    a_journal(path)

    with open_journal(path) as journal:
        assert journal.epoch == 2
        journal.append([Stopped(at(9), "")])

    with pytest.raises(Fenced, match="epoch 2 has written here; epoch 2 must stop") as refusal:
        SqliteJournal(path, mode="PAPER", account="main", epoch=2)
    assert refusal.value.exit_code == 3


def test_a_snapshot_is_kept_beside_the_cycle_that_names_it(path):
    text = a_snapshot_text()
    with open_journal(path) as journal:
        journal.append([OPENED])
        journal.append([began(1, text)], {"c1": text})

        assert journal.snapshot_text("c1") == text
        with pytest.raises(NotInJournal):
            journal.snapshot_text("c2")
        with pytest.raises(ValueError, match="names its hash"):
            journal.append([began(2, text)], {"c2": text + " "})
        with pytest.raises(DuplicateRecord):
            journal.append([began(2, text)], {"c1": text})

    report = verify(path)
    assert (report.records, report.snapshots, report.damage) == (2, 1, "")


def test_a_reader_does_not_disturb_a_writer(path):
    with open_journal(path) as journal:
        journal.append([OPENED])
        with JournalView(path, mode="PAPER", account="main") as view:
            journal.append(batch(1))

            assert len(list(view.replay())) == 5
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                view._db.execute("INSERT INTO snapshots VALUES ('a', 1, '', '')")
        assert verify(path).damage == ""
        before = files(path)
        verify(path)
        assert files(path) == before


@pytest.mark.req("STOP")
def test_threads_append_one_after_the_other(path):
    with open_journal(path) as journal:
        journal.append([OPENED])
        threads = [
            threading.Thread(target=lambda k=k: [journal.append([an_intent(100 * k + n)]) for n in range(20)])
            for k in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert journal.count() == 81
    assert verify(path).damage == ""


def test_a_forked_child_may_not_append(path, monkeypatch):
    with open_journal(path) as journal:
        journal.append([OPENED])
        mine = os.getpid()
        monkeypatch.setattr("trader.state.journal.os.getpid", lambda: mine + 1)

        with pytest.raises(JournalWriteFailed, match="forked"):
            journal.append(batch(1))


def test_durable_settings_hold_at_every_open_and_a_connection_without_them_is_noticed(path):
    a_journal(path)
    with open_journal(path) as journal:
        database.assert_durable(journal._db, path)

        journal._db.execute("PRAGMA synchronous = OFF")
        with pytest.raises(database.UnsafeDisk, match="synchronous = 0, 2 is needed"):
            database.assert_durable(journal._db, path)


@pytest.mark.parametrize(("kind", "safe"), [("nfs4", False), ("cifs", False), ("ext4", True)])
def test_a_network_file_system_is_refused(tmp_path, kind, safe):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        f"1 0 8:1 / / rw - overlay o rw\n2 1 0:5 / {tmp_path} rw,relatime shared:1 - {kind} server:/x rw\n"
    )

    if safe:
        database.refuse_network(tmp_path / "a" / "state.sqlite", mounts)
    else:
        with pytest.raises(database.UnsafeDisk, match=kind):
            database.refuse_network(tmp_path / "a" / "state.sqlite", mounts)


def test_the_memory_journal_keeps_what_it_is_given():
    journal = MemoryJournal()
    for events in story(3):
        journal.append(events)
    half = journal.head()
    journal.append(batch(9), {"c9": "text"})

    assert list(journal.replay()) == [*flat(story(3)), *batch(9)]
    assert journal.count() == 18
    assert journal.head() != half
    assert journal.snapshot_text("c9") == "text"


def test_the_memory_journal_costs_next_to_nothing():
    from time import perf_counter

    journal, events = MemoryJournal(), batch(1)
    best = 1.0
    for _ in range(5):
        begun = perf_counter()
        for _ in range(10_000):
            journal.append(events)
        best = min(best, (perf_counter() - begun) / 40_000)

    assert best <= 0.3e-6
