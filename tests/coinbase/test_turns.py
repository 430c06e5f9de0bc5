"""Turns that a whole process shares: one by one, held while the venue wants it, waited for no longer than one will."""

from __future__ import annotations

import threading
import time
from itertools import pairwise

import pytest

from tests.market.venue import Naps
from trader.coinbase.courtesy import Courtesy, courtesy_to
from trader.coinbase.turns import Turns


def test_the_pace_holds_for_all_who_ask():
    naps = Naps()
    turns = Turns(10, naps.monotonic, naps.sleep)

    for _ in range(11):
        turns.wait(60)

    assert naps.now == pytest.approx(1.0)


@pytest.mark.slow
@pytest.mark.req("RATE")
def test_those_who_waited_through_a_stall_do_not_leave_together():
    left, awake_at = [], time.monotonic() + 0.4

    def sleep(seconds):
        """Nobody wakes before the stall is over."""
        time.sleep(max(seconds, awake_at - time.monotonic()))

    turns = Turns(20, time.monotonic, sleep)

    def leave():
        turns.wait(60)
        left.append(time.monotonic())

    threads = [threading.Thread(target=leave) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert min(after - before for before, after in pairwise(sorted(left))) > 0.02


@pytest.mark.req("RATE")
def test_who_will_not_wait_so_long_takes_no_turn():
    naps = Naps()
    turns = Turns(10, naps.monotonic, naps.sleep)
    turns.wait(0)

    assert turns.wait(0.05) is None
    assert (turns.wait(0.2), naps.taken) == (pytest.approx(0.1), [pytest.approx(0.1)])


@pytest.mark.req("CB1", "RATE")
def test_a_pause_holds_for_all_and_who_is_not_so_patient_is_told_at_once():
    naps = Naps()
    turns = Turns(10, naps.monotonic, naps.sleep)

    turns.pause(30.0)
    turns.pause(5.0)

    assert (turns.paused_seconds(), turns.wait(20), naps.taken) == (30.0, None, [])
    assert turns.wait(31) == 30.0
    assert turns.paused_seconds() == 0.0


@pytest.mark.req("CB1", "RATE")
@pytest.mark.parametrize(("patience", "waited"), [(60.0, 10.1), (5.0, None)])
def test_a_pause_that_begins_while_one_waits_holds_too(patience, waited):
    naps, pauses = Naps(), [10.0]

    def sleep(seconds):
        naps.sleep(seconds)
        if pauses:
            turns.pause(pauses.pop())

    turns = Turns(10, naps.monotonic, sleep)
    turns.wait(60)

    assert turns.wait(patience) == (None if waited is None else pytest.approx(waited))


@pytest.mark.req("RATE")
def test_who_waits_behind_a_sleeper_waits_no_longer_than_he_will():
    woken, sleeping = threading.Event(), threading.Event()
    turns = Turns(1, time.monotonic, lambda seconds: (sleeping.set(), woken.wait(10)))
    turns.pause(5.0)
    sleeper = threading.Thread(target=turns.wait, args=(60,))
    sleeper.start()
    sleeping.wait(10)
    turns._paused_until = turns._next = 0.0

    assert turns.wait(1.1) is None
    woken.set()
    sleeper.join()


@pytest.mark.req("RATE")
def test_there_is_one_courtesy_to_a_host_and_the_strictest_speaks_for_all():
    ours = courtesy_to("here.example", public_per_second=8.0, retries_per_second=1.0)

    assert courtesy_to("HERE.example:443", public_per_second=100.0) is ours
    assert courtesy_to("here.example:8443") is not ours
    assert ours.public._gap == 1 / 8
    courtesy_to("here.example", public_per_second=2.0, retries_per_second=0.5)
    assert (ours.public._gap, ours.budget._bucket.per_second) == (1 / 2, 0.5)


def test_a_budget_is_spent_once_by_all():
    naps = Naps()
    budget = Courtesy(retries_per_second=2.0, monotonic=naps.monotonic, sleep=naps.sleep).budget

    assert sum(budget.granted() for _ in range(30)) == 10
    naps.now += 1.0
    assert sum(budget.granted() for _ in range(30)) == 2
