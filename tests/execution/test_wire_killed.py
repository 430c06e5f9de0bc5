"""A gateway's execution that is killed with 9 while it trades: nothing is lost, nothing is sent twice."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from tests.execution.account import Trader, Where, trade_until_killed
from tests.simulator.conftest import on_stage
from tests.workers import WORKERS
from trader.execution.lifecycle import Lifecycle
from trader.model.orders import OrderStatus
from trader.state.journal import SqliteJournal, verify


def killed_rounds(where: Where, rounds: int, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(rounds):
        ear, mouth = WORKERS.Pipe(duplex=False)
        child = WORKERS.Process(target=trade_until_killed, args=(where, mouth))
        child.start()
        if rng.random() < 0.85:
            ear.poll(30)  # else it dies while it takes the account up
        time.sleep(rng.uniform(0, 0.25))
        os.kill(child.pid, signal.SIGKILL)
        child.join()


def judged(where: Where, stage, least: int) -> None:
    account = Trader(where)
    account.settle()
    lives = account.execution.lives.lives
    there = stage.see("/truth")["orders"]
    ours = [order["client_order_id"] for order in there]

    assert len(ours) == len(set(ours)) >= least
    assert set(ours) <= set(lives)  # nothing at the venue that the record does not know
    gone = {one for one, life in lives.items() if life.status not in (OrderStatus.NOT_SENT, OrderStatus.REJECTED)}
    assert gone == set(ours)  # and nothing in the record that is not at the venue
    assert account.agrees()
    account.close()
    assert verify(where.journal).damage == ""


@pytest.mark.req("X1", "X2", "STOP")
@pytest.mark.slow
def test_killed_again_and_again_it_loses_nothing_and_sends_nothing_twice(tmp_path):
    with on_stage(tmp_path) as stage:
        where = Where.on(stage, tmp_path)
        killed_rounds(where, rounds=8, seed=5)

        judged(where, stage, least=3)


@pytest.mark.prove
@pytest.mark.req("X1", "X2", "STOP")
@pytest.mark.timeout(900)
def test_killed_a_hundred_and_fifty_times_it_loses_nothing_and_sends_nothing_twice(tmp_path):
    with on_stage(tmp_path) as stage:
        where = Where.on(stage, tmp_path)
        killed_rounds(where, rounds=150, seed=6)

        judged(where, stage, least=100)


@pytest.mark.slow
@pytest.mark.req("X1")
def test_a_record_that_forgets_what_it_sent_would_be_seen(tmp_path):
    """The control: orders at the venue that the record does not know are what is looked for."""
    with on_stage(tmp_path) as stage:
        where = Where.on(stage, tmp_path)
        account = Trader(where)
        account.trade()
        account.close()
        forgetful = Where(tmp_path / "other.sqlite", where.host, where.ca_file, where.key_file, where.price)

        with pytest.raises(AssertionError):
            judged(forgetful, stage, least=1)

        with_journal = SqliteJournal(where.journal, mode="live", account="main")
        lives = Lifecycle()
        lives.apply_all(with_journal.replay())
        with_journal.close()
        assert lives.lives
