"""
A journal as a reader sees it: checked from the first record to the published head, or not opened at all.

Looking changes no byte of the record, and neither waits for a running writer
nor makes it wait.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from trader.model.codec import CodecError, digest, loads, loads_event
from trader.model.events import AccountOpened, CycleBegan, Event
from trader.model.market import Snapshot
from trader.state import database
from trader.state import head as published_head
from trader.state.chain import Record, link
from trader.state.refusals import JournalDamaged, NotInJournal, WrongJournal
from trader.state.soundness import COLUMNS, examine, named


class JournalView:
    """The record of one account, read only.  *mode* and *account*, where given, must be the journal's own."""

    def __init__(self, path: Path, *, mode: str | None = None, account: str | None = None) -> None:
        self.path = path
        self.published = published_head.read(path)
        self._last, self._last_epoch = examine(path, self.published)
        with named(path):
            self._db = database.connect(path, "ro")
        with ExitStack() as unless_ours:
            unless_ours.callback(self.close)
            self._refuse_another(mode, account)
            unless_ours.pop_all()

    def replay(self, after: int = 0) -> Iterator[Event]:
        """Every event after record *after*, oldest first."""
        with named(self.path), closing(self._db.cursor()) as cursor:
            for seq, kind, body in cursor.execute(
                "SELECT seq, kind, body FROM records WHERE seq > ? ORDER BY seq", (after,)
            ):
                try:
                    event = loads_event(body)
                except CodecError as error:
                    what = f"record {seq} ({kind}) was written by another version of the program ({error})"
                    raise JournalDamaged(self.path, what) from None
                yield event

    def head(self) -> str:
        """The hash of the last record."""
        return self._last.hash

    def count(self) -> int:
        """How many records there are."""
        return self._last.seq

    def snapshot(self, snapshot_id: str) -> Snapshot:
        """The snapshot a cycle decided on."""
        return loads(Snapshot, self.snapshot_text(snapshot_id))

    def snapshot_text(self, snapshot_id: str) -> str:
        """Its canonical text, equal to what the chain vouches for."""
        query = "SELECT s.sha256, s.body, r.body FROM snapshots s JOIN records r ON r.seq = s.seq WHERE s.id = ?"
        with named(self.path):
            row = self._db.execute(query, (snapshot_id,)).fetchone()
        if row is None:
            raise NotInJournal(f"{self.path}: snapshot {snapshot_id} was never stored here")
        return _vouched(self.path, snapshot_id, *row)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        self.close()

    def _refuse_another(self, mode: str | None, account: str | None) -> None:
        first = next(self.replay(), None)
        if first is None:
            return
        if not isinstance(first, AccountOpened):
            raise JournalDamaged(self.path, f"it begins with {type(first).__name__} instead of AccountOpened")
        for word, wanted, found in (("mode", mode, first.mode), ("account", account, first.account)):
            if wanted is not None and wanted != found:
                raise WrongJournal(f"{self.path}: this journal is of {word} {found}, not {wanted}; name its own folder")


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What `verify` found; *damage* is empty where all is as it was written."""

    path: str
    records: int = 0
    snapshots: int = 0
    head: str = ""
    published_seq: int = 0
    damage: str = ""


def verify(path: Path) -> ChainReport:
    """Check every byte that counts: structure, chain, published head, each event's form, each snapshot's hash."""
    try:
        with JournalView(path) as view, named(path):
            _check_forms(view)
            ids = [key for (key,) in view._db.execute("SELECT id FROM snapshots")]
            for key in ids:
                view.snapshot_text(key)
            seq = view.published.seq if view.published else 0
            return ChainReport(str(path), view.count(), len(ids), view.head(), seq)
    except JournalDamaged as error:
        return ChainReport(str(path), damage=str(error))


def _check_forms(view: JournalView) -> None:
    """Every body is an event in canonical form, and its header says of it what it says itself."""
    for row in view._db.execute(f"SELECT {COLUMNS} FROM records ORDER BY seq"):
        record = Record(*row)
        try:
            [again] = link([loads_event(record.body)], seq=record.seq - 1, prev=record.prev, epoch=record.epoch)
        except CodecError as error:
            raise JournalDamaged(view.path, f"record {record.seq} ({record.kind}) is no event ({error})") from None
        if again != record:
            raise JournalDamaged(view.path, f"record {record.seq} ({record.kind}) is not in canonical form")


def _vouched(path: Path, snapshot_id: str, sha256: str, body: bytes, record: str) -> str:
    """The text in *body*, if it is what the chain's *record* names."""
    try:
        text = zlib.decompress(body).decode("utf-8")
    except (zlib.error, UnicodeDecodeError, TypeError) as error:
        raise JournalDamaged(path, f"snapshot {snapshot_id} cannot be unpacked ({error})") from None
    began = loads_event(record)
    if not isinstance(began, CycleBegan) or not digest(text) == sha256 == began.snapshot_sha256:
        raise JournalDamaged(path, f"snapshot {snapshot_id} is not the one its cycle began with")
    return text
