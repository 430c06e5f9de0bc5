"""What leaves for an order, byte by byte, and what each answer to one means."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.coinbase_worlds import an_order
from trader.exchange.coinbase_failures import Failed, Why
from trader.exchange.coinbase_orders import cancelled, configuration, create_body, misfit, placed, plain, previewed
from trader.model.trading import Side
from trader.model.wire import WireKind
from trader.ports import Acknowledged, NotAccepted, OutcomeUnknown, Refused

ORDER = an_order("mine")
PREVIEW_NO_FUNDS, UNKNOWN_PREVIEW = "PREVIEW_INSUFFICIENT_FUND", "UNKNOWN_PREVIEW_FAILURE_REASON"
END = datetime(2026, 11, 22, 13, 0, 0, 250000, timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param(
            {"kind": WireKind.LIMIT_IOC}, {"sor_limit_ioc": {"base_size": "0.001", "limit_price": "20000"}}, id="ioc"
        ),
        pytest.param(
            {"post_only": True},
            {"limit_limit_gtc": {"base_size": "0.001", "limit_price": "20000", "post_only": True}},
            id="gtc",
        ),
        pytest.param(
            {"kind": WireKind.LIMIT_GTD, "end_time": END, "size": Decimal("1E-8")},
            {
                "limit_limit_gtd": {
                    "base_size": "0.00000001",
                    "limit_price": "20000",
                    "end_time": "2026-11-22T12:00:00.250000Z",
                    "post_only": False,
                }
            },
            id="gtd",
        ),
        pytest.param(
            {"kind": WireKind.STOP_LIMIT_GTC, "side": Side.SELL, "stop_price": Decimal("20100.50")},
            {
                "stop_limit_stop_limit_gtc": {
                    "base_size": "0.001",
                    "limit_price": "20000",
                    "stop_price": "20100.5",
                    "stop_direction": "STOP_DIRECTION_STOP_DOWN",
                }
            },
            id="stop",
        ),
    ],
)
def test_the_configuration_of_each_kind(more, expected):
    order = an_order("mine", **more)

    assert misfit(order) == ""
    assert configuration(order) == expected


@given(st.decimals(min_value="0.00000000000001", max_value="1e15", allow_nan=False))
def test_a_number_leaves_in_plain_digits_and_comes_back_the_same(value):
    text = plain(value)

    assert Decimal(text) == value
    assert set(text) <= set("0123456789.")


@pytest.mark.req("X1")
def test_the_same_order_is_the_same_bytes():
    again = an_order("mine", size=Decimal("0.001"), limit_price=Decimal("20000.00"))

    assert json.dumps(create_body(ORDER)) == json.dumps(create_body(again))
    assert not any(
        isinstance(value, float) for value in create_body(ORDER)["order_configuration"]["limit_limit_gtc"].values()
    )


@pytest.mark.req("X1")
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"client_order_id": ""}, "no client_order_id"),
        ({"client_order_id": "  "}, "no client_order_id"),
        ({"size": Decimal("NaN")}, "size must be a positive number"),
        ({"size": Decimal(0)}, "size must be"),
        ({"limit_price": Decimal("-1")}, "limit_price must be"),
        ({"limit_price": Decimal("Infinity")}, "limit_price must be"),
        ({"kind": WireKind.LIMIT_IOC, "post_only": True}, "cannot be post-only"),
        ({"kind": WireKind.LIMIT_GTD}, "end_time belongs to limit_gtd"),
        ({"end_time": END}, "end_time belongs to limit_gtd"),
        ({"kind": WireKind.STOP_LIMIT_GTC}, "stop_price belongs"),
        ({"stop_price": Decimal(1)}, "stop_price belongs"),
    ],
)
def test_what_must_not_leave_is_told(more, words):
    assert words in misfit(an_order(**{"client_order_id": "mine", **more}))


def success(**more):
    made = {"order_id": "0-1", "client_order_id": "mine", "product_id": "BTC-USD", "side": "BUY", **more}
    return {"success": True, "success_response": made, "order_configuration": None, "new_in_2027": [1]}


def denial(**words):
    return {"success": False, "error_response": words, "order_configuration": {}}


@pytest.mark.req("X1")
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        pytest.param(success(), Acknowledged("0-1"), id="accepted"),
        pytest.param({"success": True, "success_response": {"order_id": "0-1"}}, Acknowledged("0-1"), id="no echo"),
        pytest.param(
            denial(error="INSUFFICIENT_FUND", message="Insufficient balance", preview_failure_reason=PREVIEW_NO_FUNDS),
            Refused("INSUFFICIENT_FUND, PREVIEW_INSUFFICIENT_FUND: Insufficient balance"),
            id="the recorded refusal of 2023",
        ),
        pytest.param(
            denial(new_order_failure_reason="NO_PAIR", error="NO_PAIR", preview_failure_reason=UNKNOWN_PREVIEW),
            Refused("NO_PAIR"),
            id="each code once, unknown ones ignored",
        ),
        pytest.param(
            denial(error="UNKNOWN_FAILURE_REASON", preview_failure_reason="PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"),
            Refused("PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"),
            id="only the preview's code is known",
        ),
        pytest.param(
            {**denial(error="INVALID_SIDE"), "failure_reason": "X", "order_id": ""},
            Refused("INVALID_SIDE"),
            id="fields of 2023",
        ),
    ],
)  # fmt: skip
def test_an_answer_that_can_only_mean_one_thing(reply, expected):
    assert placed(ORDER, reply) == expected


@pytest.mark.req("X1")
@pytest.mark.parametrize(
    ("reply", "words"),
    [
        pytest.param(denial(error="DUPLICATE_CLIENT_ORDER_ID"), "already there", id="the order is there"),
        pytest.param(denial(error="UNKNOWN_FAILURE_REASON", message="oops"), "reason (oops)", id="it does not know"),
        pytest.param(denial(), "unknown reason", id="no code at all"),
        pytest.param({"success": False}, "neither why", id="no error either"),
        pytest.param({**denial(error="INVALID_SIDE"), "order_id": "0-1"}, "neither why", id="refused, with an order"),
        pytest.param({**success(), "success": False}, "neither why", id="no success, with an order"),
        pytest.param(success(order_id=""), "names no order", id="no order"),
        pytest.param(success(order_id=None), "names no order", id="null order"),
        pytest.param(success(side="SELL", product_id="ETH-USD"), "another product_id, side", id="another order"),
        pytest.param({}, "success: field required", id="nothing"),
        pytest.param({"success": 1}, "success: input should be a valid boolean", id="not a truth"),
        pytest.param({**success(), "error_response": []}, "error_response", id="a list for an object"),
    ],
)  # fmt: skip
def test_all_else_is_unknown(reply, words):
    answer = placed(ORDER, reply)

    assert isinstance(answer, OutcomeUnknown)
    assert words in answer.reason


@pytest.mark.req("CB1")
@pytest.mark.parametrize(
    ("why", "kind"),
    [
        (Why.FORBIDDEN, Refused),
        (Why.DENIED, Refused),
        (Why.REFUSED, Refused),
        (Why.STOPPED, NotAccepted),
        (Why.HELD, NotAccepted),
        (Why.UNTRUSTED, NotAccepted),
        (Why.UNSENT, NotAccepted),
        (Why.THROTTLED, NotAccepted),
        (Why.BLOCKED, NotAccepted),
        (Why.LOST, OutcomeUnknown),
        (Why.SERVER, OutcomeUnknown),
        (Why.GARBLED, OutcomeUnknown),
    ],
)
def test_what_a_failure_means_for_an_order(why, kind):
    assert placed(ORDER, Failed(why, "so it was")) == kind("so it was")


def test_every_failure_is_in_that_table():
    mark = next(mark for mark in test_what_a_failure_means_for_an_order.pytestmark if mark.name == "parametrize")

    assert {why for why, _ in mark.args[1]} == set(Why)


def test_a_cancel_answers_for_each_id_it_was_told_of():
    rows = [
        {"success": True, "failure_reason": "UNKNOWN_CANCEL_FAILURE_REASON", "order_id": "1"},
        {"success": False, "failure_reason": "ORDER_IS_FULLY_FILLED", "order_id": "2"},
        {"success": False, "failure_reason": None, "order_id": "3"},
        {"success": True, "failure_reason": "", "order_id": "not ours"},
    ]

    told = cancelled(["1", "2", "3", "4"], {"results": rows})

    assert told == {"1": "", "2": "ORDER_IS_FULLY_FILLED", "3": "no reason given"}
    assert cancelled(["1"], Failed(Why.THROTTLED, "429")) == {"1": "not taken: 429"}
    assert cancelled(["1"], Failed(Why.LOST, "gone")) == {}


def test_a_preview_says_errors_and_what_it_costs():
    good = previewed({"errs": [], "warning": ["SMALL_ORDER"], "commission_total": "0.12", "is_max": False})
    bad = previewed({"errs": ["PREVIEW_INSUFFICIENT_FUND"], "commission_total": ""})
    refused = previewed(Failed(Why.REFUSED, "it says no: 400", 400))

    assert (good.errors, good.warnings, good.commission_usd) == ((), ("SMALL_ORDER",), Decimal("0.12"))
    assert (bad.errors, bad.commission_usd) == (("PREVIEW_INSUFFICIENT_FUND",), None)
    assert refused.errors == ("it says no: 400",)
    assert isinstance(previewed({"warning": []}), Failed)
    assert END.astimezone(UTC).hour == 12
