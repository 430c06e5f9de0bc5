"""Our own limits: a place in time for each call, none beyond what the venue documents."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.coinbase_worlds import HostTime, WrittenTime, a_key, an_order, settings_for, wire_to
from tests.simulator.conftest import on_stage
from trader.errors import ExchangeUnreachable
from trader.exchange.coinbase import CoinbaseWire
from trader.exchange.coinbase_canceller import RATES, CoinbaseCanceller
from trader.exchange.coinbase_limits import Bucket, Class, Limits
from trader.exchange.coinbase_settings import RateRules
from trader.market.coinbase_http import Questions
from trader.market.coinbase_rest import PublicRest
from trader.ports import NotAccepted, WireDown
from trader.running.clock import SystemClock
from trader.simulator.limits import LimitRules

RULES = RateRules()
LOAD_SECONDS = 4.0
PUBLIC_ROUTES = ("time", "public_book", "public_product")


@pytest.mark.req("RATE")
def test_no_second_holds_more_calls_than_the_venue_documents():
    assert RULES.orders_burst + RULES.orders_per_second + RULES.private_burst + RULES.private_per_second <= 30
    assert 1 + RULES.public_per_second <= 10


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
    most = rules.get(f"{kind}_burst", 1) + rules[f"{kind}_per_second"]
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
def test_everybody_waits_as_long_as_the_venue_asked_for_and_orders_a_minute_at_most():
    clock = WrittenTime()
    limits = Limits(RULES, clock)

    limits.throttled(Class.PRIVATE, 7.0)
    limits.wait(Class.PRIVATE, 60)
    limits.wait(Class.ORDERS, 60)
    assert clock.slept == [7.0]
    for kind, seconds in ((Class.PRIVATE, 3600.0), (Class.PUBLIC, 3600.0), (Class.ORDERS, 60.0)):
        limits.throttled(kind, 3600.0)
        assert limits.rests_seconds(kind) == seconds
        assert limits.wait(kind, seconds - 1) is False
        assert limits.wait(kind, seconds - 1, insist=True) is True
        limits.wait(kind, seconds + 1)
        assert clock.slept.pop() == seconds
        assert limits.rests_seconds(kind) == 0
    limits.throttled(Class.ORDERS, None)
    limits.wait(Class.ORDERS, 1)

    counts = limits.counts()
    assert (counts["private.throttled"], counts["private.waited_seconds"], counts["private.denied"]) == (2, 3607.0, 1)
    assert (counts["orders.throttled"], counts["public.throttled"]) == (2, 1)


@pytest.mark.req("CB1", "RATE")
@pytest.mark.parametrize(("patience", "goes"), [(60.0, True), (5.0, False)])
def test_a_rest_that_begins_while_one_waits_holds_too(patience, goes):
    clock, rests = WrittenTime(), [10.0]
    limits = Limits(RateRules(private_per_second=1.0, private_burst=1), clock)

    def sleep(seconds):
        clock.seconds += seconds
        clock.slept.append(seconds)
        if rests:
            limits.throttled(Class.PRIVATE, rests.pop())

    limits.wait(Class.PRIVATE, 0)
    clock.sleep = sleep

    assert limits.wait(Class.PRIVATE, patience) is goes
    assert clock.slept == [1.0, 10.0][: 1 + goes]


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


def hammer(seconds, *turns):
    """Every one of *turns* again and again in a thread of its own, as fast as it may."""
    over = time.monotonic() + seconds

    def load(turn):
        for number in itertools.count():
            if time.monotonic() > over:
                return
            with suppress(ExchangeUnreachable, WireDown):
                turn(number)

    with ThreadPoolExecutor(len(turns)) as pool:
        for one in [pool.submit(load, turn) for turn in turns]:
            one.result(seconds + 60)


def trading_on(wire):
    """What a gateway asks and sends, and more of it than any would."""
    return (
        lambda number: wire.place(an_order(f"load-{number}")),
        lambda number: wire.cancel(["0-1"]),
        lambda number: wire.time(),
        *[lambda number: wire.balances()] * 3,
    )


def sweep(canceller):
    """One round of the watchdog under kill."""
    for part in range(canceller.parts):
        seen = canceller.working(part).orders
        if seen:
            canceller.cancel([one.order_id for one in seen])
    canceller.cancel(["0-1"])


def answers(stage):
    return Counter(line.status for line in stage.simulator.station.log)


def asked(stage, *routes):
    return sum(line.route in routes for line in stage.simulator.station.log)


@contextmanager
def everybody(stage, public):
    """A whole process on *stage* under its own limits: wire, *public* questions, and the sessions of the watchdog."""
    settings = settings_for(stage.simulator.base_url, stage.simulator.papers.ca_file, rates=RULES)
    key, clock = a_key(stage.key), SystemClock()
    wire = CoinbaseWire.connect(settings, key, clock=clock)
    limits = Limits(RATES, clock)
    sweeps = [CoinbaseCanceller.connect(settings, key, clock=clock, limits=limits) for _ in range(2)]
    load = [
        *trading_on(wire),
        *[partial(lambda canceller, number: sweep(canceller), canceller) for canceller in sweeps],
        lambda number: public.time(),
        lambda number: public.quote("BTC-USD"),
        lambda number: public.state("BTC-USD"),
    ]
    with closing(wire), closing(public), closing(sweeps[0]), closing(sweeps[1]):
        yield wire, limits, load


@pytest.mark.slow
@pytest.mark.req("RATE")
@pytest.mark.parametrize("seconds", [LOAD_SECONDS, pytest.param(60.0, marks=pytest.mark.prove)])
def test_at_the_documented_limits_no_call_of_the_whole_process_gets_429(tmp_path, seconds):
    with on_stage(tmp_path, limits=LimitRules()) as stage:
        public = PublicRest.at(stage.simulator.base_url, stage.simulator.papers.ca_file)
        with everybody(stage, public) as (wire, of_the_watchdog, load):
            hammer(seconds, *load)

        counts, swept = wire.counts(), of_the_watchdog.counts()
        assert answers(stage)[429] == 0
        assert not any(value for name, value in [*counts.items(), *swept.items()] if name.endswith("throttled"))
        assert counts["private.sent"] > RULES.private_per_second * seconds * 0.8
        assert counts["orders.sent"] > RULES.orders_per_second * seconds * 0.8
        assert swept["private.sent"] > RATES.private_per_second * seconds * 0.4
        assert swept["orders.sent"] > RATES.orders_per_second * seconds * 0.4
        assert asked(stage, *PUBLIC_ROUTES) > RULES.public_per_second * seconds * 0.8
        assert all(asked(stage, route) > seconds for route in PUBLIC_ROUTES)
        assert counts["private.waited"] > 0


@pytest.mark.slow
@pytest.mark.req("RATE")
def test_public_questions_with_turns_of_their_own_do_get_429(tmp_path):
    with on_stage(tmp_path, limits=LimitRules()) as stage:
        host, ca_file = stage.simulator.base_url, stage.simulator.papers.ca_file
        public = PublicRest(Questions(host, ca_file, sleep=lambda seconds: time.sleep(seconds)))
        with everybody(stage, public) as (_, _, load):
            hammer(LOAD_SECONDS, *load)

        assert answers(stage)[429] > 0


@pytest.mark.slow
@pytest.mark.req("RATE")
def test_the_same_load_without_our_limits_does_get_429(tmp_path):
    with on_stage(tmp_path, limits=LimitRules()) as stage:
        wire = wire_to(stage)
        hammer(1.5, *trading_on(wire))
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
