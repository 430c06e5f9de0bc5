"""
A list is read to its end, or it is not there.

A cursor may repeat, pages may overlap, the last page may offer one more; what
never happens is that rows are quietly missing or that reading goes on for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from trader.ports import WireDown

PAGES_MAX = 1000

Row = TypeVar("Row", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows, where it goes on, and whether it does; *more* None: the venue does not say."""

    rows: Sequence[Row]
    cursor: str
    more: bool | None = None


def every_row(fetch: Callable[[str], Page[Row]], what: str) -> list[Row]:
    """All rows in the order of the pages, equal ones once; `fetch` gets "" first and then each page's cursor."""
    rows: dict[Row, None] = {}
    used: set[str] = set()
    cursor = ""
    for _ in range(PAGES_MAX):
        page, before = fetch(cursor), len(rows)
        rows.update(dict.fromkeys(page.rows))
        repeats = page.cursor in used
        if page.more and (not page.cursor or repeats):
            raise WireDown(f"{what}: says there is more, and gives no new cursor; half a list is none")
        nothing_new = not page.rows or (repeats and len(rows) == before)
        if page.more is False or (page.more is None and (not page.cursor or nothing_new)):
            return list(rows)
        used.add(page.cursor)
        cursor = page.cursor
    raise WireDown(f"{what}: no end after {PAGES_MAX} pages; half a list is none")
