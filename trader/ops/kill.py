"""
The kill switch as everybody can press it: a file `KILL` in the run folder.

Looking is cheap and may be done before every send.  Whatever cannot be looked
at counts as pressed: an unreadable flag, or a folder that has vanished (T5).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from trader.errors import TraderError
from trader.ops.holder import read_holder

NAME = "KILL"
REASON_CHARS = 200


class NotKilled(TraderError):
    """The flag could not be left; whoever wanted to kill must know at once, and how else he may."""


class NotLifted(TraderError):
    """The flag is still there, so everything is still killed."""


class KillFlag:
    """The flag of one run folder, which must be there."""

    def __init__(self, run_dir: Path) -> None:
        self.path = run_dir / NAME
        self._run_dir = run_dir

    def reason(self) -> str:
        """Why everything must stop; empty where nothing says so."""
        try:
            found = os.lstat(self.path)
        except FileNotFoundError:
            return "" if self._run_dir.is_dir() else f"the run folder {self._run_dir} has vanished"
        except OSError as error:
            return f"the kill flag cannot be looked at: {error.strerror}"
        return self._read() if stat.S_ISREG(found.st_mode) else f"{self.path} is there"

    def press(self, reason: str) -> None:
        """Press it; the first line of the file says why.  Raises NotKilled where the folder takes no flag at all."""
        text = reason.splitlines()[0][:REASON_CHARS] + "\n" if reason else "\n"
        draft = self.path.with_name(f".{NAME}.{os.getpid()}")
        try:
            self._run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_text(text, encoding="utf-8")
            draft.replace(self.path)  # in one step: whoever looks finds the reason with the flag
        except OSError as error:
            self._press_without_words(error)

    def lift(self) -> None:
        """Take the flag away, if it is there.  Raises NotLifted where the folder does not let go of it."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise NotLifted(
                f"{self.path}: cannot be removed: {error.strerror or error}; nothing was resumed. Whoever owns it must "
                "take it away first"
            ) from error

    def _press_without_words(self, why: OSError) -> None:
        """A full disk takes no words and often still a name, and an empty flag kills as well."""
        try:
            self.path.touch()
        except OSError:
            raise NotKilled(
                f"NOT KILLED: {self.path} cannot be written: {why.strerror or why}. Whoever owns the folder kills "
                f"with: touch {self.path}; whoever owns the run's process with: kill -USR1 {self._pids()}"
            ) from why

    def _pids(self) -> str:
        """The processes that run from the folder, as far as it tells."""
        holders = [read_holder(path) for path in sorted(self._run_dir.glob("*.lock"))]
        return " ".join(str(one.pid) for one in holders if one is not None and one.alive) or "PID"

    def _read(self) -> str:
        try:
            text = self.path.read_bytes()[: 4 * REASON_CHARS].decode("utf-8", "replace")
        except OSError as error:
            return f"the kill flag cannot be read: {error.strerror}"
        said = "".join(c if c.isprintable() else " " for c in text).strip()
        return said[:REASON_CHARS] or f"{self.path} is there"


class KillLatch:
    """
    The switch as one process sees it: pressed once is pressed until the process ends, even if the file is taken away.

    *look* says why everything must stop, or nothing.  Any thread may ask.
    """

    def __init__(self, look: Callable[[], str]) -> None:
        self._look, self._said = look, ""

    def reason(self) -> str:
        """Why everything must stop; empty where nothing ever said so."""
        if not self._said:
            try:
                self.press(self._look())
            except OSError as error:
                self.press(f"the kill flag cannot be looked at: {error.strerror}")
        return self._said

    def press(self, reason: str) -> None:
        """Press it for *reason*, unless it was pressed before; an empty one presses nothing."""
        self._said = self._said or reason
