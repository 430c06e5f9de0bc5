"""Processes that go for the single-instance lock."""

from __future__ import annotations

import os
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.workers import WORKERS
from trader.errors import HeldElsewhere
from trader.ops.lock import SingleInstance

KEY = "paper-main"


def contend(run_dir: Path, at_once: Any, told: Connection) -> None:
    """Try for the lock when the others do; say what came of it and hold it until told to end."""
    lock = SingleInstance(run_dir, KEY, mode="PAPER", command="trader run")
    at_once.wait(10)
    try:
        lock.acquire()
    except HeldElsewhere as refusal:
        told.send((os.getpid(), str(refusal)))
        return
    told.send((os.getpid(), "held"))
    told.recv()
    lock.release()


class Contender:
    """A process that goes for the lock."""

    def __init__(self, run_dir: Path, at_once: Any) -> None:
        self.at_once = at_once  # must outlive the start of the process
        self.ear, mouth = WORKERS.Pipe()
        self.process = WORKERS.Process(target=contend, args=(run_dir, at_once, mouth), daemon=True)
        self.process.start()
        mouth.close()

    def outcome(self) -> str:
        assert self.ear.poll(20)
        self.pid, said = self.ear.recv()
        return said

    def end(self) -> None:
        with suppress(BrokenPipeError):  # it was refused and is gone
            self.ear.send("end")
        self.process.join(10)


def a_holder(run_dir: Path) -> Contender:
    contender = Contender(run_dir, WORKERS.Barrier(1))
    assert contender.outcome() == "held"
    return contender
