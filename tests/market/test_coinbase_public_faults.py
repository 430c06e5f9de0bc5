"""
Public endpoint × fault: how often it was asked, and the sentence or the answer that comes.

The table is made of the simulator's routes and faults: what is added there and not tried here fails.
"""

from __future__ import annotations

import random
import time
from contextlib import closing
from datetime import timedelta

import pytest

from tests.market.made_bars import NEW_YEAR
from tests.market.venue import BTC
from trader.market.coinbase_http import NoUsableAnswer, Questions, RefusedQuestion
from trader.market.coinbase_rest import PublicRest
from trader.market.symbols import UnknownSymbol
from trader.simulator.api import ROUTES
from trader.simulator.faults import AFTER, BEFORE, Fault

FIRST = int(NEW_YEAR.timestamp())
QUESTIONS = {
    "time": lambda rest: rest.time(),
    "public_products": lambda rest: rest.states([BTC]),
    "public_product": lambda rest: rest.state(BTC),
    "public_book": lambda rest: rest.quote(BTC),
    "public_candles": lambda rest: rest.candles(BTC, 60, FIRST, FIRST + 600).starts.tolist(),
}
NOT_CALLED = {"public_ticker"}
FIELDS = {
    "time": "epochMillis",
    "public_products": "products.is_disabled",
    "public_product": "base_increment",
    "public_book": "pricebook.time",
    "public_candles": "candles.open",
}
PASSING = [
    ("drop_before", {}, "does not answer"),
    ("status_before", {"status": 500}, "answers 500"),
    ("status_before", {"status": 503, "body": "go/sg/0"}, "answers 503"),
    ("throttled", {}, "answers 429"),
    ("late", {"seconds": 0.3}, "does not answer"),
    ("drop_after", {}, "does not answer"),
    ("status_after", {}, "answers 502"),
    ("status_after", {"status": 504, "body": "timeout"}, "answers 504"),
    ("silent_after", {"seconds": 0.3}, "does not answer"),
    ("slow", {"seconds": 0.3}, "does not answer"),
    ("drip", {"seconds": 3.0}, r"not complete after 0\.3 s"),
    ("cut_body", {}, "does not answer"),
]
LASTING = [
    ("unauthorized", {}, RefusedQuestion, "refused with 401"),
    ("blocked", {}, RefusedQuestion, "refused with 403"),
    ("status_before", {"status": 403, "body": "go away"}, RefusedQuestion, r"refused with 403 \(go away\)"),
    ("empty_200", {}, NoUsableAnswer, "nothing came instead of JSON"),
    ("html_200", {}, NoUsableAnswer, "a page of HTML came instead of JSON"),
    ("bad_json", {}, NoUsableAnswer, "cannot be understood"),
]
SPOILED = [("drop_field", {}), ("set_field", {"value": None}), ("set_field", {"value": ["x"]})]


@pytest.fixture
def hasty(venue, monkeypatch):
    """Public questions that wait for nothing long, and are asked again once."""
    monkeypatch.setattr("trader.market.coinbase_http.READ_SECONDS", 0.2)
    questions = Questions(
        venue.simulator.base_url, venue.simulator.papers.ca_file, per_second=1e6, sleep=lambda seconds: None,
        monotonic=time.monotonic, retries=1, deadline_seconds=0.3,
    )  # fmt: skip
    with closing(PublicRest(questions)) as made:
        made.time()
        yield made
    venue.direct("/faults", faults=[])


def befalls(route, kind):
    """Whether a fault of *kind* has a meaning on *route*."""
    return Fault(kind).fires(route, random.Random(1))


def asked(venue, route):
    return sum(line.route == route for line in venue.simulator.station.log)


def fails(venue, rest, route, error, says):
    """How often *route* was asked until it failed."""
    before = asked(venue, route)
    with pytest.raises(error, match=says) as caught:
        QUESTIONS[route](rest)
    assert (type(caught.value).__mro__.index(error) <= 1, caught.value.exit_code) == (True, 5)
    assert str(caught.value).startswith(venue.simulator.base_url)
    return asked(venue, route) - before


@pytest.mark.slow
@pytest.mark.req("CB1")
@pytest.mark.parametrize(("kind", "more", "says"), PASSING)
@pytest.mark.parametrize("route", QUESTIONS)
def test_what_may_pass_is_asked_again_and_only_as_often_as_allowed(venue, hasty, route, kind, more, says):
    whole = QUESTIONS[route](hasty)
    venue.fault(kind, route, **more)

    assert fails(venue, hasty, route, NoUsableAnswer, says) == 2
    venue.fault(kind, route, times=1, **more)
    assert QUESTIONS[route](hasty) == whole


@pytest.mark.req("CB1")
@pytest.mark.parametrize(("kind", "more", "error", "says"), LASTING)
@pytest.mark.parametrize("route", QUESTIONS)
def test_what_will_not_pass_is_asked_once(venue, hasty, route, kind, more, error, says):
    venue.fault(kind, route, **more)

    assert fails(venue, hasty, route, error, says) == 1


@pytest.mark.req("CB1")
@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("route", QUESTIONS)
def test_a_no_is_a_no_and_for_a_product_means_that_there_is_none(venue, hasty, route, status):
    venue.fault("status_before", route, status=status, body='{"error":"NOT_FOUND"}')
    before = asked(venue, route)

    with pytest.raises(UnknownSymbol if route == "public_product" else RefusedQuestion):
        QUESTIONS[route](hasty)
    assert asked(venue, route) - before == 1


@pytest.mark.req("CB1")
@pytest.mark.parametrize(("kind", "more"), SPOILED)
@pytest.mark.parametrize("route", QUESTIONS)
def test_a_field_that_is_missing_or_something_else_is_named(venue, hasty, route, kind, more):
    venue.fault(kind, route, field=FIELDS[route], **more)

    assert fails(venue, hasty, route, NoUsableAnswer, FIELDS[route].rpartition(".")[2]) == 1


@pytest.mark.req("CB1")
@pytest.mark.parametrize("route", QUESTIONS)
def test_a_venue_whose_clock_is_another_answers_as_ever_and_tells_its_time(venue, hasty, route):
    whole = QUESTIONS[route](hasty)
    venue.fault("skew", route, seconds=-60)

    assert QUESTIONS[route](hasty) == (whole - timedelta(seconds=60) if route == "time" else whole)


@pytest.mark.req("CB1")
def test_no_public_route_and_no_fault_of_the_simulator_is_left_out():
    tried = {kind for kind, *_ in [*PASSING, *LASTING, *SPOILED]} | {"skew"}

    assert {kind for kind in [*BEFORE, *AFTER] for route in QUESTIONS if befalls(route, kind)} <= tried
    assert set(QUESTIONS) == set(FIELDS)
    assert set(QUESTIONS) | NOT_CALLED == {name for _, _, name, _, scope in ROUTES if scope is None}
    assert len(QUESTIONS) * len(tried) >= 90
