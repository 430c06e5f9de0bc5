from __future__ import annotations

import itertools
import random
import shutil
import sqlite3
from dataclasses import replace

import pytest

from tests.state.journals import (
    OPENED,
    STARTED,
    a_crashed_journal,
    a_journal,
    a_snapshot_text,
    an_intent,
    batch,
    began,
    damage_of,
    files,
    open_journal,
    raw,
    restore,
    story,
)
from trader.errors import TraderError
from trader.model.codec import dumps
from trader.state import head as published_head
from trader.state.chain import GENESIS, Record, hash_of, link
from trader.state.head import Head
from trader.state.journal import INSERT, JournalDamaged, journal_path, verify
from trader.state.soundness import COLUMNS, walk
from trader.state.view import JournalView

PARTS = ["state.sqlite", "state.sqlite-wal", "state.head"]
MAKERS = {"closed": a_journal, "crashed": a_crashed_journal}


@pytest.fixture
def path(tmp_path):
    return journal_path(tmp_path, "PAPER", "main")


def judge(path, wanted) -> str:
    """'same' where the journal opens and holds *wanted*, 'refused' where it says no, 'silent' otherwise."""
    if damage_of(path):
        return "refused"
    try:
        with open_journal(path) as journal:
            return "same" if list(journal.replay()) == wanted else "silent"
    except TraderError:
        return "refused"


def flips(content: bytes, how_many: int, seed: int) -> list[tuple[int, int]]:
    """Which bits to flip: every byte where there are few, else one in each of *how_many* regions."""
    rng = random.Random(seed)
    regions = min(how_many, len(content))
    edges = [len(content) * n // regions for n in range(regions + 1)]
    return [(rng.randrange(low, high), 1 << rng.randrange(8)) for low, high in itertools.pairwise(edges)]


def flip_everywhere(path, maker, part, how_many, seed=1) -> dict[str, int]:
    wanted = MAKERS[maker](path)
    good = files(path)
    outcomes = {"same": 0, "refused": 0, "silent": 0}
    for offset, bit in flips(good[part], how_many, seed):
        content = bytearray(good[part])
        content[offset] ^= bit
        restore(path, {**good, part: bytes(content)})
        outcomes[judge(path, wanted)] += 1
    return outcomes


@pytest.mark.slow
@pytest.mark.req("STOP", "X2")
@pytest.mark.parametrize(
    ("maker", "part", "how_many", "refused_at_least"),
    [
        ("closed", "state.sqlite", 300, 60),
        ("crashed", "state.sqlite-wal", 200, 50),
        ("crashed", "state.sqlite", 30, 0),
        ("closed", "state.head", 200, 110),
    ],
)
def test_a_flipped_bit_is_refused_or_harmless_but_never_silent(path, maker, part, how_many, refused_at_least):
    outcomes = flip_everywhere(path, maker, part, how_many)

    assert outcomes["silent"] == 0
    assert outcomes["refused"] >= refused_at_least


@pytest.mark.req("STOP")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("maker", "part"), [("closed", "state.sqlite"), ("crashed", "state.sqlite-wal")])
@pytest.mark.parametrize(
    "how_many", [pytest.param(3_000, marks=pytest.mark.prove), pytest.param(10_000, marks=pytest.mark.nightly)]
)
def test_no_flipped_bit_in_thousands_is_silent(path, maker, part, how_many):
    assert flip_everywhere(path, maker, part, how_many, seed=2)["silent"] == 0


def test_without_the_chain_flipped_bits_would_be_silent(path):
    """The control: SQLite alone hands out changed bodies without a word."""
    wanted = [dumps(event) for event in a_journal(path)]
    good, silent = files(path), 0
    for offset, bit in flips(good["state.sqlite"], 300, seed=1):
        content = bytearray(good["state.sqlite"])
        content[offset] ^= bit
        restore(path, {**good, "state.sqlite": bytes(content)})
        try:
            silent += [body for (body,) in raw(path).execute("SELECT body FROM records ORDER BY seq")] != wanted
        except (sqlite3.Error, UnicodeDecodeError):
            continue

    assert silent >= 10


@pytest.mark.req("STOP", "X2")
@pytest.mark.parametrize(
    ("maker", "part"), [("closed", "state.sqlite"), ("crashed", "state.sqlite-wal"), ("closed", "state.head")]
)
def test_a_file_cut_short_anywhere_is_refused(path, maker, part):
    wanted = MAKERS[maker](path)
    good = files(path)
    sizes = sorted({len(good[part]) * n // 60 for n in range(60)} | {0, 1, len(good[part]) - 1})

    outcomes = []
    for size in sizes:
        restore(path, {**good, part: good[part][:size]})
        outcomes.append(judge(path, wanted))

    assert "silent" not in outcomes
    harmless = {"state.head": 1, "state.sqlite": 0, "state.sqlite-wal": 1}[part]  # a newline, half a stale frame
    assert outcomes.count("same") <= harmless


@pytest.mark.req("STOP")
@pytest.mark.parametrize(
    ("maker", "part", "content", "said"),
    [
        pytest.param("crashed", "state.sqlite-wal", None, "-wal file is missing or damaged", id="no -wal"),
        pytest.param("crashed", "state.sqlite-wal", b"\x5a" * 9_000, "missing or damaged", id="garbage -wal"),
        pytest.param("crashed", "state.sqlite", None, "the file is gone, but 14 records were published", id="no file"),
        pytest.param("closed", "state.sqlite", b"", "not a journal of 247trader|cannot read it", id="empty file"),
        pytest.param("closed", "state.sqlite", b"name,price\n" * 999, "not a database", id="not a database"),
        pytest.param("closed", "state.head", None, "published head state.head is gone", id="no head"),
        pytest.param("closed", "state.head", b"{}\n", "Head.hash: missing", id="an empty head"),
        pytest.param("closed", "state.head", b"\xff\xfe", "cannot be read", id="a garbage head"),
    ],
)
def test_a_missing_or_foreign_file_is_named_and_nothing_is_made_anew(path, maker, part, content, said):
    MAKERS[maker](path)
    good = files(path)
    restore(path, {name: each for name, each in {**good, part: content}.items() if each is not None})
    before = files(path)

    with pytest.raises(JournalDamaged, match=said) as refusal:
        open_journal(path)

    assert refusal.value.exit_code == 2
    assert "Nothing was changed. Keep the folder" in str(refusal.value)
    assert files(path) == before


def test_a_log_without_its_file_is_refused(path):
    a_crashed_journal(path)
    path.unlink()
    published_head.head_path(path).unlink()

    with pytest.raises(JournalDamaged, match=r"its log state\.sqlite-wal is there"):
        open_journal(path)


@pytest.mark.req("STOP", "X2")
@pytest.mark.parametrize("maker", MAKERS)
def test_an_older_copy_put_back_is_refused(path, maker, tmp_path):
    MAKERS[maker](path)
    backup = {name: content for name, content in files(path).items() if name != "state.head"}
    with open_journal(path) as journal:
        journal.append(batch(9))
    newer = files(path)["state.head"]

    restore(path, {**backup, "state.head": newer})

    assert "ends at record 14, but record 18 was published" in damage_of(path)


def cut_the_tail(path, records=1) -> None:
    """What an unfriendly hand with SQL can do: the chain that is left is sound."""
    db = raw(path)
    triggers = list(db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    for name, _ in triggers:
        db.execute(f"DROP TRIGGER {name}")
    db.execute("DELETE FROM records WHERE seq > (SELECT max(seq) FROM records) - ?", (records,))
    for _, sql in triggers:
        db.execute(sql)
    db.close()


@pytest.mark.req("X2")
def test_the_chain_alone_misses_a_cut_tail_and_the_published_head_sees_it(path):
    wanted = a_journal(path)
    cut_the_tail(path)

    db = raw(path)
    last, _ = walk(db, path, published=None)  # the control: a chain without an anchor
    db.close()
    assert last.seq == len(wanted) - 1

    assert "its tail was cut" in damage_of(path)


def swap(db: sqlite3.Connection, statement: str) -> None:
    triggers = list(db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    for name, _ in triggers:
        db.execute(f"DROP TRIGGER {name}")
    db.execute(statement)
    for _, sql in triggers:
        db.execute(sql)


@pytest.mark.req("X2")
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "UPDATE records SET body = replace(body, '60000.5', '50000.5') WHERE seq = 5",
            "record 5 does not match its hash",
        ),
        ("UPDATE records SET time = '2020-01-01T00:00:00Z' WHERE seq = 5", "record 5 does not match its hash"),
        ("UPDATE records SET epoch = 0 WHERE seq = 5", "record 5 does not match its hash"),
        ("UPDATE records SET client_order_id = 'x' WHERE seq = 3", "record 3 does not match its hash"),
        ("UPDATE records SET body = x'00ff' WHERE seq = 5", "record 5 does not match its hash"),
        ("DELETE FROM records WHERE seq = 5", "record 5 is missing"),
        ("DELETE FROM records WHERE seq = 1", "record 1 is missing"),
        ("DROP INDEX one_fill", "tables are not those of a journal .CREATE UNIQUE INDEX one_fill"),
        ("CREATE TABLE more (x)", "tables are not those of a journal .CREATE TABLE more"),
        ("PRAGMA user_version = 2", "its form has version 2, this program writes 1"),
        ("PRAGMA application_id = 7", "not a journal of 247trader"),
    ],
)
def test_a_rewritten_journal_is_refused(path, statement, said):
    a_journal(path)
    db = raw(path)
    swap(db, statement)
    db.close()

    with pytest.raises(JournalDamaged, match=said):
        open_journal(path)
    assert verify(path).damage


def test_a_journal_whose_append_only_guard_was_removed_is_refused(path):
    a_journal(path)
    raw(path).execute("DROP TRIGGER records_no_DELETE")

    assert "CREATE TRIGGER records_no_DELETE" in damage_of(path)


def test_an_index_that_forgot_an_intent_is_noticed(path):
    """A unique index that lost an entry would let a duplicate in."""
    a_journal(path)
    db = raw(path)
    db.execute("PRAGMA writable_schema = ON")
    db.execute("UPDATE sqlite_master SET sql = replace(sql, 'IntentStored', 'Nothing') WHERE name = 'one_intent'")
    db.close()
    db = raw(path)
    db.execute("REINDEX one_intent")
    db.execute("PRAGMA writable_schema = ON")
    db.execute("UPDATE sqlite_master SET sql = replace(sql, 'Nothing', 'IntentStored') WHERE name = 'one_intent'")
    db.close()

    assert "SQLite finds it broken" in damage_of(path)


@pytest.mark.req("X2")
@pytest.mark.parametrize(
    ("forged", "said"),
    [
        pytest.param(lambda head: replace(head, seq=head.seq + 1), "record 15 was published", id="leads"),
        pytest.param(lambda head: replace(head, seq=head.seq - 1), "record 13 is not the one", id="another number"),
        pytest.param(lambda head: replace(head, hash=GENESIS), "record 14 is not the one", id="another hash"),
        pytest.param(lambda head: replace(head, time=""), "record 14 is not the one", id="another time"),
    ],
)
def test_a_head_that_is_not_the_journals_is_refused(path, forged, said):
    a_journal(path)
    head = published_head.read(path)
    published_head.publish(path, forged(head))

    assert said in damage_of(path)


@pytest.mark.req("STOP")
@pytest.mark.parametrize("behind", [1, 2, 3])
def test_a_head_some_commits_behind_is_a_crash_and_is_brought_level(path, behind):
    with open_journal(path) as journal:
        for events in story(4 - behind):
            journal.append(events)
        old = files(path)["state.head"]
        for n in range(behind):
            journal.append(batch(50 + n))
        level = files(path)["state.head"]
    published_head.head_path(path).write_bytes(old)

    assert damage_of(path) == ""
    open_journal(path).close()

    assert files(path)["state.head"] == level


def test_a_journal_that_never_began_is_made_again(path):
    path.parent.mkdir(parents=True)
    published_head.publish(path, Head(0, GENESIS, ""))
    path.with_name("state.sqlite.new").write_bytes(b"half")

    with open_journal(path) as journal:
        journal.append([OPENED])

    assert verify(path).records == 1


def test_a_snapshot_changed_on_disk_is_not_handed_out(path):
    text = a_snapshot_text()
    with open_journal(path) as journal:
        journal.append([OPENED])
        journal.append([began(1, text)], {"c1": text})
    db = raw(path)
    swap(db, "UPDATE snapshots SET body = CAST(substr(body, 1, 30) || x'00' || substr(body, 32) AS BLOB)")
    db.close()

    with JournalView(path) as view, pytest.raises(JournalDamaged, match="snapshot c1"):
        view.snapshot_text("c1")
    assert "snapshot c1" in verify(path).damage


@pytest.mark.parametrize(
    ("body", "said"),
    [('{"type":"Marvelled"}', "is no event"), (dumps(STARTED).replace(",", ", ", 1), "is not in canonical form")],
)
def test_a_well_chained_record_of_another_version_is_named(path, body, said):
    a_journal(path, batches=0)
    [record] = link([STARTED], seq=2, prev=published_head.read(path).hash, epoch=1)
    forged = record._replace(body=body, hash=hash_of(record.seq, record[1:7], body, record.prev))
    db = raw(path)
    db.execute(INSERT, forged)
    db.close()

    assert damage_of(path) == ""
    assert f"record 3 (Started) {said}" in verify(path).damage


def test_columns_and_records_are_in_step():
    assert COLUMNS.split(", ") == list(Record._fields)
    assert an_intent(1).intent.client_order_id == link([an_intent(1)], seq=0, prev=GENESIS, epoch=1)[0].client_order_id


def test_a_copy_of_the_whole_folder_is_as_good_as_the_original(path, tmp_path):
    a_crashed_journal(path)
    shutil.copytree(path.parent, tmp_path / "copy")

    assert verify(tmp_path / "copy" / path.name).damage == ""
