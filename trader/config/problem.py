"""
Every mistake at once: a problem names its place, an error carries them all.

Whoever sees a `ConfigError` can mend the whole configuration in one go; nothing
has been started, and nothing was switched off to get this far.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trader.config.secret_values import masked
from trader.config.wording import clipped
from trader.errors import TraderError, sentences

FILES = ("app", "policy", "universe", "signals", "strategies")
SET = "--set"

Path = tuple[str | int, ...]
"""A key's place: the file's stem, then the keys; a list's item by its number."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: *source* is the file that wrote it or `--set`; *path* starts with the file's stem."""

    source: str
    path: Path
    sentence: str

    def __str__(self) -> str:
        key = dotted(self.path if self.source == SET else self.path[1:])
        where = f"{SET} {key}" if self.source == SET else f"{self.source}: {key}" if key else self.source
        return f"{where}: {masked(self.sentence)}"


class ConfigError(TraderError):
    """The configuration cannot be used; *problems* says all that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(dict.fromkeys(problems), key=_by_file))
        super().__init__(sentences(str(problem) for problem in self.problems))


def dotted(path: Path) -> str:
    """`("risk", "position_cap")` as a person writes it; a list's item as `symbols[2]`."""
    text = ""
    for part in path:
        name = f"[{part + 1}]" if isinstance(part, int) else clipped(part) or "''"
        text += f".{name}" if text and not isinstance(part, int) else name
    return masked(text)


def _by_file(problem: Problem) -> int:
    return FILES.index(str(problem.path[0])) if problem.path and problem.path[0] in FILES else len(FILES)
