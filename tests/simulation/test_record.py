"""The record of a simulated life, in the real journal: the same hashes, the same events, and nothing changes unseen."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.simulation.world import World
from trader.state.head import Head
from trader.state.journal import SqliteJournal
from trader.state.refusals import JournalDamaged
from trader.state.soundness import COLUMNS, walk

LOT = 20
pytestmark = pytest.mark.slow


def lived(seed: int) -> World:
    world = World(seed, 20)
    world.run()
    return world


def written(world: World, path):
    """What *world* committed, in a journal of its own; its head and its rows."""
    events, texts = world.disk.events, world.disk.snapshots
    journal = SqliteJournal(path, mode="live", account="sim")
    for start in range(0, len(events), LOT):
        some = events[start : start + LOT]
        begun = [event.cycle_id for event in some if type(event).__name__ == "CycleBegan"]
        journal.append(some, {one: texts[one] for one in begun})
    assert list(journal.replay()) == world.disk.read()
    head = journal.head()
    journal.close()
    with closing(sqlite3.connect(path)) as db:
        return head, db.execute(f"SELECT {COLUMNS} FROM records ORDER BY seq").fetchall()


def walked(rows, published, path) -> Head:
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(f"CREATE TABLE records ({COLUMNS})")
        db.executemany(f"INSERT INTO records VALUES ({', '.join('?' * len(rows[0]))})", rows)
        return walk(db, path, published)[0]


@pytest.mark.req("STOP")
@pytest.mark.parametrize("seed", [5, 10, 14])
def test_a_life_is_recorded_alike_in_memory_and_on_disk_and_no_change_passes(seed, tmp_path):
    world, path = lived(seed), tmp_path / "journal.db"

    head, rows = written(world, path)

    assert head == world.disk.head()
    whole = walked(rows, None, path)
    assert (whole.seq, whole.hash) == (len(rows), head)
    body = COLUMNS.split(", ").index("body")
    for at in range(seed % 3, len(rows), 3):
        row = list(rows[at])
        middle = len(row[body]) // 2
        row[body] = f"{row[body][:middle]}{chr(ord(row[body][middle]) ^ 1)}{row[body][middle + 1 :]}"
        with pytest.raises(JournalDamaged):
            walked([*rows[:at], row, *rows[at + 1 :]], whole, path)
        if at + 1 < len(rows):
            with pytest.raises(JournalDamaged):
                walked([*rows[:at], *rows[at + 1 :]], whole, path)
    assert walked(rows[:-1], whole, path).seq < whole.seq, "a missing tail is seen by the head that was published"
