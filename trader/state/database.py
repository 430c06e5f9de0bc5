"""
The SQLite file beneath the journal: its form, and how it is opened.

It is created whole under another name and renamed, so a half-made one is never
met.  The settings that make a commit durable hold per connection and are read
back at every open; a file system that cannot keep the promise is refused.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from trader.errors import TraderError
from trader.state.head import sync_folder
from trader.state.refusals import JournalDamaged

APPLICATION_ID = 0x3234_3754  # "247T"
SCHEMA_VERSION = 1
BUSY_SECONDS = 5.0
NETWORKED = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "fuse.sshfs", "ncpfs"})
SETTINGS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1, "trusted_schema": 0}

SCHEMA = (
    """CREATE TABLE records (
    seq INTEGER PRIMARY KEY,
    time TEXT NOT NULL,
    kind TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    cycle_id TEXT,
    client_order_id TEXT,
    fill_id TEXT,
    body TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL
)""",
    """CREATE TABLE snapshots (
    id TEXT PRIMARY KEY NOT NULL,
    seq INTEGER NOT NULL REFERENCES records (seq),
    sha256 TEXT NOT NULL,
    body BLOB NOT NULL
)""",
    "CREATE UNIQUE INDEX one_intent ON records (client_order_id) WHERE kind = 'IntentStored'",
    "CREATE UNIQUE INDEX one_fill ON records (fill_id) WHERE fill_id IS NOT NULL",
    "CREATE INDEX by_order ON records (client_order_id) WHERE client_order_id IS NOT NULL",
    """CREATE TRIGGER records_only_grow BEFORE INSERT ON records
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM records)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    *(
        f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
        for table in ("records", "snapshots")
        for verb in ("UPDATE", "DELETE")
    ),
)


class UnsafeDisk(TraderError):
    """A place or a setting that would not survive a crash."""


def create(path: Path) -> None:
    """Make an empty journal at *path*, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    refuse_network(path)
    draft = path.with_name(path.name + ".new")
    for leftover in (draft, *(draft.with_name(draft.name + tail) for tail in ("-wal", "-shm", "-journal"))):
        leftover.unlink(missing_ok=True)

    os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    db = connect(draft, "rw")
    try:
        db.execute("BEGIN EXCLUSIVE")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        for statement in SCHEMA:
            db.execute(statement)
        db.execute("COMMIT")
        # Last, so that nothing is in a log yet, which `close` could fail to write back without a word; and read to
        # its end, or an error in it would be lost.
        db.execute("PRAGMA journal_mode = WAL").fetchall()
        assert_durable(db, path)
    finally:
        db.close()
    os.replace(draft, path)
    sync_folder(path.parent)


def connect(path: Path, how: str) -> sqlite3.Connection:
    """
    Open the existing file *path*: `rw` to write; `ro` to read beside a writer, which may leave an empty -wal file;
    `frozen` to read without a trace what nobody writes and has no -wal.
    """
    uri = f"{path.absolute().as_uri()}?mode={'ro&immutable=1' if how == 'frozen' else how}"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA fullfsync = ON")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA recursive_triggers = ON")
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cell_size_check = ON")
    return db


def assert_durable(db: sqlite3.Connection, path: Path) -> None:
    """Read the settings back; UnsafeDisk names the one that does not hold."""
    for name, wanted in SETTINGS.items():
        found = db.execute(f"PRAGMA {name}").fetchone()[0]
        if found != wanted:
            raise UnsafeDisk(f"{path}: SQLite answers {name} = {found}, {wanted} is needed; is this a local disk?")


def assert_form(db: sqlite3.Connection, path: Path) -> None:
    """JournalDamaged unless *db* is a journal of this version, whole in structure, indexes and triggers."""
    if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise JournalDamaged(path, "this is not a journal of 247trader")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version != SCHEMA_VERSION:
        raise JournalDamaged(path, f"its form has version {version}, this program writes {SCHEMA_VERSION}")

    found = {sql for (sql,) in db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    if found != set(SCHEMA):
        odd = min(map(str, found ^ set(SCHEMA))).split("\n")[0]
        raise JournalDamaged(path, f"its tables are not those of a journal ({odd} …)")
    verdict = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if verdict != "ok":
        raise JournalDamaged(path, f"SQLite finds it broken ({' '.join(str(verdict).split())})")


def refuse_network(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> None:
    """UnsafeDisk where *path* lies on a network file system, whose locks and syncs cannot be relied on."""
    if not mounts.exists():
        return
    target, kinds = path.parent.resolve(), {}
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        place, _, rest = line.partition(" - ")
        kinds[Path(place.split()[4].replace("\\040", " "))] = rest.split()[0]
    mount = max((place for place in kinds if target.is_relative_to(place)), key=lambda p: len(p.parts), default=None)
    if mount is not None and kinds[mount] in NETWORKED:
        raise UnsafeDisk(
            f"{path}: {mount} is a network file system ({kinds[mount]}); choose a local disk for paths.var"
        )
