"""
What a strategy file may not do, found by reading it (STR1).

All findings at once, each with its line, what stands there, why it cannot be,
and what to write instead.  Nothing of the file is run.  It is held against
mistakes: what somebody hides on purpose may pass (decision 0019).
"""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

from trader.errors import TraderError, sentences
from trader.purity.finding import Finding
from trader.purity.reach import reaching
from trader.purity.state import remembering

__all__ = ["Finding", "Impure", "check_source", "refuse"]


class Impure(TraderError):
    """A strategy file does what a strategy may not; *findings* says all of it."""

    def __init__(self, name: str, findings: tuple[Finding, ...], path: str) -> None:
        self.findings = findings
        head = f"strategy {name} is refused: it is not pure"
        super().__init__(sentences([head, *(f"  {finding.sentence(path)}" for finding in findings)]))


class NotPython(TraderError):
    """A strategy file that does not parse."""


@lru_cache(maxsize=256)
def check_source(source: str, path: str = "strategy.py") -> tuple[Finding, ...]:
    """
    Everything in *source* a strategy may not do, by line; raises `NotPython` where it does not parse.

    Remembered by its text, because a spare kernel has read before what its cycle reads again.
    """
    try:
        tree = ast.parse(source, path)
    except SyntaxError as error:
        line = (error.text or "").strip()
        raise NotPython(f"{path}:{error.lineno}: {error.msg}" + (f": {line}" if line else "")) from None
    except ValueError as error:
        raise NotPython(f"{path}: {error}") from None
    found = {*reaching(tree), *remembering(tree)}
    return tuple(sorted(found, key=lambda finding: (finding.line, finding.what)))


def refuse(path: Path, shown: str) -> str:
    """The text of the strategy file *path* (*shown* in messages), or `Impure` with every finding."""
    try:
        source = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise NotPython(f"{shown}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    except OSError as error:
        raise NotPython(f"{shown}: cannot be read: {error.strerror}") from None
    findings = check_source(source, shown)
    if findings:
        raise Impure(path.stem, findings, shown)
    return source
