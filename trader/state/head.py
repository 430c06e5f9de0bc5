"""
The last record's number and hash, published beside the journal after every commit.

A journal that ends before its published head has lost its tail: it was cut,
its log went missing, or it is an older copy.  The head may lag behind the
journal, where a crash fell between the two; it never leads.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from trader.model.codec import CodecError, dumps, loads
from trader.state.refusals import JournalDamaged


@dataclass(frozen=True, slots=True)
class Head:
    """Number, hash and time of the last record; number 0 before the first."""

    seq: int
    hash: str
    time: str


def head_path(journal: Path) -> Path:
    """Where the head of *journal* is published: `state.head` beside `state.sqlite`."""
    return journal.with_suffix(".head")


def publish(journal: Path, head: Head) -> None:
    """Replace the published head; when this returns the new one survives a crash.  OSError where the disk says no."""
    replace_file(head_path(journal), (dumps(head) + "\n").encode())


def read(journal: Path) -> Head | None:
    """The published head of *journal*, None where there is none."""
    path = head_path(journal)
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise JournalDamaged(journal, f"its published head {path.name} cannot be read ({error})") from None
    try:
        head = loads(Head, text)
    except CodecError as error:
        raise JournalDamaged(journal, f"its published head {path.name} cannot be read ({error})") from None
    return head


def replace_file(path: Path, content: bytes) -> None:
    """Put *content* at *path* whole or not at all, readable by the owner alone, and durable on return."""
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(draft, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in *folder* durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
