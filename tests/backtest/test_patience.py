"""A strategy that hangs ends a backtest with a sentence; one that is merely slow changes nothing."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from trader.backtest.patience import LOOKS, StrategyHangs, patience
from trader.fence import StrategyTimeout
from trader.guard import AuditGuard
from trader.loader import MODULE
from trader.registry import Failure, attempt

pytestmark = pytest.mark.req("STR4")

MODULE_NAME = f"{MODULE}sleepy"


def hang() -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        pass


def ask(call) -> object:
    """As the registry asks: what a strategy raises is its own failure, and forgiven."""
    return attempt("sleepy", MODULE_NAME, call, None, AuditGuard())


def test_a_call_that_does_not_end_ends_everything():
    began = time.monotonic()

    says = r"strategy sleepy took longer than 0.3 s.* while answering"
    with pytest.raises(StrategyHangs, match=says) as told, patience(0.3, "answering"):
        ask(hang)

    assert 0.25 < time.monotonic() - began < 15
    assert told.value.exit_code == 1


def test_a_strategy_that_forgives_itself_everything_but_the_end_does_not_go_on():
    def forgiving() -> None:
        try:
            hang()
        except Exception:  # noqa: BLE001
            hang()

    with pytest.raises(StrategyHangs), patience(0.3, "answering"):
        ask(forgiving)


def test_many_calls_that_end_take_as_long_as_they_like():
    """Together they take twice the patience; one alone would be too long."""
    with patience(0.3, "answering"):
        for _ in range(60):
            assert not isinstance(ask(lambda: time.sleep(0.01)), Failure)


def test_what_takes_long_between_two_calls_is_not_the_strategys():
    with patience(0.2, "answering"):
        ask(lambda: None)
        hang_until = time.monotonic() + 0.5
        while time.monotonic() < hang_until:
            pass


def test_alarms_set_before_ring_as_before():
    rung = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
    try:
        with patience(60 * LOOKS, "answering"):
            pass
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        end = time.monotonic() + 5
        while not rung and time.monotonic() < end:
            pass
    finally:
        signal.signal(signal.SIGALRM, before)

    assert rung == [signal.SIGALRM]


def test_in_another_thread_patience_has_no_end():
    """The alarm rings in the main thread only; a notebook that backtests in a thread is not refused."""
    done = []

    def elsewhere() -> None:
        with patience(0.05, "answering"):
            ask(lambda: time.sleep(0.3))
        done.append(True)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join(10)

    assert done == [True]


def test_a_time_out_that_the_registry_forgives_is_another_thing():
    def times_out() -> None:
        raise StrategyTimeout

    with patience(5, "answering"):
        assert isinstance(ask(times_out), Failure)
