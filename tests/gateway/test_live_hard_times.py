"""A live run that is stopped at any instant, and one whose venue turns everything away for a while."""

from __future__ import annotations

import random
import signal
import ssl
import subprocess
import threading
import time
from collections import Counter
from contextlib import contextmanager
from functools import partial

import httpx
import pytest

from tests.gateway import storming
from tests.gateway.drill import FUNDS, Console, calls, until
from tests.gateway.live import LiveAccount
from tests.gateway.sessions import ROOT
from tests.simulator.conftest import on_stage
from trader.model.events import OrderChanged
from trader.model.orders import OrderStatus
from trader.simulator.station import LOG_MAX
from trader.state.journal import journal_path, verify

STILL_SECONDS, OVER_SECONDS = 5.0, 10.0
"""After a signal: until nothing is sent any more, and until the process is over."""
PRIVATE_PER_SECOND = 30.0
"""What the venue documents."""
STORM_SECONDS = 15.0


@contextmanager
def a_live_account(folder):
    papers = folder / "stage"
    papers.mkdir()
    with on_stage(papers, speed=60, deposits=FUNDS) as stage:
        account = LiveAccount(folder / "account", stage)
        account.arm()
        yield stage, account


@contextmanager
def running(account):
    run = subprocess.Popen(
        account.run_command(10_000), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        yield Console(run)
    finally:
        if run.poll() is None:
            run.kill()
        run.wait(10)


def nothing_is_broken(stage, account):
    ours = Counter(order["client_order_id"] for order in account.orders())
    assert max(ours.values()) == 1
    found = account.agrees()
    assert (found["differences"], found["strangers"]) == ([], [])
    assert stage.see("/")["audit"] == []
    assert verify(journal_path(account.folder / "var", "live", "rehearsal")).damage == ""


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
                began = time.monotonic()
                console.process.send_signal(number)
                if insists:
                    time.sleep(chance.uniform(0, 0.3))
                    console.process.send_signal(number)
                last, count = began, calls(stage, "create_order")
                while console.process.poll() is None and time.monotonic() < began + 2 * OVER_SECONDS:
                    if calls(stage, "create_order") > count:
                        last, count = time.monotonic(), calls(stage, "create_order")
                    time.sleep(0.01)
                over = time.monotonic() - began
                print(f"{number.name}{' twice' if insists else ''}: last send {last - began:.2f} s, over {over:.2f} s")
                assert last - began <= STILL_SECONDS
                assert over <= OVER_SECONDS, console.text()
                assert console.process.returncode in ((0, 130) if insists else (0,)), console.text()
        nothing_is_broken(stage, account)


def asked_per_second(stage, kind, seconds):
    """How many requests a second come while everything is turned away."""
    stage.direct("/faults", faults=[{"route": "*", "kind": kind, "status": 503}])
    began = stage.simulator.station.count
    time.sleep(seconds)
    return (stage.simulator.station.count - began) / seconds


def no_storm(per_second):
    assert per_second <= 0.2 * PRIVATE_PER_SECOND


@pytest.mark.slow
def test_a_storm_is_counted_also_when_the_log_is_full(tmp_path):
    with on_stage(tmp_path) as stage:
        for _ in range(LOG_MAX):
            stage.simulator.station.note("GET", "/x", "products", None)
        over = threading.Event()

        def ask():
            with httpx.Client(verify=ssl.create_default_context(cafile=stage.simulator.papers.ca_file)) as client:
                while not over.is_set():
                    client.get(f"https://{stage.simulator.base_url}/api/v3/brokerage/time")

        asking = threading.Thread(target=ask)
        asking.start()
        asked = asked_per_second(stage, "status_before", 1.0)
        over.set()
        asking.join(10)
    with pytest.raises(AssertionError):
        no_storm(asked)


@pytest.mark.req("X1", "CB1")
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["throttled", "status_before"])
def test_a_venue_that_turns_everything_away_is_not_stormed_and_is_traded_on_afterwards(tmp_path, kind):
    with a_live_account(tmp_path) as (stage, account), running(account) as console:
        until(lambda: stage.venue.fills, 60, console, "a first fill")
        asked = asked_per_second(stage, kind, STORM_SECONDS)
        creates = calls(stage, "create_order")
        stage.direct("/faults", faults=[])
        calm = time.monotonic()
        back = until(lambda: calls(stage, "create_order") > creates, 60, console, "an order after the calm") - calm
        print(f"{kind}: {asked:.1f} requests/s of {PRIVATE_PER_SECOND:g}, trades {back:.1f} s after it")
        no_storm(asked)
        console.process.send_signal(signal.SIGTERM)
        console.process.wait(OVER_SECONDS)
        nothing_is_broken(stage, account)


@pytest.mark.req("CB1")
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["throttled", "status_before"])
def test_one_who_asks_again_at_once_and_for_ever_is_caught(tmp_path, kind):
    with a_live_account(tmp_path) as (stage, account):
        account.program = storming.__name__
        with running(account) as console:
            until(lambda: stage.venue.fills, 60, console, "a first fill")
            asked = asked_per_second(stage, kind, STORM_SECONDS / 2)
            stage.direct("/faults", faults=[])
    print(f"{kind}: {asked:.1f} requests/s with the fault planted")
    with pytest.raises(AssertionError):
        no_storm(asked)


@pytest.mark.req("X3")
@pytest.mark.slow
def test_fees_that_rise_under_way_end_the_entering_with_the_next_cycle_but_one(tmp_path):
    with a_live_account(tmp_path) as (stage, account):
        with running(account) as console:
            bought = partial(calls, stage, "create_order")
            until(bought, 60, console, "a first order")
            stage.direct("/settings", taker_rate="0.012")
            refused = "fee_margin_bps"
            until(lambda: any(refused in why for why in not_sent(account)), 60, console, "an entry kept back")
            entered = len(buys(account))
            kept_back = len(not_sent(account))
            until(lambda: len(not_sent(account)) >= kept_back + 4, 60, console, "more cycles")
            assert len(buys(account)) == entered

        assert stage.see("/")["audit"] == []


def buys(account):
    return [order for order in account.orders() if order["side"] == "BUY"]


def not_sent(account):
    ends = (event for event in account.events() if isinstance(event, OrderChanged))
    return [event.reason for event in ends if event.status is OrderStatus.NOT_SENT]
