"""Run under the preloaded failing disk: fail every (n-th) write, sync and rename of a journal's life in turn."""

from __future__ import annotations

import ctypes
import errno
import json
import sys
import tempfile
from pathlib import Path

from tests.state.journals import open_journal
from tests.state.test_journal_faults import commits_in
from tests.state.writer import append_commit
from trader.errors import TraderError
from trader.state.journal import journal_path

COMMITS = 5
DISK = ctypes.CDLL(None)


def live(path: Path) -> tuple[int, str]:
    """Open, append, close, open and append again; how many commits were acknowledged, and what stopped it."""
    acknowledged = 0
    try:
        for until in (3, COMMITS):
            with open_journal(path) as journal:
                journal._db.execute("PRAGMA wal_autocheckpoint = 3")
                for n in range(acknowledged, until):
                    append_commit(journal, n)
                    acknowledged = n + 1
    except TraderError as refusal:
        return acknowledged, type(refusal).__name__
    return acknowledged, ""


def fail_at(point: int, number: int, sticky: bool, torn: bool) -> str:
    """One life in which call *point* fails; '' once there is no such call."""
    with tempfile.TemporaryDirectory() as folder:
        path = journal_path(Path(folder), "PAPER", "main")
        DISK.disk_fails(point, number, int(sticky), int(torn))
        acknowledged, said = live(path)
        reached = DISK.disk_calls() >= point
        DISK.disk_fails(0, 0, 0, 0)

        if acknowledged or path.exists():
            there = commits_in(path)
            assert acknowledged <= there <= acknowledged + 1, (point, acknowledged, there, said)
        with open_journal(path) as journal:
            assert journal.still_mine()
        return (said or "unharmed") if reached else ""


def main(stride: int) -> None:
    outcomes: dict[str, int] = {}
    for number in (errno.EIO, errno.ENOSPC):
        for sticky, torn in ((False, False), (True, False), (False, True)):
            point = 1 + len(outcomes) % stride
            while said := fail_at(point, number, sticky, torn):
                outcomes[said] = outcomes.get(said, 0) + 1
                point += stride
    json.dump(outcomes, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))
