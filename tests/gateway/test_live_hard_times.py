"""A live run whose venue turns everything away for a while, and one whose fees rise."""

from __future__ import annotations

import signal
import time
from functools import partial

import pytest

from tests.gateway import storming
from tests.gateway.drill import DETECT_SECONDS, EMPTY_SECONDS, calls, until, working
from tests.gateway.hardship import a_live_account, asked, nothing_is_broken, running
from tests.simulator.conftest import on_stage
from trader.model.events import OrderChanged
from trader.model.orders import OrderStatus
from trader.simulator.station import LOG_MAX

SPEED = 60
OVER_SECONDS = 10.0
"""After a signal: until the process is over."""
PRIVATE_PER_SECOND = 30.0
"""What the venue documents."""
STORM_MINUTES = 30
"""Of the venue's time."""
WINDOW_SECONDS = 5.0
USUAL_PER_HOUR, CYCLES_PER_HOUR = 5, 60
"""Entries: the most that the policy lets through unless somebody loosens it, as the account of these tests does."""
MANY = "BTC-USD,ETH-USD,SOL-USD,XRP-USD,ADA-USD,DOGE-USD"
STORM = (
    {"kind": "throttled"},
    {"kind": "status_before", "status": 503},
    {"kind": "silent_after", "seconds": 6.0},
    {"kind": "drop_before"},
)
"""Each for a quarter of the storm: 429, 503, answers that never come, connections that are reset."""


def storm(stage, kinds, seconds):
    """Everything is answered by *kinds* in turn; the seconds since the beginning, and requests so far, at each look."""
    began, first = time.monotonic(), asked(stage)
    seen = [(0.0, 0)]
    for number, kind in enumerate(kinds):
        stage.direct("/faults", faults=[{"route": "*", **kind}])
        while seen[-1][0] < seconds * (number + 1) / len(kinds):
            time.sleep(0.1)
            seen.append((time.monotonic() - began, asked(stage) - first))
    return seen


def most_per_second(seen):
    """The requests a second in the busiest window."""
    windows = [
        (count - before) / (at - since)
        for since, before in seen
        for at, count in seen
        if WINDOW_SECONDS <= at - since <= WINDOW_SECONDS + 1
    ]
    return max(windows)


def no_storm(seen):
    assert most_per_second(seen) <= 0.2 * PRIVATE_PER_SECOND


def in_a_burst(stage, console):
    """Whether entries arrive ten times as often as usual, counted by cycles: a busy host has fewer of both."""
    cycles = console.text().count("notebook complete")
    entries = sum(order.side == "BUY" for order in list(stage.venue.orders.values()))
    return cycles >= 2 and entries >= 10 * USUAL_PER_HOUR / CYCLES_PER_HOUR * cycles


@pytest.mark.req("X1", "CB1", "RATE", "K1")
@pytest.mark.slow
def test_half_an_hour_in_which_nothing_is_answered_is_not_stormed_and_is_traded_on_afterwards(tmp_path):
    with a_live_account(tmp_path) as (stage, account), running(account, "--symbols", MANY) as console:
        until(lambda: in_a_burst(stage, console), 120, console, "orders in a burst")

        seen = storm(stage, STORM, STORM_MINUTES * 60 / SPEED)
        creates = calls(stage, "create_order")
        stage.direct("/faults", faults=[])
        calm = time.monotonic()
        back = until(lambda: calls(stage, "create_order") > creates, 60, console, "an order after the calm") - calm
        average = seen[-1][1] / seen[-1][0]
        print(f"{average:.1f} requests/s, at most {most_per_second(seen):.1f}; trades {back:.1f} s after it")
        no_storm(seen)

        until(lambda: working(stage, ""), 60, console, "an order that rests")
        seen = storm(stage, STORM[:1], 3.0)
        cancels = calls(stage, "cancel_orders")
        (account.folder / "var/run/KILL").write_text("in the storm")
        pressed = time.monotonic()
        told = until(lambda: calls(stage, "cancel_orders") > cancels, 30, console, "a cancel") - pressed
        stage.direct("/faults", faults=[])
        empty = until(lambda: not working(stage, ""), 30, console, "an empty venue") - pressed
        print(f"pressed in the storm: a cancel after {told:.2f} s, all over after {empty:.2f} s")
        assert told <= DETECT_SECONDS and empty <= EMPTY_SECONDS + DETECT_SECONDS

        console.process.send_signal(signal.SIGTERM)
        console.process.wait(OVER_SECONDS)
        nothing_is_broken(stage, account)


@pytest.mark.req("CB1")
@pytest.mark.slow
@pytest.mark.parametrize("kind", STORM[:2], ids=lambda kind: kind["kind"])
def test_one_who_asks_again_at_once_and_for_ever_is_caught(tmp_path, kind):
    with a_live_account(tmp_path) as (stage, account):
        account.program = storming.__name__
        with running(account) as console:
            until(lambda: stage.venue.fills, 60, console, "a first fill")
            seen = storm(stage, [kind], WINDOW_SECONDS + 1)
            stage.direct("/faults", faults=[])
    print(f"{kind['kind']}: {most_per_second(seen):.1f} requests/s with the fault planted")
    with pytest.raises(AssertionError):
        no_storm(seen)


def test_a_storm_is_counted_also_when_the_log_is_full(tmp_path):
    with on_stage(tmp_path) as stage:
        for _ in range(LOG_MAX):
            stage.simulator.station.note("GET", "/x", "products", None)
        full = asked(stage)
        stage.client().get_unix_time()

        assert len(stage.simulator.station.log) == LOG_MAX
        assert asked(stage) - full == 1


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
