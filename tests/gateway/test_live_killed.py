"""The live run itself, killed with 9 again and again while its venue fails: nothing is lost or sent twice."""

from __future__ import annotations

import random
import shutil
import time

import pytest

from tests.gateway.drill import until
from tests.gateway.hardship import a_live_account, asked, journal_of, nothing_is_broken, nothing_is_lost, running

FAULTS = [
    {"route": "create_order", "kind": "drop_after", "probability": 0.12},
    {"route": "create_order", "kind": "status_after", "probability": 0.1},
    {"route": "create_order", "kind": "silent_after", "probability": 0.06, "seconds": 6.0},
    {"route": "create_order", "kind": "late", "probability": 0.15, "seconds": 0.4},
    {"route": "cancel_orders", "kind": "lost_cancel", "probability": 0.2},
    {"route": "list_fills", "kind": "duplicate_fill", "probability": 0.2},
]
FILLS_LATE_SECONDS = 12.0
"""The venue's: a fifth of a second of ours, in which the kill may fall."""


def killed_again_and_again(stage, account, kills: int, seed: int) -> None:
    """Start it and kill it so often: mostly within a cycle or so of an order, else while it takes the account up."""
    chance = random.Random(seed)
    stage.direct("/settings", fills_late_seconds=FILLS_LATE_SECONDS)
    stage.direct("/faults", faults=FAULTS, seed=seed)
    for _ in range(kills):
        orders, requests = len(stage.venue.orders), asked(stage)
        with running(account) as console:
            if chance.random() < 0.25:
                until(lambda: asked(stage) > requests, 60, console, "a first request")  # noqa: B023  asked here and now
            else:
                until(lambda: len(stage.venue.orders) > orders, 60, console, "an order")  # noqa: B023
            time.sleep(chance.uniform(0, 1.2))
            assert console.process.poll() is None, console.text()
            console.process.kill()
    fired = {f"{rule['kind']} on {rule['route']}": rule["fired"] for rule in stage.see("/faults")["faults"]}
    print(f"{kills} kills, {len(stage.venue.orders)} orders: {fired}")
    assert all(count for name, count in fired.items() if name.endswith("create_order")), fired
    stage.direct("/settings", fills_late_seconds=0)
    stage.direct("/faults", faults=[])


def goes_on_as_if_nothing_had_been(stage, account) -> None:
    """Started once more and left alone it takes everything in, trades, and has the venue's books."""
    orders = len(stage.venue.orders)
    done = account.run(4)
    assert done.returncode == 0, done.stderr
    assert len(stage.venue.orders) > orders, done.stderr
    nothing_is_broken(stage, account)
    nothing_is_lost(account)


@pytest.mark.req("X1", "X2", "STOP")
@pytest.mark.parametrize(
    ("kills", "seed"),
    [
        pytest.param(20, 210, marks=[pytest.mark.prove, pytest.mark.timeout(1_800)]),
        pytest.param(150, 5, marks=[pytest.mark.nightly, pytest.mark.timeout(3_600)]),
    ],
)
def test_a_live_run_that_is_killed_again_and_again_loses_nothing_and_sends_nothing_twice(tmp_path, kills, seed):
    with a_live_account(tmp_path) as (stage, account):
        killed_again_and_again(stage, account, kills=kills, seed=seed)

        goes_on_as_if_nothing_had_been(stage, account)


@pytest.mark.prove
@pytest.mark.req("X1", "STOP")
@pytest.mark.timeout(600)
def test_a_journal_that_lost_its_tail_is_noticed(tmp_path):
    """The control: with its published head the journal is refused; where the head is lost too, the orders tell."""
    with a_live_account(tmp_path) as (stage, account):
        assert account.run(3).returncode == 0
        journal, kept = journal_of(account), tmp_path / "kept"
        shutil.copytree(journal.parent, kept)
        orders = len(stage.venue.orders)
        assert account.run(4).returncode == 0
        assert len(stage.venue.orders) > orders
        nothing_is_broken(stage, account)
        head = journal.with_suffix(".head")
        newest = head.read_bytes()

        shutil.rmtree(journal.parent)
        shutil.copytree(kept, journal.parent)
        head.write_bytes(newest)
        refused = account.run(1)
        assert (refused.returncode, "its tail was cut" in refused.stderr) == (2, True), refused.stderr

        head.write_bytes((kept / head.name).read_bytes())
        with pytest.raises(AssertionError):
            nothing_is_broken(stage, account)
        with pytest.raises(AssertionError):
            nothing_is_lost(account)
