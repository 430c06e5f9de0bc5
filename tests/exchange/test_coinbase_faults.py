"""
Endpoint × fault: what the caller learns, how often it was asked, and what the venue has in the end.

The venue's own truth is the judge: an order that exists is never called refused or not accepted.  The table is made of
the simulator's routes and faults: a route or a kind that is added there and not tried here fails.
"""

from __future__ import annotations

import random
import time
from datetime import timedelta

import pytest

from tests.exchange.coinbase_worlds import an_order, wire_to
from tests.simulator.conftest import shared_stage, stage  # noqa: F401
from trader.exchange.coinbase_failures import KeyRefused
from trader.exchange.coinbase_session import ROUTES, permitted
from trader.ports import Acknowledged, NotAccepted, OutcomeUnknown, Refused, WireDown
from trader.simulator.api import PREFIX
from trader.simulator.api import ROUTES as SIMULATED
from trader.simulator.faults import AFTER, BEFORE, Fault

HOUR = timedelta(hours=1)
QUICK = {"connect_timeout_seconds": 1.0, "read_timeout_seconds": 0.2, "deadline_seconds": 0.5}

QUESTIONS = {
    "time": lambda wire, known: wire.time(),
    "products": lambda wire, known: wire.products(["BTC-USD"]),
    "accounts": lambda wire, known: wire.balances(),
    "transaction_summary": lambda wire, known: wire.terms(),
    "key_permissions": lambda wire, known: wire.terms(),
    "list_orders": lambda wire, known: wire.orders(known.created_at - HOUR, known.created_at + HOUR),
    "list_fills": lambda wire, known: wire.fills(known.created_at - HOUR),
    "get_order": lambda wire, known: wire.order(known.order_id),
}
PASSING = [
    pytest.param("drop_before", {}, id="reset before"),
    pytest.param("status_before", {"status": 500}, id="500"),
    pytest.param("status_before", {"status": 503, "body": "go/sg/0"}, id="503"),
    pytest.param("throttled", {}, id="429"),
    pytest.param("drop_after", {}, id="reset after"),
    pytest.param("status_after", {}, id="502 html"),
    pytest.param("status_after", {"status": 504, "body": "timeout"}, id="504"),
    pytest.param("silent_after", {"seconds": 0.3}, id="silence"),
    pytest.param("late", {"seconds": 0.3}, id="late"),
    pytest.param("slow", {"seconds": 0.3}, id="slow"),
    pytest.param("drip", {"seconds": 3.0}, id="drip"),
    pytest.param("cut_body", {}, id="cut"),
    pytest.param("empty_200", {}, id="empty 200"),
    pytest.param("html_200", {}, id="html 200"),
    pytest.param("bad_json", {}, id="bad json"),
]
LASTING = [
    pytest.param("unauthorized", {}, KeyRefused, id="401"),
    pytest.param("blocked", {}, WireDown, id="403 block"),
    pytest.param("status_before", {"status": 403, "body": '{"error":"PERMISSION_DENIED"}'}, KeyRefused, id="403"),
    pytest.param("status_before", {"status": 400, "body": '{"error":"INVALID_ARGUMENT"}'}, WireDown, id="400"),
]


@pytest.fixture(scope="module")
def known(shared_stage):  # noqa: F811
    """An order the venue has, and its fills."""
    wire = wire_to(shared_stage)
    placed = wire.place(an_order("known"))
    yield wire.order(placed.order_id)
    wire.close()


def befalls(route, kind):
    """Whether a fault of *kind* has a meaning on *route*."""
    return Fault(kind).fires(route, random.Random(1))


def asked(stage, route):  # noqa: F811
    return sum(line.route == route for line in stage.simulator.station.log)


@pytest.mark.slow
@pytest.mark.req("CB1")
@pytest.mark.parametrize(("kind", "more"), PASSING)
@pytest.mark.parametrize("route", QUESTIONS)
def test_a_question_is_asked_again_and_only_as_often_as_allowed(stage, known, route, kind, more):  # noqa: F811
    wire = wire_to(stage, retries=1, **QUICK)
    stage.fault(kind, route, **more)
    before = asked(stage, route)

    with pytest.raises(WireDown) as caught:
        QUESTIONS[route](wire, known)

    assert (asked(stage, route) - before, caught.value.exit_code) == (2, 5)
    assert str(caught.value).startswith(f"{stage.simulator.base_url}: {route}: ")
    stage.fault(kind, route, times=1, **more)
    assert QUESTIONS[route](wire, known) is not None
    wire.close()


@pytest.mark.slow
@pytest.mark.req("CB1")
@pytest.mark.parametrize(("kind", "more", "error"), LASTING)
@pytest.mark.parametrize("route", QUESTIONS)
def test_what_will_not_pass_is_asked_once(stage, known, route, kind, more, error):  # noqa: F811
    wire = wire_to(stage, retries=3, **QUICK)
    stage.fault(kind, route, **more)
    before = asked(stage, route)

    with pytest.raises(error):
        QUESTIONS[route](wire, known)

    assert asked(stage, route) - before == 1
    wire.close()


ORDER_FAULTS = [
    ("drop_before", {}, OutcomeUnknown),
    ("status_before", {"status": 500}, OutcomeUnknown),
    ("status_before", {"status": 503, "body": "go/sg/0"}, OutcomeUnknown),
    ("status_before", {"status": 408, "body": ""}, OutcomeUnknown),
    ("status_before", {"status": 409, "body": ""}, OutcomeUnknown),
    ("status_before", {"status": 400, "body": '{"error":"INVALID_ARGUMENT"}'}, Refused),
    ("status_before", {"status": 403, "body": '{"error":"PERMISSION_DENIED"}'}, Refused),
    ("unauthorized", {}, Refused),
    ("blocked", {}, NotAccepted),
    ("throttled", {}, NotAccepted),
    ("late", {"seconds": 0.4}, OutcomeUnknown),
    ("drop_after", {}, OutcomeUnknown),
    ("status_after", {}, OutcomeUnknown),
    ("status_after", {"status": 500, "body": ""}, OutcomeUnknown),
    ("status_after", {"status": 504, "body": "timeout"}, OutcomeUnknown),
    ("silent_after", {"seconds": 0.4}, OutcomeUnknown),
    ("slow", {"seconds": 0.4}, OutcomeUnknown),
    ("slow", {"seconds": 0.01}, Acknowledged),
    ("drip", {"seconds": 3.0}, OutcomeUnknown),
    ("cut_body", {}, OutcomeUnknown),
    ("empty_200", {}, OutcomeUnknown),
    ("html_200", {}, OutcomeUnknown),
    ("bad_json", {}, OutcomeUnknown),
    ("set_field", {"field": "order_configuration", "value": None}, Acknowledged),
    ("set_field", {"field": "success", "value": None}, OutcomeUnknown),
    ("set_field", {"field": "success", "value": False}, OutcomeUnknown),
    ("set_field", {"field": "success", "value": "true"}, OutcomeUnknown),
    ("set_field", {"field": "success_response", "value": None}, OutcomeUnknown),
    ("set_field", {"field": "success_response", "value": []}, OutcomeUnknown),
    ("set_field", {"field": "success_response.order_id", "value": ""}, OutcomeUnknown),
    ("set_field", {"field": "success_response.order_id", "value": 7}, OutcomeUnknown),
    ("set_field", {"field": "success_response.client_order_id", "value": "another"}, OutcomeUnknown),
    ("set_field", {"field": "success_response.side", "value": "SELL"}, OutcomeUnknown),
    ("drop_field", {"field": "success"}, OutcomeUnknown),
    ("drop_field", {"field": "success_response"}, OutcomeUnknown),
    ("drop_field", {"field": "success_response.order_id"}, OutcomeUnknown),
    ("phantom", {}, Acknowledged),
    ("skew", {"seconds": -60}, Refused),
]


@pytest.mark.slow
@pytest.mark.req("CB1", "X1")
@pytest.mark.parametrize(
    ("number", "kind", "more", "expected"), [(number, *row) for number, row in enumerate(ORDER_FAULTS)]
)
def test_an_order_that_exists_is_never_called_refused(stage, number, kind, more, expected):  # noqa: F811
    wire, name = wire_to(stage, retries=3, **QUICK), f"order-{number}-{kind}"
    faults = [{"kind": kind, "route": "create_order", **more}]
    stage.direct("/faults", faults=faults)

    answer = wire.place(an_order(name))

    deadline = time.monotonic() + (1.0 if kind == "late" else 0)
    while time.monotonic() < deadline and name not in stage.venue.by_client_id:
        time.sleep(0.02)
    mine = [row for row in stage.see("/truth")["orders"] if row["client_order_id"] == name]
    assert type(answer) is expected
    assert len(mine) <= 1
    assert not (mine and isinstance(answer, Refused | NotAccepted))
    assert (kind == "phantom") is (isinstance(answer, Acknowledged) and not mine)
    if isinstance(answer, Acknowledged) and mine:
        assert answer.order_id == mine[0]["order_id"]
    assert sum(line.client_order_id == name for line in stage.simulator.station.log) == 1
    wire.close()


CANCEL_FAULTS = [
    ("drop_before", {}, None),
    ("drop_after", {}, None),
    ("status_after", {}, None),
    ("silent_after", {"seconds": 0.4}, None),
    ("late", {"seconds": 0.4}, None),
    ("slow", {"seconds": 0.4}, None),
    ("drip", {"seconds": 3.0}, None),
    ("cut_body", {}, None),
    ("empty_200", {}, None),
    ("html_200", {}, None),
    ("bad_json", {}, None),
    ("status_before", {"status": 500}, None),
    ("status_before", {"status": 400, "body": '{"error":"INVALID_ARGUMENT"}'}, "not taken: it says no"),
    ("blocked", {}, "not taken: 403 Too many errors"),
    ("set_field", {"field": "results", "value": None}, None),
    ("drop_field", {"field": "results.order_id"}, None),
    ("drop_field", {"field": "results.success"}, None),
    ("throttled", {}, "not taken: 429, too many requests"),
    ("unauthorized", {}, "not taken: it does not take"),
    ("skew", {"seconds": -60}, "not taken: it does not take"),
    ("lost_cancel", {}, ""),
]
"""What is told of each order: nothing, that it is taken (empty), or why it is not."""


@pytest.mark.slow
@pytest.mark.req("CB1")
@pytest.mark.parametrize(("kind", "more", "told"), CANCEL_FAULTS)
def test_a_cancel_is_sent_once_and_its_silence_is_told(stage, kind, more, told):  # noqa: F811
    wire = wire_to(stage, retries=3, **QUICK)
    made = wire.place(an_order(f"cancel-{kind}-{more.get('field', '')}{more.get('status', '')}"))
    stage.fault(kind, "cancel_orders", **more)
    before = asked(stage, "cancel_orders")

    answer = wire.cancel([made.order_id])

    assert asked(stage, "cancel_orders") - before == 1
    if told is None:
        assert answer == {}
    else:
        assert set(answer) == {made.order_id}
        assert answer[made.order_id].startswith(told)
        assert bool(answer[made.order_id]) is bool(told)
    wire.close()


MISSING = [
    ("time", "epochMillis"),
    ("products", "products.is_disabled"),
    ("products", "products.base_increment"),
    ("products", "products"),
    ("accounts", "accounts.hold"),
    ("accounts", "accounts.available_balance.value"),
    ("accounts", "has_next"),
    ("transaction_summary", "fee_tier.maker_fee_rate"),
    ("key_permissions", "can_trade"),
    ("list_orders", "orders.filled_size"),
    ("list_orders", "orders.client_order_id"),
    ("list_orders", "has_next"),
    ("get_order", "order.status"),
    ("get_order", "order"),
    ("list_fills", "fills"),
]


@pytest.mark.parametrize(("route", "field"), MISSING)
def test_a_missing_field_is_named(stage, known, route, field):  # noqa: F811
    wire = wire_to(stage)
    stage.fault("drop_field", route, field=field)

    with pytest.raises(WireDown) as caught:
        QUESTIONS[route](wire, known)

    assert field.rpartition(".")[2] in str(caught.value)
    assert "field required" in str(caught.value)
    wire.close()


@pytest.mark.req("CB1")
@pytest.mark.parametrize("value", [None, [7]], ids=["null", "of another type"])
@pytest.mark.parametrize("route", QUESTIONS)
def test_a_field_that_is_nothing_is_named(stage, known, route, value):  # noqa: F811
    wire, field = wire_to(stage), dict(reversed(MISSING))[route]
    stage.fault("set_field", route, field=field, value=value)

    with pytest.raises(WireDown) as caught:
        QUESTIONS[route](wire, known)

    assert field.rpartition(".")[2] in str(caught.value)
    wire.close()


@pytest.mark.req("CB1")
@pytest.mark.parametrize("route", QUESTIONS)
def test_a_venue_whose_clock_is_another_takes_no_token_and_tells_its_time(stage, known, route):  # noqa: F811
    wire = wire_to(stage, retries=3)
    stage.fault("skew", route, seconds=-60)
    before = asked(stage, route)

    if route == "time":
        skewed = wire.time()
        stage.direct("/faults", faults=[])
        assert timedelta(seconds=55) < wire.time() - skewed < timedelta(seconds=90)
        before += 1
    else:
        with pytest.raises(KeyRefused, match="mend the clock"):
            QUESTIONS[route](wire, known)
    assert asked(stage, route) - before == 1
    wire.close()


@pytest.mark.req("CB1")
def test_rows_of_fills_that_come_twice_change_no_answer(stage, known):  # noqa: F811
    wire = wire_to(stage)
    once = QUESTIONS["list_fills"](wire, known)
    stage.fault("duplicate_fill", "list_fills")

    assert QUESTIONS["list_fills"](wire, known) == once
    wire.close()


@pytest.mark.req("CB1")
def test_an_order_that_the_venue_says_it_has_not_is_not_there(stage, known):  # noqa: F811
    wire = wire_to(stage)
    stage.fault("not_found", "get_order", times=1)

    assert wire.order(known.order_id) is None
    assert wire.order(known.order_id) == known
    wire.close()


def test_what_we_do_not_need_may_be_missing_and_what_we_do_not_know_may_come(stage, known):  # noqa: F811
    wire = wire_to(stage)
    stage.direct(
        "/faults",
        faults=[
            {"kind": "drop_field", "route": "transaction_summary", "field": "total_volume"},
            {"kind": "set_field", "route": "get_order", "field": "order.edit_history", "value": None},
            {"kind": "set_field", "route": "list_orders", "field": "sequence", "value": {"new": []}},
        ],
    )

    assert wire.terms().can_trade is True
    assert wire.order(known.order_id) == known
    assert known in wire.orders(known.created_at - HOUR, known.created_at + HOUR)
    wire.close()


PREVIEW_FAULTS = [
    *[(*param.values, WireDown) for param in PASSING],
    *[param.values for param in LASTING[:-1]],
    (*LASTING[-1].values[:2], "it says no: 400"),
    ("skew", {"seconds": -60}, KeyRefused),
    ("set_field", {"field": "errs", "value": 7}, WireDown),
    ("set_field", {"field": "errs", "value": ["PREVIEW_WHATEVER"]}, "PREVIEW_WHATEVER"),
    ("drop_field", {"field": "errs"}, WireDown),
]
"""What becomes of the question: an error, or a preview that objects in these words (empty: in none)."""


@pytest.mark.slow
@pytest.mark.req("CB1")
@pytest.mark.parametrize(("kind", "more", "means"), PREVIEW_FAULTS)
def test_a_preview_is_asked_once(stage, kind, more, means):  # noqa: F811
    wire = wire_to(stage, retries=3, **QUICK)
    stage.fault(kind, "preview_order", **more)
    before = asked(stage, "preview_order")

    if isinstance(means, str):
        assert " ".join(wire.preview(an_order("seen before")).errors).startswith(means)
        assert bool(wire.preview(an_order("seen before")).errors) is bool(means)
    else:
        with pytest.raises(means, match=": preview_order: "):
            wire.preview(an_order("seen before"))

    assert asked(stage, "preview_order") - before == (2 if isinstance(means, str) else 1)
    assert stage.venue.by_client_id.get("seen before") is None
    wire.close()


NOT_CALLED = {
    "edit_order", "edit_preview", "close_position", "product", "book", "best_bid_ask", "candles", "ticker", "account",
    "portfolios",
}  # fmt: skip


@pytest.mark.req("CB1", "X1")
def test_no_route_and_no_fault_of_the_simulator_is_left_out():
    tried = {
        "create_order": {kind for kind, _, _ in ORDER_FAULTS},
        "cancel_orders": {kind for kind, _, _ in CANCEL_FAULTS},
        "preview_order": {kind for kind, _, _ in PREVIEW_FAULTS},
    }
    of_all = {param.values[0] for param in [*PASSING, *LASTING]} | {"set_field", "skew"}
    tried |= {route: of_all | {"drop_field" for named, _ in MISSING if named == route} for route in QUESTIONS}
    tried["get_order"].add("not_found")
    tried["list_fills"].add("duplicate_fill")
    theirs = {name: path for _, path, name, _, scope in SIMULATED if scope is not None} | {"key_permissions": ""}

    missing = {(route.name, kind) for route in ROUTES for kind in [*BEFORE, *AFTER] if befalls(route.name, kind)}
    missing -= {(route, kind) for route, kinds in tried.items() for kind in kinds}
    assert not missing
    assert set().union(*tried.values()) <= set(BEFORE) | set(AFTER)
    assert sum(map(len, tried.values())) >= 190
    assert set(theirs) - NOT_CALLED | {"time"} == set(tried)
    may = permitted(read_only=False)
    assert not any(may(method, PREFIX + path) for method, path, name, *_ in SIMULATED if name in NOT_CALLED)
