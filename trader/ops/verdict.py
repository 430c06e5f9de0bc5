"""
What became of one run of a notebook.

This is ours to say, and it rests on what ran and what the last cell printed,
never on what papermill's metadata claims.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any


class Status(StrEnum):
    """How a notebook's run ended."""

    COMPLETE = "complete"
    FAILED = "failed"
    DEADLINE = "deadline"
    DEAD_KERNEL = "dead_kernel"


@dataclass(frozen=True, slots=True)
class NotebookVerdict:
    """
    The end of one run; *cell* counts as Jupyter's `[k]`, *error* is redacted.

    *sha256* is of the record's bytes, also while *record_error* says why they are not at *path* yet.
    """

    cycle_id: str
    as_of: datetime
    status: Status
    cell: int | None
    error: str | None
    seconds: float
    path: Path
    sha256: str = ""
    record_error: str | None = None
    result: dict[str, Any] | None = None
    is_cut: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether every cell ran and the last one gave this cycle's result."""
        return self.status is Status.COMPLETE

    def account(self) -> dict[str, Any]:
        """What the record says of it, as JSON knows it."""
        return {
            "cycle_id": self.cycle_id,
            "as_of": self.as_of.isoformat(),
            "status": self.status.value,
            "cell": self.cell,
            "error": self.error,
            "seconds": self.seconds,
            "result": self.result,
            "is_cut": self.is_cut,
        }
