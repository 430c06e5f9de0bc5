"""The watchdog's session: two routes, every status, every page, and nothing that holds a cancel back."""

from __future__ import annotations

import json
import time

import pytest
import requests

from tests.exchange.coinbase_worlds import UNHURRIED, HostTime, a_key, a_server, http, settings_for
from tests.simulator.conftest import on_stage
from trader.exchange.coinbase_canceller import CoinbaseCanceller
from trader.exchange.coinbase_limits import Limits
from trader.exchange.coinbase_session import API_PREFIX, CANCEL, ORDERS, ROUTES, only
from trader.exchange.coinbase_settings import RateRules
from trader.model.wire import Resting

pytestmark = pytest.mark.slow

WAITING, OPEN, ENDING = range(3)


def canceller_to(settings, key=None, rates=UNHURRIED, clock=None):
    clock = clock or HostTime()
    return CoinbaseCanceller.connect(settings, a_key(key), clock=clock, limits=Limits(rates, clock))


def on(stage):
    return canceller_to(settings_for(stage.simulator.base_url, stage.simulator.papers.ca_file), stage.key)


def listed(*rows, **more):
    return http(json.dumps({"orders": list(rows), "has_next": False, "cursor": "", **more}))


@pytest.mark.req("K1")
def test_nothing_but_a_list_and_a_cancel_can_leave_not_even_through_the_sdk(tmp_path):
    permit = only((ORDERS, CANCEL))
    may = {route.name for route in ROUTES if permit("POST" if route.post else "GET", API_PREFIX + route.path + "0-1")}
    may |= {route.name for route in ROUTES if permit("POST" if route.post else "GET", API_PREFIX + route.path)}
    assert may == {"list_orders", "cancel_orders"}

    with on_stage(tmp_path) as stage:
        canceller = on(stage)
        assert not hasattr(canceller, "place")
        with pytest.raises(requests.RequestException, match="POST /api/v3/brokerage/orders may not leave"):
            canceller._session._client.market_order_buy("never", "BTC-USD", quote_size="10")
        assert not stage.simulator.station.log


@pytest.mark.req("K1")
def test_it_sees_and_ends_every_working_order_in_every_status_and_on_every_page(tmp_path):
    with on_stage(tmp_path) as stage:
        canceller = on(stage)
        canceller._page = "2"
        stage.direct("/settings", cancel_seconds=30)
        ids = [stage.limit_buy(f"open-{n}")["success_response"]["order_id"] for n in range(5)]
        stage.direct("/settings", pending_seconds=60)
        waiting = stage.limit_buy("waiting")["success_response"]["order_id"]

        assert [one.order_id for one in canceller.working(WAITING).orders] == [waiting]
        assert {one.order_id for one in canceller.working(OPEN).orders} == set(ids)
        assert canceller.cancel([*ids, waiting, "0-1"]) == {
            **dict.fromkeys([*ids, waiting], ""), "0-1": "UNKNOWN_CANCEL_ORDER",
        }  # fmt: skip
        assert canceller.working(OPEN).orders == ()
        assert Resting(ids[0], enters=True, is_ending=True) in canceller.working(ENDING).orders


@pytest.mark.req("K1")
def test_a_row_that_the_adapter_would_call_garbled_is_ended_too(tmp_path):
    rows = [{"order_id": "0-1", "side": "SELL", "order_configuration": None}, {"order_id": "0-2", "status": "NEW_ONE"}]
    with a_server(tmp_path, listed(*rows)) as (_, settings):
        seen = canceller_to(settings).working(OPEN)

    assert seen.orders == (Resting("0-1", enters=False), Resting("0-2", enters=True))
    assert seen.trouble == ""


@pytest.mark.req("K1")
@pytest.mark.parametrize(
    ("answer", "known"),
    [
        pytest.param(http("{}"), [], id="no list"),
        pytest.param(http('{"orders": [{"side": "BUY"}]}'), [], id="no id"),
        pytest.param(http('{"orders": [7]}'), [], id="no object"),
        pytest.param(http('{"error": "x"}', status="503 Service Unavailable"), [], id="503"),
        pytest.param(listed({"order_id": "0-1"}, has_next=True), ["0-1"], id="more, and no cursor"),
        pytest.param(listed({"order_id": "0-1"}, has_next=True, cursor="a"), ["0-1"], id="a cursor that repeats"),
    ],
)
def test_half_a_list_is_trouble_and_what_was_read_of_it_counts(tmp_path, answer, known):
    with a_server(tmp_path, answer) as (_, settings):
        seen = canceller_to(settings).working(OPEN)

    assert ([one.order_id for one in seen.orders], bool(seen.trouble)) == (known, True)


@pytest.mark.req("K1")
def test_our_own_limits_delay_a_cancel_by_a_second_at_most(tmp_path):
    limits = RateRules(orders_per_second=0.001, orders_burst=1, private_per_second=0.001, private_burst=1)
    throttled = http("", status="429 Too Many Requests", headers="retry-after: 60\r\n")
    with a_server(tmp_path, throttled) as (server, settings):
        clock = HostTime()
        canceller = canceller_to(settings, rates=limits, clock=clock)
        for _ in range(4):
            canceller.cancel(["0-1"])
            canceller.working(OPEN)

    assert len(server.asked) == 8
    assert max(clock.slept, default=0.0) <= 1.0


@pytest.mark.req("K1")
def test_a_venue_that_never_answers_costs_one_call_its_deadline(tmp_path):
    with a_server(tmp_path, lambda plug, request: time.sleep(3)) as (_, settings):
        began = time.monotonic()
        seen = canceller_to(settings).working(OPEN)
        assert seen.trouble
        assert time.monotonic() - began < 2.9  # the settings say 2 s; the real ones 4
