"""A process that appends until something stops it."""

from __future__ import annotations

import resource
from multiprocessing.connection import Connection
from pathlib import Path

from tests.state.journals import OPENED, a_snapshot_text, batch, began, open_journal
from trader.model.events import Event
from trader.state.journal import JournalWriteFailed, SqliteJournal

ENOUGH = 400


def events_of(n: int) -> list[Event]:
    """Commit *n* of an endless story; every third brings a snapshot."""
    return [OPENED] if n == 0 else [*batch(n), *([began(n, a_snapshot_text(n))] if n % 3 == 0 else [])]


def append_commit(journal: SqliteJournal, n: int) -> None:
    journal.append(events_of(n), {f"c{n}": a_snapshot_text(n)} if n and n % 3 == 0 else {})


def write_on(path: Path, told: Connection, file_limit: int | None = None) -> None:
    """Append commits until something stops us, telling the parent of each that was acknowledged."""
    if file_limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    try:
        journal = open_journal(path)
    except JournalWriteFailed as failure:
        told.send(str(failure))
        return
    journal._db.execute("PRAGMA wal_autocheckpoint = 5")  # so that a death falls into checkpoints too
    done = journal.count() and len([1 for event in journal.replay() if event.__class__.__name__ == "Marked"]) + 1
    try:
        for n in range(done, ENOUGH):
            append_commit(journal, n)
            told.send(n + 1)
    except JournalWriteFailed as failure:
        told.send(str(failure))
    told.close()
