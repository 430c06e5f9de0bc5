"""A live run in a process of its own that is treated badly, and what must hold of it whatever was done."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.gateway.drill import FUNDS, Console
from tests.gateway.live import ACCOUNT, LiveAccount
from tests.gateway.sessions import ROOT
from tests.simulator.conftest import on_stage
from trader.execution.lifecycle import Lifecycle
from trader.model.orders import OrderStatus
from trader.simulator.limits import LimitRules
from trader.state.journal import journal_path, verify

NEVER_LEFT = (OrderStatus.NOT_SENT, OrderStatus.REJECTED)


@contextmanager
def a_live_account(folder: Path) -> Iterator[tuple[Any, LiveAccount]]:
    """A venue with its documented limits, sixty times as fast as the wall, and an armed account on it."""
    papers = folder / "stage"
    papers.mkdir()
    with on_stage(papers, speed=60, deposits=FUNDS, limits=LimitRules()) as stage:
        account = LiveAccount(folder / "account", stage)
        account.arm()
        yield stage, account


@contextmanager
def running(account: LiveAccount, *options: str) -> Iterator[Console]:
    """`trader run`, killed with 9 at the end of the block where it still runs then."""
    run = subprocess.Popen(
        [*account.run_command(10_000), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        yield Console(run)
    finally:
        if run.poll() is None:
            run.kill()
        run.wait(10)


def asked(stage: Any) -> int:
    """Requests that have come in ever; the log itself forgets the oldest."""
    log = stage.simulator.station.log
    return log[-1].number if log else 0


def nothing_is_broken(stage: Any, account: LiveAccount) -> None:
    ours = Counter(order["client_order_id"] for order in account.orders())
    assert max(ours.values()) == 1
    found = account.agrees()
    assert (found["differences"], found["strangers"]) == ([], [])
    assert stage.see("/")["audit"] == []
    assert verify(journal_of(account)).damage == ""


def nothing_is_lost(account: LiveAccount) -> None:
    """What the venue has and what the journal says has left are the same orders."""
    lives = Lifecycle()
    lives.apply_all(account.events())
    there = {order["client_order_id"] for order in account.orders()}
    assert there == {one for one, life in lives.lives.items() if life.status not in NEVER_LEFT}


def journal_of(account: LiveAccount) -> Path:
    return journal_path(account.folder / "var", "live", ACCOUNT)
