"""
Why a journal is not used, or could not be written: each a sentence and what to do about it.

Nothing here is repaired by the program: a damaged journal is evidence, so its
files stay exactly as they were found.
"""

from __future__ import annotations

from pathlib import Path

from trader.errors import HeldElsewhere, TraderError


class JournalDamaged(TraderError):
    """The record is not what was written, or not all of it is there."""

    def __init__(self, path: Path, what: str) -> None:
        self.what = what
        super().__init__(
            f"{path}: {what}. Nothing was changed. Keep the folder {path.parent} as it is; then either put back a "
            f"copy of the whole folder that `trader audit verify` accepts, or move it away to begin a new account."
        )


class JournalUnreadable(TraderError):
    """The disk does not give the file; whether it is sound cannot be said."""


class WrongJournal(TraderError):
    """A sound journal of another mode or account."""


class JournalWriteFailed(TraderError):
    """The disk did not take a record; whatever was acknowledged before is safe, and nothing more is written."""


class DuplicateRecord(TraderError):
    """An intent, a fill or a snapshot that the journal already has; nothing of the batch was written."""


class NotInJournal(TraderError):
    """Something was asked for that was never recorded."""


class Fenced(HeldElsewhere):
    """Another process has taken this journal over; this one must stop."""
