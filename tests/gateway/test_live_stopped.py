"""A live run that is asked to stop at many instants: while it takes up, in a notebook, and about an order."""

from __future__ import annotations

import random
import signal
import time

import pytest

from tests.gateway.drill import calls, until
from tests.gateway.hardship import a_live_account, asked, nothing_is_broken, running
from tests.gateway.sessions import with_cell

STILL_SECONDS, OVER_SECONDS = 5.0, 10.0
"""After a signal: until nothing is sent any more, and until the process is over."""
TAKEN_UP_SECONDS = 30.0
"""The second where it is still taking the account up, which it does to the end on a busy host."""
IN_THE_NOTEBOOK_SECONDS = 0.4


def stopped(stage, console, chance, number, insists, allowed=OVER_SECONDS) -> None:
    """Send the signal and watch: soon nothing is sent any more, and the process leaves as it should."""
    began = time.monotonic()
    console.process.send_signal(number)
    if insists:
        time.sleep(chance.uniform(0, 0.3))
        if console.process.poll() is None:
            console.process.send_signal(number)
    last, count = began, calls(stage, "create_order")
    while console.process.poll() is None and time.monotonic() < began + 2 * allowed:
        if calls(stage, "create_order") > count:
            last, count = time.monotonic(), calls(stage, "create_order")
        time.sleep(0.01)
    over = time.monotonic() - began
    print(f"{number.name}{' twice' if insists else ''}: last send {last - began:.2f} s, over {over:.2f} s")
    assert last - began <= STILL_SECONDS
    assert over <= allowed, console.text()
    assert console.process.returncode in ((0, 130) if insists else (0,)), console.text()


@pytest.mark.req("STOP", "X1")
@pytest.mark.slow
def test_stopped_at_any_instant_nothing_more_is_sent_and_it_can_be_started_again(tmp_path):
    chance = random.Random(19)
    with a_live_account(tmp_path) as (stage, account):
        for number, insists in ((signal.SIGTERM, False), (signal.SIGINT, False), (signal.SIGTERM, True)):
            seen = calls(stage, "create_order")
            with running(account) as console:
                until(lambda seen=seen: calls(stage, "create_order") > seen, 60, console, "a first order")
                time.sleep(chance.uniform(0, 1.5))
                stopped(stage, console, chance, number, insists)
        nothing_is_broken(stage, account)


@pytest.mark.prove
@pytest.mark.req("STOP", "X1")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("instant", ["take-up", "notebook", "order"])
def test_stopped_at_five_instants_of_each_kind_it_can_be_started_again(tmp_path, instant):
    chance = random.Random(f"19 {instant}")
    here = tmp_path / "in-the-notebook"
    waiting = f"import pathlib, time\npathlib.Path({str(here)!r}).touch()\ntime.sleep({IN_THE_NOTEBOOK_SECONDS})"
    notebook = str(with_cell(tmp_path, 3, waiting))
    with a_live_account(tmp_path) as (stage, account):
        for turn in range(5):
            here.unlink(missing_ok=True)
            requests, creates = asked(stage), calls(stage, "create_order")
            seen, within = {
                "take-up": (lambda requests=requests: asked(stage) > requests, 2.0),
                "notebook": (here.exists, IN_THE_NOTEBOOK_SECONDS),
                "order": (lambda creates=creates: calls(stage, "create_order") > creates, 1.5),
            }[instant]
            with running(account, *(("--notebook", notebook) if instant == "notebook" else ())) as console:
                until(seen, 60, console, f"{instant} {turn}")
                time.sleep(chance.uniform(0, within))
                number = chance.choice((signal.SIGTERM, signal.SIGINT))
                allowed = TAKEN_UP_SECONDS if instant == "take-up" else OVER_SECONDS
                stopped(stage, console, chance, number, turn == 4, allowed)
        done = account.run(3)
        assert done.returncode == 0, done.stderr
        assert account.orders()
        nothing_is_broken(stage, account)
