"""Our own limits: a place in time for each call, none beyond what the venue documents."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.coinbase_worlds import HostTime, WrittenTime, an_order, wire_to
from tests.simulator.conftest import on_stage
from trader.exchange.coinbase_limits import Bucket, Class, Limits
from trader.exchange.coinbase_settings import RateRules
from trader.ports import NotAccepted, WireDown
from trader.running.clock import SystemClock
from trader.simulator.limits import LimitRules

RULES = RateRules()
LOAD_SECONDS = 4.0


@pytest.mark.req("RATE")
def test_no_second_holds_more_calls_than_the_venue_documents():
    assert RULES.orders_burst + RULES.orders_per_second + RULES.private_burst + RULES.private_per_second <= 30
    assert RULES.public_burst + RULES.public_per_second <= 10


@pytest.mark.req("RATE")
@given(st.lists(st.floats(0, 0.4), min_size=1, max_size=80), st.sampled_from(Class))
def test_any_second_of_any_load_holds_at_most_burst_and_rate(pauses, kind):
    clock, left = WrittenTime(), []
    limits = Limits(RULES, clock)
    for pause in pauses:
        clock.seconds += pause
        assert limits.wait(kind, 1e9)
        left.append(clock.seconds)

    rules = asdict(RULES)
    most = rules[f"{kind}_burst"] + rules[f"{kind}_per_second"]
    assert all(sum(first <= time < first + 1 for time in left) <= most for first in left)


def test_turns_are_given_in_the_order_of_asking():
    bucket = Bucket(per_second=10, burst=2, at=0.0)

    waits = [bucket.reserve(0.0, 60) for _ in range(5)]

    assert waits == pytest.approx([0, 0, 0.1, 0.2, 0.3])
    assert bucket.reserve(0.0, 0.3) is None
    assert bucket.reserve(0.0, 0.5) == pytest.approx(0.4)


def test_who_will_not_wait_takes_no_place():
    bucket = Bucket(per_second=1, burst=1, at=0.0)
    bucket.reserve(0.0, 60)

    assert [bucket.reserve(0.0, 0.5) for _ in range(3)] == [None] * 3
    assert bucket.reserve(1.0, 0.0) == 0.0


@pytest.mark.req("CB1", "RATE")
def test_everybody_waits_as_long_as_the_venue_asked_for_and_a_minute_at_most():
    clock = WrittenTime()
    limits = Limits(RULES, clock)

    limits.throttled(Class.PRIVATE, 7.0)
    limits.wait(Class.PRIVATE, 60)
    limits.wait(Class.ORDERS, 60)
    assert clock.slept == [7.0]
    limits.throttled(Class.PRIVATE, 3600.0)
    assert limits.wait(Class.PRIVATE, 59) is False
    limits.wait(Class.PRIVATE, 61)
    assert clock.slept[1:] == [60.0]
    limits.throttled(Class.ORDERS, None)
    limits.wait(Class.ORDERS, 0)

    counts = limits.counts()
    assert (counts["private.throttled"], counts["private.waited_seconds"], counts["private.denied"]) == (2, 67.0, 1)
    assert (counts["orders.sent"], counts["orders.waited"]) == (2, 0)


def test_threads_share_one_bucket():
    clock, limits = HostTime(), None
    limits = Limits(RateRules(private_per_second=0.001, private_burst=50), clock)
    start = threading.Barrier(8)

    def take():
        start.wait(5)
        return sum(limits.wait(Class.PRIVATE, 0.0) for _ in range(20))

    with ThreadPoolExecutor(8) as pool:
        granted = [pool.submit(take) for _ in range(8)]
        assert sum(one.result(30) for one in granted) == 50
    assert limits.counts()["private.sent"] == 50


def hammer(wire, seconds):
    """Six threads that ask and order as fast as they may."""
    over = threading.Timer(seconds, lambda: None)
    over.start()

    def load(number):
        turn = 0
        while over.is_alive():
            turn += 1
            try:
                if number == 0:
                    wire.place(an_order(f"load-{turn}"))
                elif number == 1:
                    wire.time()
                else:
                    wire.balances()
            except WireDown:
                pass

    with ThreadPoolExecutor(6) as pool:
        for one in [pool.submit(load, number) for number in range(6)]:
            one.result(60)


def answers(stage):
    return Counter(line.status for line in stage.simulator.station.log)


@pytest.mark.slow
@pytest.mark.req("RATE")
def test_at_the_documented_limits_no_call_gets_429(tmp_path):
    with on_stage(tmp_path, limits=LimitRules()) as stage:
        wire = wire_to(stage, clock=SystemClock(), rates=RULES)
        hammer(wire, LOAD_SECONDS)
        wire.close()

        assert answers(stage)[429] == 0
        counts = wire.counts()
        assert counts["private.throttled"] == counts["public.throttled"] == counts["orders.throttled"] == 0
        assert counts["private.sent"] > RULES.private_per_second * LOAD_SECONDS * 0.8
        assert counts["orders.sent"] > RULES.orders_per_second * LOAD_SECONDS * 0.8
        assert counts["private.waited"] > 0


@pytest.mark.slow
@pytest.mark.req("RATE")
def test_the_same_load_without_our_limits_does_get_429(tmp_path):
    with on_stage(tmp_path, limits=LimitRules()) as stage:
        wire = wire_to(stage)
        hammer(wire, 1.5)
        wire.close()

        assert answers(stage)[429] > 0
        assert sum(value for name, value in wire.counts().items() if name.endswith("throttled")) == answers(stage)[429]


@pytest.mark.req("RATE")
def test_an_order_that_would_wait_too_long_is_not_sent_and_a_cancel_leaves_nevertheless(tmp_path):
    with on_stage(tmp_path) as stage:
        rates = RateRules(orders_per_second=0.5, orders_burst=1)
        wire = wire_to(stage, rates=rates)
        first = wire.place(an_order("first"))
        before = stage.venue.by_client_id.copy()

        second = wire.place(an_order("second"))
        told = wire.cancel([first.order_id])
        wire.close()

        assert isinstance(second, NotAccepted)
        assert "our own limit of orders calls" in second.reason
        assert stage.venue.by_client_id == before
        assert told == {first.order_id: ""}
        assert (wire.counts()["orders.denied"], wire.counts()["orders.sent"]) == (1, 2)
