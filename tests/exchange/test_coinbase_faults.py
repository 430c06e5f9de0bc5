"""
Endpoint × fault: what the caller learns, how often it was asked, and what the venue has in the end.

The venue's own truth is the judge: an order that exists is never called refused or not accepted.
"""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from tests.exchange.coinbase_worlds import an_order, wire_to
from tests.simulator.conftest import shared_stage, stage  # noqa: F401
from trader.exchange.coinbase_failures import KeyRefused
from trader.ports import Acknowledged, NotAccepted, OutcomeUnknown, Refused, WireDown
from trader.simulator.faults import AFTER, BEFORE, ONLY_ON

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


def asked(stage, route):  # noqa: F811
    return sum(line.route == route for line in stage.simulator.station.log)


def test_no_fault_of_the_simulator_is_left_out():
    tried = {param.values[0] for param in [*PASSING, *LASTING]}
    elsewhere = {"lost_cancel", "set_field", "drop_field", "duplicate_fill", "phantom", "not_found", "skew"}

    assert tried | elsewhere == set(BEFORE) | set(AFTER)


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


@pytest.mark.req("X1")
def test_every_fault_of_the_simulator_is_tried_on_an_order():
    here = {kind for kind in BEFORE | AFTER if ONLY_ON.get(kind, "create_order") == "create_order"}
    assert {kind for kind, _, _ in ORDER_FAULTS} == here


@pytest.mark.slow
@pytest.mark.req("CB1")
@pytest.mark.parametrize(
    ("kind", "more", "told"),
    [
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
        ("set_field", {"field": "results", "value": None}, None),
        ("drop_field", {"field": "results.order_id"}, None),
        ("drop_field", {"field": "results.success"}, None),
        ("throttled", {}, "not taken: 429, too many requests"),
        ("unauthorized", {}, "not taken: it does not take"),
        ("lost_cancel", {}, ""),
    ],
)
def test_a_cancel_is_sent_once_and_its_silence_is_told(stage, kind, more, told):  # noqa: F811
    wire = wire_to(stage, retries=3, **QUICK)
    made = wire.place(an_order(f"cancel-{kind}-{more.get('field', '')}"))
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


@pytest.mark.parametrize(
    ("route", "field"),
    [
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
    ],
)
def test_a_missing_field_is_named(stage, known, route, field):  # noqa: F811
    wire = wire_to(stage)
    stage.fault("drop_field", route, field=field)

    with pytest.raises(WireDown) as caught:
        QUESTIONS[route](wire, known)

    assert field.rpartition(".")[2] in str(caught.value)
    assert "field required" in str(caught.value)
    wire.close()


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


@pytest.mark.parametrize(
    ("kind", "error"), [("drop_after", WireDown), ("throttled", WireDown), ("unauthorized", KeyRefused)]
)
def test_a_preview_is_asked_once(stage, kind, error):  # noqa: F811
    wire = wire_to(stage, retries=3)
    stage.fault(kind, "preview_order")
    before = asked(stage, "preview_order")

    with pytest.raises(error):
        wire.preview(an_order("seen before"))

    assert asked(stage, "preview_order") - before == 1
    wire.close()
