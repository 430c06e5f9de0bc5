"""
Which spans of a lake's files have been asked for, so that nothing is asked twice.

A bar that is not there says nothing by itself: nobody traded, or nobody asked.
`downloads.json` beside the bars remembers what was asked; a file that came
otherwise counts as whole from its first bar to its last.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from trader.market.download_products import write_json
from trader.market.lake_files import BadLake, discover
from trader.market.lake_read import extent

FILE: Final = "downloads.json"

Span = tuple[int, int]
"""`[first, last)` in epoch seconds."""


class Coverage:
    """What of the lake at *folder* was asked for, by file."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / FILE
        self._asked = _read(self._path)

    def missing(self, target: Path, symbol: str, granularity: str, wanted: Span) -> list[Span]:
        """
        The parts of *wanted* that nobody has, in order of time.

        What *target* holds so far is written down first: once bars are added, nobody could tell it from a gap.
        """
        files = discover(self._folder) if self._folder.is_dir() else ()
        same = {file.name: file for file in files if (file.symbol, file.granularity) == (symbol, granularity)}
        own = same.pop(target.name, None)
        before = self._asked.get(target.name)
        if own is None:
            self._asked[target.name] = []
        elif before is None:
            self._asked[target.name] = [extent(own)]
        if self._asked[target.name] != before:
            write_json(self._path, self._asked)
        return without(wanted, [*self._asked[target.name], *map(extent, same.values())])

    def add(self, target: Path, span: Span) -> None:
        """*span* was asked for, and what there is of it lies in *target*; written at once."""
        self._asked[target.name] = joined([*self._asked[target.name], span])
        if target.is_file():
            write_json(self._path, self._asked)


def without(wanted: Span, known: Iterable[Span]) -> list[Span]:
    """The parts of *wanted* that are in none of *known*."""
    left = [wanted]
    for start, end in known:
        left = [
            part for a, b in left for part in ((a, min(b, start)), (max(a, end), b)) if part[0] < part[1]
        ]  # fmt: skip
    return sorted(set(left))


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same seconds in as few spans as possible."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def _read(path: Path) -> dict[str, list[Span]]:
    if not path.is_file():
        return {}
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): [(int(first), int(last)) for first, last in spans] for name, spans in rows.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise BadLake(f"{path}: cannot be read ({error}); take it away, and files count as whole") from error
