"""Processes that start fast: forked from a server that has already imported what they need."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from typing import Any

WORKERS = multiprocessing.get_context("forkserver")
WORKERS.set_forkserver_preload(["tests.contenders", "tests.state.writer", "tests.execution.account"])


def heard(ear: Connection) -> list[Any]:
    """All that was said before the other side closed or died."""
    said: list[Any] = []
    try:
        while True:
            said.append(ear.recv())
    except EOFError:
        return said
