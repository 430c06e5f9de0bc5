"""One pool of real kernels a worker; a test with needs of its own makes its own."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

import pytest

from tests.ops.notebook_builder import a_notebook

AS_OF = datetime(2025, 3, 1, 12, 15, tzinfo=UTC)


@pytest.fixture(scope="session")
def pool():
    from trader.ops.spare_pool import SparePool

    with SparePool() as pool:
        yield pool


@pytest.fixture
def a_runner(pool, tmp_path):
    """Builds a runner for a notebook of the given cells; every option has a sensible default."""
    from trader.ops.notebook_runner import NotebookRunner

    def build(*cells, parameters=None, last=None, deadline_seconds=30.0, redact=str, **options):
        source = {name: value for name, value in (("parameters", parameters), ("last", last)) if value is not None}
        notebook = a_notebook(tmp_path, *cells, **source)
        options = {"pool": pool, "out_dir": tmp_path / "cycles", **options}
        return NotebookRunner(notebook, deadline_seconds=deadline_seconds, redact=redact, **options)

    return build


def is_running(pid: int) -> bool:
    """Whether *pid* still runs, in any thread; an entry its parent has not read yet does not."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            state = stat.read().rpartition(")")[2].split()[0]
        return state != "Z" or len(os.listdir(f"/proc/{pid}/task")) > 1
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone_within(seconds: float, *pids: int) -> bool:
    """Whether all *pids* are gone after at most *seconds*."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(is_running(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False
