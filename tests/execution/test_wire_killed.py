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

FAULTS = [
    {"route": "create_order", "kind": "drop_after", "probability": 0.06},
    {"route": "create_order", "kind": "status_after", "probability": 0.04},
    {"route": "create_order", "kind": "cut_body", "probability": 0.04},
    {"route": "create_order", "kind": "late", "probability": 0.05, "seconds": 0.1},
    {"route": "cancel_orders", "kind": "drop_after", "probability": 0.05},
    {"route": "cancel_orders", "kind": "lost_cancel", "probability": 0.05},
    {"route": "list_fills", "kind": "duplicate_fill", "probability": 0.2},
]
"""Answers that are lost, orders that are late, cancels that are forgotten; and fills are told late throughout."""
FILLS_LATE_SECONDS = 0.1


def killed_rounds(where: Where, stage, rounds: int, seed: int) -> dict[str, int]:
    """Kill it so often, at random instants, while it trades and while it takes the account up."""
    rng = random.Random(seed)
    stage.direct("/settings", fills_late_seconds=FILLS_LATE_SECONDS)
    stage.direct("/faults", faults=FAULTS, seed=seed)
    for _ in range(rounds):
        orders = len(stage.venue.orders)
        ear, mouth = WORKERS.Pipe(duplex=False)
        child = WORKERS.Process(target=trade_until_killed, args=(where, mouth))
        child.start()
        if rng.random() < 0.85:
            ear.poll(30)  # else it dies while it takes the account up
            if rng.random() < 0.8:
                an_order_arrives(stage, orders)
        time.sleep(rng.uniform(0, 0.25))
        os.kill(child.pid, signal.SIGKILL)
        child.join()
    fired = {f"{rule['kind']} on {rule['route']}": rule["fired"] for rule in stage.see("/faults")["faults"]}
    print(f"{rounds} kills, {len(stage.venue.orders)} orders: {fired}")
    stage.direct("/settings", fills_late_seconds=0)
    stage.direct("/faults", faults=[])
    return fired


def an_order_arrives(stage, before: int, seconds: float = 10.0) -> None:
    """Wait for it, but not for ever: all that is decided here is the instant of a kill."""
    deadline = time.monotonic() + seconds
    while len(stage.venue.orders) == before and time.monotonic() < deadline:
        time.sleep(0.002)


def judged(where: Where, stage, least: int) -> None:
    account = Trader(where)
    account.settle(lambda seconds: stage.direct("/clock", step_seconds=seconds))
    lives = account.execution.lives.lives
    there = stage.see("/truth")["orders"]
    ours = [order["client_order_id"] for order in there]

    assert len(ours) == len(set(ours)) >= least
    assert set(ours) <= set(lives)  # nothing at the venue that the record does not know
    gone = {one for one, life in lives.items() if life.status not in (OrderStatus.NOT_SENT, OrderStatus.REJECTED)}
    assert gone == set(ours)  # and nothing in the record that is not at the venue
    assert account.agrees()
    stops = [order for order in there if order["status"] == "OPEN"]
    assert len(stops) == len(account.ledger.positions)  # what is held is protected once, what is not holds nothing
    account.close()
    assert verify(where.journal).damage == ""


@pytest.mark.req("X1", "X2", "STOP")
@pytest.mark.slow
def test_killed_again_and_again_it_loses_nothing_and_sends_nothing_twice(tmp_path):
    with on_stage(tmp_path) as stage:
        where = Where.on(stage, tmp_path)
        killed_rounds(where, stage, rounds=8, seed=5)

        judged(where, stage, least=3)


@pytest.mark.prove
@pytest.mark.req("X1", "X2", "STOP")
@pytest.mark.timeout(900)
def test_killed_a_hundred_and_fifty_times_it_loses_nothing_and_sends_nothing_twice(tmp_path):
    with on_stage(tmp_path) as stage:
        where = Where.on(stage, tmp_path)
        fired = killed_rounds(where, stage, rounds=150, seed=6)

        assert all(fired.values()), fired
        rested = [
            order
            for order in stage.see("/truth")["orders"]
            if "stop_limit_stop_limit_gtc" in order["order_configuration"]
        ]
        assert len(rested) >= 20
        judged(where, stage, least=60)  # a busy host is killed before it has sent much


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
