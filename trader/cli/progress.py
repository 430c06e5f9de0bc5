"""
How far a download has come: a bar on a terminal, plain lines anywhere else.

The bar goes to stderr, so that a pipe gets lines that stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from trader.market.download import Downloaded, Watcher


class Lines:
    """One line when a symbol is begun and one when it is done; nothing at all where *quiet*."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet

    def began(self, symbol: str, calls: int) -> None:
        """So many calls are ahead."""
        if not self._quiet and calls:
            typer.echo(f"{symbol}: {calls:,} calls ahead", err=True)

    def called(self) -> None:
        """One of them is made."""

    def ended(self, done: Downloaded) -> None:
        """The symbol is done."""
        if not self._quiet:
            typer.echo(sentence(done))


class Bar(Lines):
    """The same on a terminal, with a bar of the calls."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress
        self._task: TaskID | None = None

    def began(self, symbol: str, calls: int) -> None:
        """A bar of its own for each symbol."""
        self._task = self._progress.add_task(symbol, total=calls)

    def called(self) -> None:
        """One step."""
        if self._task is not None:
            self._progress.advance(self._task)

    def ended(self, done: Downloaded) -> None:
        """The line stays, the bar goes."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._progress.console.print(sentence(done), highlight=False)


def sentence(done: Downloaded) -> str:
    """What became of one symbol, in words."""
    if not done.calls:
        return f"{done.symbol}: nothing to ask for, {done.file} has it all"
    replaced = f", {done.replaced:,} replaced" if done.replaced else ""
    return f"{done.symbol}: {done.added:,} bars added{replaced}, {done.bars:,} in {done.file}"


@contextmanager
def watching(quiet: bool) -> Iterator[Watcher]:
    """The one that fits where we are written to."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield Lines(quiet)
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bar(progress)
