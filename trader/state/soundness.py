"""
Whether a journal's files are what was written, all of it, and up to the published head.

Damage is found before anything is opened for writing, so that what is damaged
is left without a trace of us.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from trader.errors import HeldElsewhere
from trader.state import database
from trader.state import head as published_head
from trader.state.chain import GENESIS, Record, true_hash
from trader.state.head import Head
from trader.state.refusals import JournalDamaged, JournalUnreadable, NotInJournal

COLUMNS = ", ".join(Record._fields)
BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
DISK = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY}


@contextmanager
def named(path: Path) -> Iterator[None]:
    """What SQLite cannot read is damage of *path*, unless it is the disk that fails or somebody else who holds it."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF in BUSY:
            raise HeldElsewhere(f"{path}: another process holds it ({error})") from None
        if code & 0xFF in DISK and code != sqlite3.SQLITE_IOERR_SHORT_READ:
            raise JournalUnreadable(f"{path}: the disk does not give it ({error}); nothing was changed") from None
        raise JournalDamaged(path, f"SQLite cannot read it ({error})") from None


def examine(path: Path, published: Head | None) -> tuple[Head, int]:
    """The last record's head and epoch of a sound journal; JournalDamaged otherwise."""
    if not path.exists():
        if published is None:
            raise NotInJournal(f"{path}: there is no journal here")
        raise JournalDamaged(path, f"the file is gone, but {published.seq} records were published")
    if published is None:
        raise JournalDamaged(path, f"its published head {published_head.head_path(path).name} is gone")

    log = path.with_name(path.name + "-wal")
    if not log.exists():
        try:
            return _check(path, "frozen", published)
        except JournalDamaged:
            if not log.exists():  # else a writer began meanwhile, and what was seen may have been half of it
                raise
    return _check(path, "ro", published)


def _check(path: Path, how: str, published: Head | None) -> tuple[Head, int]:
    with named(path), closing(database.connect(path, how)) as db:
        db.execute("BEGIN")
        database.assert_form(db, path)
        last, epoch = walk(db, path, published)
    if published is not None and published.seq > last.seq:
        raise JournalDamaged(
            path,
            f"it ends at record {last.seq}, but record {published.seq} was published: "
            f"its tail was cut, its -wal file is missing or damaged, or this is an older copy",
        )
    return last, epoch


def walk(db: sqlite3.Connection, path: Path, published: Head | None) -> tuple[Head, int]:
    """Follow the chain from the first record to the last; where it passes the *published* one, they must agree."""
    last, epoch = Head(0, GENESIS, ""), 0
    for row in db.execute(f"SELECT {COLUMNS} FROM records ORDER BY seq"):
        record = Record(*row)
        if record.seq != last.seq + 1:
            raise JournalDamaged(path, f"record {last.seq + 1} is missing")
        if record.prev != last.hash or true_hash(record) != record.hash or record.epoch < epoch:
            raise JournalDamaged(path, f"record {record.seq} does not match its hash")
        last, epoch = Head(record.seq, record.hash, record.time), record.epoch
        if published is not None and published.seq == last.seq and published != last:
            raise JournalDamaged(path, f"record {last.seq} is not the one whose hash was published")
    return last, epoch
