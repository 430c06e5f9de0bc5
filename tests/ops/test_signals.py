"""One signal asks, the second insists, the third ends the process.  Real signals to real processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from trader.ops.signals import StopFlag

pytestmark = pytest.mark.req("STOP")

WAITER = """
import os, sys, time
from trader.ops.signals import StopFlag, stop_on_signals
flag = StopFlag()
flag.on_urgent(lambda: os.write(1, b"hurry\\n"))
with stop_on_signals(flag):
    print("waiting", flush=True)
    while not flag.wait(60):
        pass
    print("asked", flag.reason, flush=True)
    end = time.monotonic() + 20
    while time.monotonic() < end and not (flag.is_urgent and "stay" not in sys.argv):
        time.sleep(0.01)
    print("left", flush=True)
"""


@pytest.fixture
def a_waiter():
    def start(*arguments):
        process = subprocess.Popen([sys.executable, "-c", WAITER, *arguments], stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "waiting\n"
        return process

    started = []
    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_wakes_whoever_waits_and_the_second_hurries(a_waiter, number):
    process = a_waiter()
    begin = time.monotonic()

    process.send_signal(number)
    assert process.stdout.readline() == f"asked {number.name}\n"
    assert time.monotonic() - begin < 2.0
    process.send_signal(signal.SIGTERM)

    assert process.stdout.read() == "hurry\nleft\n"
    assert process.wait(5) == 0


def test_the_third_ends_the_process(a_waiter):
    process = a_waiter("stay")

    process.send_signal(signal.SIGTERM)
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)

    assert process.wait(5) == -signal.SIGTERM


def test_a_flag_that_nobody_sets_only_sleeps():
    flag = StopFlag()
    begin = time.monotonic()

    assert not flag.wait(0.05)

    assert time.monotonic() - begin >= 0.05
    flag.close()


def test_once_set_it_stays_set_for_every_waiter():
    flag = StopFlag()
    flag.set("enough")

    assert flag.wait(60)
    assert flag.wait(60)
    assert (flag.reason, flag.is_urgent) == ("enough", False)
    flag.close()
