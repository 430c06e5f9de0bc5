"""A run's session in this process, on folders of its own; and `trader run` in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trader.app import venue_of
from trader.gateway.client import LiveCycle
from trader.gateway.line import SocketLine
from trader.model.events import Event
from trader.ops.scheduler import Slot
from trader.running.asked import RunAsked
from trader.running.loop import one_cycle
from trader.running.session import Session, opened
from trader.running.telling import CycleTold
from trader.state.journal import journal_path
from trader.state.view import JournalView

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2025, 1, 10, tzinfo=UTC)
ACCOUNT = "test"


def in_folders(folder: Path) -> tuple[str, ...]:
    """Overrides that keep everything a run writes under *folder*."""
    return (f"app.paths.var={folder}/var", f"app.paths.reports={folder}/reports", f"app.account={ACCOUNT}")


@contextmanager
def a_session(folder: Path, *overrides: str, **options: Any) -> Iterator[Session]:
    """The demo's strategies on hourly bars of the built-in market, kernels and all, unless told otherwise."""
    asked = RunAsked(
        **{
            "config_dir": ROOT / "config/demo",
            "overrides": (*in_folders(folder), *overrides),
            "strategies_dir": ROOT / "strategies",
            "granularity": "1h",
            "start": START,
            "notebook": ROOT / "notebooks/live_cycle.ipynb",
            **options,
        }
    )
    with opened(asked, venue_of) as session:
        yield session


def next_cycle(session: Session) -> CycleTold:
    """One cycle through its notebook."""
    as_of = session.market.time(session.gateway.standing().following)
    return one_cycle(session, Slot(as_of, as_of))


def cycle_by_socket(session: Session) -> LiveCycle:
    """The next cycle, begun and in the hands of a client on the real socket; no kernel."""
    return LiveCycle(SocketLine(session.socket), session.gateway.begin().id)


def with_cell(folder: Path, position: int, source: str) -> Path:
    """A copy of the live-cycle notebook with one more code cell, before the cell at *position*."""
    notebook = json.loads((ROOT / "notebooks/live_cycle.ipynb").read_text())
    cell = {"cell_type": "code", "id": "planted", "metadata": {}, "outputs": [], "execution_count": None}
    notebook["cells"].insert(position, cell | {"source": [source]})
    path = folder / "planted.ipynb"
    path.write_text(json.dumps(notebook))
    return path


def journaled(folder: Path, mode: str = "paper", account: str = ACCOUNT) -> list[Event]:
    """Every event of the account's journal."""
    with JournalView(journal_path(folder / "var", mode, account), mode=mode, account=account) as view:
        return list(view.replay())


def command(folder: Path, *options: str) -> list[str]:
    """`trader run` on the demo's configuration with everything it writes under *folder*."""
    overrides = [part for override in in_folders(folder) for part in ("--set", override)]
    fixed = ["--config-dir", str(ROOT / "config/demo"), "--granularity", "1h", "--start", "2025-01-10"]
    return [sys.executable, "-m", "trader.cli", "run", *fixed, *overrides, *options]


def run(folder: Path, *options: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """`trader run` to its end."""
    return subprocess.run(command(folder, *options), capture_output=True, text=True, timeout=timeout, cwd=ROOT)


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What `--json` said."""
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


class Running:
    """A `trader run` that goes on in its own process, seen line by line."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._file = folder / f"said-{time.monotonic_ns()}.txt"
        with self._file.open("wb") as sink:
            self.process = subprocess.Popen(
                command(folder, *options), stdout=sink, stderr=subprocess.STDOUT, cwd=ROOT, env={**os.environ}
            )

    @property
    def said(self) -> str:
        return self._file.read_text()

    def wait_for(self, words: str, times: int = 1, seconds: float = 90.0) -> None:
        """Wait until *words* were said so often."""
        deadline = time.monotonic() + seconds
        while self.said.count(words) < times:
            assert self.process.poll() is None, f"left with {self.process.returncode}: {self.said}"
            assert time.monotonic() < deadline, f"not within {seconds} s: {words}\n{self.said}"
            time.sleep(0.05)

    def end(self, seconds: float = 20.0) -> int:
        """Wait for its end; its exit code."""
        return self.process.wait(seconds)
