"""One thing a strategy file may not do, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """*what* stands on *line*, *why* it cannot be, and what to write *instead*."""

    line: int
    what: str
    why: str
    instead: str

    def sentence(self, path: str) -> str:
        """As the user reads it."""
        return f"{path}:{self.line}: {self.what}: {self.why}; {self.instead}"
