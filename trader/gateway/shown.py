"""
Small tables that know how to show themselves: HTML in a notebook, aligned text everywhere else.

Numbers stand right and in one width, so that columns can be compared at a
glance.  Every text is escaped: names and reasons come from strangers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

INK, QUIET = "var(--jp-ui-font-color1,#1b2129)", "var(--jp-ui-font-color2,#596270)"
LINE, HAIR = "var(--jp-border-color1,#c9c6bf)", "var(--jp-border-color3,#ecebe6)"
STYLE = f"""
.t247{{font-size:13px;line-height:1.35;margin:.3em 0 .9em;max-width:100%;overflow-x:auto;color:{INK}}}
.t247 table{{border-collapse:collapse;margin:0 0 .9em;font-size:13px}}
.t247 caption{{caption-side:top;text-align:left;font-weight:600;padding:0 0 .35em;white-space:nowrap}}
.t247 th,.t247 td{{padding:.22em 1.1em .22em 0!important;text-align:left!important;vertical-align:top;border:0;
white-space:nowrap;background:none!important}}
.t247 th{{font-weight:500;color:{QUIET};border-bottom:1px solid {LINE}!important}}
.t247 td{{border-bottom:1px solid {HAIR}!important}}
.t247 .n{{text-align:right!important;font-variant-numeric:tabular-nums}}
.t247 .w{{white-space:normal!important;min-width:14em;max-width:34em}}
.t247 .gain{{color:#1d7f55}} .t247 .loss{{color:#b73a35}} .t247 .refused{{color:#7d4fa3}}
.t247 .quiet{{color:{QUIET}}} .t247 .strong{{font-weight:600}}
.t247 .note{{color:{QUIET};margin:.2em 0 .5em}}
.t247 i{{display:inline-block;width:90px;height:8px;background:{HAIR};vertical-align:middle}}
.t247 i b{{display:block;height:8px;background:#15616d}} .t247 i b.full{{background:#b73a35}}
"""
BAR_CHARS = 12
TONES = frozenset({"", "gain", "loss", "refused", "quiet", "strong"})


@dataclass(frozen=True, slots=True)
class Cell:
    """One text with its tone; *share* draws a bar from 0 to 1 instead."""

    text: str = ""
    tone: str = ""
    share: float | None = None

    @property
    def plain(self) -> str:
        """As text."""
        if self.share is None:
            return self.text
        filled = round(min(1.0, max(0.0, self.share)) * BAR_CHARS)
        return "█" * filled + "·" * (BAR_CHARS - filled)

    @property
    def html(self) -> str:
        """As HTML, escaped."""
        if self.share is None:
            return escape(self.text)
        width = min(1.0, max(0.0, self.share)) * 100
        return f'<i><b style="width:{width:.0f}%"{" class=full" if self.share >= 0.995 else ""}></b></i>'


@dataclass(frozen=True, slots=True)
class Column:
    """A heading; *numeric* columns stand right, *wide* ones may wrap."""

    name: str
    numeric: bool = False
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A captioned table; where it has no rows, *note* says why."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""

    def to_html(self) -> str:
        """The table as HTML, without its style."""
        note = f'<div class="note">{escape(self.note)}</div>' if self.note else ""
        if not self.rows:
            return f'<div><span class="strong">{escape(self.title)}</span>{note}</div>'
        head = "".join(f'<th class="{_kind(column)}">{escape(column.name)}</th>' for column in self.columns)
        body = "".join(f"<tr>{''.join(map(_td, row, self.columns))}</tr>" for row in self.rows)
        return f"<table><caption>{escape(self.title)}</caption><tr>{head}</tr>{body}</table>{note}"

    def to_text(self) -> str:
        """The table as aligned text."""
        if not self.rows:
            return f"{self.title}: {self.note or 'nothing'}"
        texts = [[column.name for column in self.columns], *([cell.plain for cell in row] for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
        lines = ["  ".join(map(_aligned, row, widths, self.columns)).rstrip() for row in texts]
        return "\n".join([self.title, *lines, *([self.note] if self.note else [])])

    def __repr__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        return Shown((self,))._repr_html_()


@dataclass(frozen=True, slots=True)
class Shown:
    """Tables, one below the other."""

    tables: tuple[Table, ...] = field(default=())

    def __repr__(self) -> str:
        return "\n\n".join(table.to_text() for table in self.tables)

    def _repr_html_(self) -> str:
        body = "".join(table.to_html() for table in self.tables)
        return f'<style>{STYLE}</style><div class="t247">{body}</div>'


def columns(*names: str) -> tuple[Column, ...]:
    """Headings by name: one that begins with > is numeric, one with ~ may wrap."""
    return tuple(Column(name.lstrip(">~"), name.startswith(">"), name.startswith("~")) for name in names)


def text(value: object, tone: str = "") -> Cell:
    """A cell of words."""
    assert tone in TONES, tone
    return Cell(str(value), tone)


def bar(share: float) -> Cell:
    """A bar from 0 to 1."""
    return Cell(share=share)


def _kind(column: Column) -> str:
    return "n" if column.numeric else "w" if column.wide else ""


def _td(cell: Cell, column: Column) -> str:
    return f'<td class="{f"{_kind(column)} {cell.tone}".strip()}">{cell.html}</td>'


def _aligned(value: str, width: int, column: Column) -> str:
    return value.rjust(width) if column.numeric else value.ljust(width)
