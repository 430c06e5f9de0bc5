"""Every fault of the list, as the SDK meets it; and what the venue knows of it afterwards."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from email.utils import parsedate_to_datetime

import httpx
import pytest
import requests

from tests.simulator.conftest import on_stage
from trader.simulator.fault_file import EXAMPLE, load_faults, read_faults
from trader.simulator.faults import AFTER, BEFORE, KINDS, STREAM, VENUE, BadFaults, Fault, FaultPlan

pytestmark = pytest.mark.slow

ERRORS = requests.exceptions


def placed(stage, client_order_id):
    return client_order_id in stage.venue.by_client_id


@pytest.mark.parametrize(
    ("kind", "more", "raises", "done"),
    [
        ("drop_before", {}, ERRORS.ConnectionError, False),
        ("status_before", {"status": 503, "body": "go/sg/0"}, ERRORS.HTTPError, False),
        ("unauthorized", {}, ERRORS.HTTPError, False),
        ("blocked", {}, ERRORS.HTTPError, False),
        ("throttled", {}, ERRORS.HTTPError, False),
        ("drop_after", {}, ERRORS.ConnectionError, True),
        ("status_after", {}, ERRORS.HTTPError, True),
        ("status_after", {"status": 504, "body": "timeout"}, ERRORS.HTTPError, True),
        ("silent_after", {"seconds": 1.0}, ERRORS.ReadTimeout, True),
        ("late", {"seconds": 0.6}, ERRORS.ReadTimeout, True),
        ("cut_body", {}, (ERRORS.ChunkedEncodingError, ERRORS.ConnectionError), True),
        ("empty_200", {}, ERRORS.JSONDecodeError, True),
        ("html_200", {}, ERRORS.JSONDecodeError, True),
        ("bad_json", {}, ERRORS.JSONDecodeError, True),
        ("set_field", {"field": "order_configuration", "value": None}, TypeError, True),
    ],
)
def test_what_the_caller_meets_and_what_was_done(stage, kind, more, raises, done):
    stage.fault(kind, "create_order", times=1, **more)
    name = f"{kind}-{more.get('status', '')}"
    client = stage.client(stage.key, timeout=0.4)

    with pytest.raises(raises):
        stage.limit_buy(name, client=client)

    time.sleep(0.4 if kind == "late" else 0)
    assert placed(stage, name) is done
    line = [row for row in stage.see("/log")["requests"] if row["client_order_id"] == name][-1]
    assert line["faults"] == [kind]
    client.session.close()


def test_a_dripping_answer_outlasts_the_time_out_of_every_read(stage):
    stage.fault("drip", "create_order", seconds=0.8, times=1)
    client, began = stage.client(stage.key, timeout=0.4), time.monotonic()

    assert stage.limit_buy("drip", client=client).to_dict()["success"] is True
    assert time.monotonic() - began > 0.7
    client.session.close()


def test_a_lost_cancel_is_answered_and_forgotten(stage):
    made = stage.limit_buy("lost-cancel").to_dict()["success_response"]["order_id"]
    stage.fault("lost_cancel", "cancel_orders", times=1)

    assert stage.sdk.cancel_orders([made]).to_dict()["results"][0]["success"] is True
    time.sleep(0.15)
    assert stage.sdk.get_order(made).to_dict()["order"]["status"] == "OPEN"


def log_of(stage, client_order_id):
    return [row for row in stage.see("/log")["requests"] if row["client_order_id"] == client_order_id][-1]


def test_a_phantom_is_answered_with_success_and_is_nowhere(stage):
    stage.fault("phantom", times=1)
    told = stage.limit_buy("phantom").to_dict()
    order_id = told["success_response"]["order_id"]

    assert (told["success"], told["success_response"]["client_order_id"]) == (True, "phantom")
    assert not placed(stage, "phantom")
    with pytest.raises(ERRORS.HTTPError, match="404"):
        stage.sdk.get_order(order_id)
    assert log_of(stage, "phantom")["faults"] == ["phantom"]
    assert stage.limit_buy("phantom").to_dict()["success_response"]["order_id"] != order_id
    assert placed(stage, "phantom")


def test_an_order_that_is_there_is_not_found(stage):
    made = stage.limit_buy("not-found").to_dict()["success_response"]["order_id"]
    stage.fault("not_found", calls=[1])
    stage.sdk.get_accounts()
    with pytest.raises(ERRORS.HTTPError, match="404"):
        stage.sdk.get_order(made)
    assert stage.sdk.get_order(made).to_dict()["order"]["order_id"] == made


def test_one_order_is_shown_late_and_the_others_are_not(tmp_path):
    with on_stage(tmp_path, speed=0.0) as stage:
        late = [{"kind": kind, "calls": [2], "seconds": 60} for kind in ("late_get", "late_list", "late_fills")]
        stage.direct("/faults", faults=late)
        bought = [
            stage.sdk.market_order_buy(name, "BTC-USD", quote_size="10").to_dict()["success_response"]["order_id"]
            for name in ("first", "second", "third")
        ]
        assert log_of(stage, "second")["faults"] == ["late_get", "late_list", "late_fills"]

        def shown():
            got = []
            for order_id in bought:
                try:
                    got.append(stage.sdk.get_order(order_id).to_dict()["order"]["order_id"])
                except ERRORS.HTTPError:
                    continue
            listed = {row["order_id"] for row in stage.sdk.list_orders().to_dict()["orders"]}
            filled = {row["order_id"] for row in stage.sdk.get_fills().to_dict()["fills"]}
            return set(got), listed, filled

        prompt = {bought[0], bought[2]}
        assert shown() == (prompt, prompt, prompt)
        stage.direct("/clock", step_seconds=60)
        assert shown() == (set(bought), set(bought), set(bought))


def test_nothing_is_late_of_an_order_that_was_refused(stage):
    stage.fault("late_get", times=1)
    assert stage.sdk.limit_order_gtc_buy("refused-late", "BTC-USD", "900", "50000.00").to_dict()["success"] is False
    assert log_of(stage, "refused-late")["note"] == "late_get: no order was placed"


@pytest.mark.parametrize("skew", [60, -60])
def test_one_call_meets_a_clock_that_is_off(stage, skew):
    stage.fault("skew", "time", seconds=skew, times=1)
    public = stage.client()
    url = f"https://{stage.simulator.base_url}/api/v3/brokerage/time"
    off, right = (public.session.get(url, timeout=5) for _ in range(2))

    seconds = [int(answer.json()["epochSeconds"]) for answer in (off, right)]
    dates = [parsedate_to_datetime(answer.headers["date"]).timestamp() for answer in (off, right)]
    assert (seconds[0] - seconds[1]) == pytest.approx(skew, abs=2)
    assert (dates[0] - dates[1]) == pytest.approx(skew, abs=2)
    stage.fault("skew", "accounts", seconds=-60, times=1)
    with pytest.raises(ERRORS.HTTPError, match="401"):
        stage.sdk.get_accounts()
    assert stage.sdk.get_accounts()
    public.session.close()


@pytest.mark.parametrize("value", [None, "50000.01"])
def test_the_newest_fill_is_restated_after_a_call(tmp_path, value):
    with on_stage(tmp_path) as stage:
        stage.direct("/faults", faults=[{"kind": "reverse", "route": "accounts"}])
        stage.sdk.get_accounts()
        assert stage.see("/log")["requests"][-1]["note"] == "reverse: there is no fill that was not restated before"
        bought = stage.sdk.market_order_buy("restate", "BTC-USD", quote_size="10").to_dict()["success_response"]
        stage.sdk.get_accounts()
        stage.fault("correct", "list_fills", value=value, times=1)
        before = stage.sdk.get_fills(order_ids=[bought["order_id"]]).to_dict()["fills"]
        after = stage.sdk.get_fills(order_ids=[bought["order_id"]]).to_dict()["fills"]

        assert [row["trade_type"] for row in before] == ["REVERSAL", "FILL", "FILL"]
        assert [row["trade_type"] for row in after] == [
            "CORRECTION",
            "REVERSAL",
            *(row["trade_type"] for row in before),
        ]
        fill = next(row for row in before if row["trade_id"] == after[0]["trade_id"])
        wanted = value or str(Decimal(fill["price"]) + stage.venue.listings["BTC-USD"].price_increment)
        assert Decimal(after[0]["price"]) == Decimal(wanted)
        assert stage.see("/")["audit"] == []


def test_a_restart_and_a_new_certificate_after_a_call(tmp_path):
    with on_stage(tmp_path) as stage:
        plan = [{"kind": "restart", "route": "create_order", "calls": [1], "seconds": 0.2}]
        stage.direct("/faults", faults=[*plan, {"kind": "certificate", "route": "get_order", "calls": [1]}])
        made = stage.limit_buy("before the restart").to_dict()["success_response"]["order_id"]
        deadline = time.monotonic() + 10
        while stage.see("/")["starts"] < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert stage.sdk.get_order(made).to_dict()["order"]["client_order_id"] == "before the restart"
        stranger = stage.client(stage.key)
        with pytest.raises(ERRORS.SSLError):
            stranger.get_accounts()
        stranger.session.close()


def test_fills_twice_and_fields_gone(stage):
    stage.sdk.market_order_buy("twice", "BTC-USD", quote_size="10")
    stage.fault("duplicate_fill", "list_fills", times=1)
    rows = stage.sdk.get_fills(limit=4).to_dict()["fills"]
    assert rows[0] == rows[1]

    stage.fault("drop_field", "transaction_summary", field="total_volume")
    assert "total_volume" not in stage.sdk.get_transaction_summary().to_dict()
    stage.fault("set_field", "edit_order", field="errors", value={"edit_failure_reason": "ORDER_NOT_FOUND"})
    with pytest.raises(TypeError):
        stage.sdk.edit_order("nobody", size="1", price="1")


def test_a_reversal_and_a_correction_are_rows_of_their_own(stage):
    made = stage.sdk.market_order_buy("restated", "BTC-USD", quote_size="10").to_dict()["success_response"]["order_id"]
    first = stage.sdk.get_fills(order_ids=[made]).to_dict()["fills"][0]
    stage.direct("/restate", entry_id=first["entry_id"], price=first["price"])

    rows = stage.sdk.get_fills(order_ids=[made]).to_dict()["fills"]
    assert sorted(row["trade_type"] for row in rows) == ["CORRECTION", "FILL", "FILL", "REVERSAL"]


def test_faults_come_by_number_of_the_call_and_by_chance_from_the_seed():
    def fired(**rule):
        plan = FaultPlan(5, [Fault("drop_after", "create_*", **rule)])
        return [number for number in range(1, 21) if plan.draw("create_order", KINDS)]

    assert fired(calls=(2, 5)) == [2, 5]
    assert fired(times=3) == [1, 2, 3]
    assert fired(probability=0.3) == fired(probability=0.3)
    assert 0 < len(fired(probability=0.3)) < 20
    assert FaultPlan(5, [Fault("drop_after", "create_*")]).draw("get_order", KINDS) == []


@pytest.mark.parametrize("frames", [0, 1, 7])
def test_what_a_stream_draws_is_not_missing_elsewhere(frames):
    """Frames come by the host's clock: a chance shared with them would never meet the same calls twice."""
    rules = [Fault("gap", "ws_ticker", probability=0.5), Fault("drop_after", "create_order", probability=0.3)]
    plan, hit = FaultPlan(5, rules), []
    for number in range(40):
        for _ in range(frames):
            plan.draw("ws_ticker", STREAM)
        hit += [number] if plan.draw("create_order", AFTER) else []
    alone = FaultPlan(5, [Fault("gap", "ws_nobody"), Fault("drop_after", "create_order", probability=0.3)])
    assert hit == [number for number in range(40) if alone.draw("create_order", AFTER)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("{}", "wanted a list"),
        ('[{"route": "x"}]', "fault 1: wanted an object with a kind"),
        ('[{"kind": "explode"}]', "kind 'explode' is unknown; kinds are"),
        ('[{"kind": "drip", "secs": 3}]', "unknown key secs, did you mean seconds"),
        ('[{"kind": "drop_aftr"}]', r"kind 'drop_aftr' is unknown; did you mean drop_after\?"),
        ('[{"kind": "drip", "second": 3}]', r"unknown key second, did you mean seconds\?"),
        ('[{"kind": "drip", "route": "create_ordr"}]', r"called 'create_ordr'; did you mean create_order\?"),
        ('[{"kind": "gap", "route": "create_order"}]', "no route of 'gap' is called 'create_order'; routes are ws_"),
        ('[{"kind": "drip", "probability": 7}]', "probability is 7; wanted a number from 0 to 1"),
        ('[{"kind": "drip", "calls": 2}]', r"calls is 2; wanted a list of numbers from 1, such as \[2\]"),
        ('[{"kind": "drip", "calls": [0]}]', r"calls is \[0\]"),
        ('[{"kind": "drip", "times": 0}]', "times is 0; wanted a number from 1"),
        ('[{"kind": "drip", "seconds": "3"}]', "seconds is '3'; wanted a number from 0"),
        ('[{"kind": "status_before", "status": true}]', "status is True; wanted a whole number"),
        ('[{"kind": "status_before", "body": 3}]', "body is 3; wanted a text"),
        ('[{"kind": "set_field"}]', "kind set_field wants a field"),
        ('[{"kind": "phantom", "route": "get_order"}]', r"no route of 'phantom' is called 'get_order'; did you mean"),
        ('[{"kind": "late_fills", "route": "list_fills"}]', "routes are create_order"),
        ('[{"kind": "slow", "seconds": -1}]', "seconds is -1; wanted a number from 0"),
        ('[{"kind": "correct", "value": "much"}]', "value is 'much'; wanted a price such as 50000.01, or none"),
        ('[{"kind": "correct", "value": 0}]', "price is 0; wanted a number above 0"),
    ],
)
def test_a_bad_plan_is_a_sentence(tmp_path, text, words):
    path = tmp_path / "faults.json"
    path.write_text(text)
    with pytest.raises(BadFaults, match=words):
        load_faults(path)


def test_every_mistake_of_a_plan_is_told_at_once(tmp_path):
    path = tmp_path / "faults.json"
    path.write_text('[{"kind": "explod"}, {"kind": "drip"}, {"kind": "drip", "times": 0, "rout": "x"}]')
    with pytest.raises(BadFaults) as caught:
        load_faults(path)
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[1] for line in lines] == ["fault 1", "fault 3", "fault 3"]


def test_the_example_and_every_kind_can_be_written_down():
    assert read_faults([json.loads(EXAMPLE)], "here")[0].kind == "drop_after"
    rows = [{"kind": kind, "field": "orders"} for kind in KINDS]
    assert [fault.kind for fault in read_faults(rows, "here")] == [*BEFORE, *AFTER, *VENUE, *STREAM]


def test_a_missing_plan_is_a_sentence(tmp_path):
    with pytest.raises(BadFaults, match="cannot be read"):
        load_faults(tmp_path / "none.json")
    assert read_faults([{"kind": "drip", "calls": [1]}], "here")[0].calls == (1,)


def test_a_restart_keeps_the_state_and_a_new_certificate_is_refused(tmp_path):
    with on_stage(tmp_path) as stage:
        made = stage.limit_buy("before").to_dict()["success_response"]["order_id"]
        stage.direct("/restart", down_seconds=0.1)
        deadline = time.monotonic() + 10
        while stage.see("/")["starts"] < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        answer = stage.sdk.get_order(made)
        assert answer.to_dict()["order"]["client_order_id"] == "before"

        stage.direct("/certificate")
        stranger = stage.client(stage.key)
        with pytest.raises(ERRORS.SSLError):
            stranger.get_accounts()
        stranger.session.close()


def test_the_desk_is_not_reachable_through_the_api(stage):
    assert stage.sdk.session.get(f"https://{stage.simulator.base_url}/faults", timeout=5).status_code == 404
    assert stage.simulator.port != stage.simulator.admin_port
    for plug in (stage.simulator._socket, stage.simulator._admin_socket):
        assert plug.fileno() == -1 or plug.getsockname()[0] == "127.0.0.1"


def test_the_desk_tells_what_it_does_not_understand(stage):
    with httpx.Client(base_url=stage.simulator.admin_url, trust_env=False) as client:
        answer = client.post("/settings", json={"cancel_second": 1})
    assert (answer.status_code, "cancel_seconds" in answer.text) == (400, True)


def test_flags_and_the_clock_are_directed_from_the_desk(tmp_path):
    with on_stage(tmp_path, speed=0.0) as stage:
        before = int(stage.sdk.get_unix_time().epoch_seconds)
        stage.direct("/clock", step_seconds=3600)
        assert int(stage.sdk.get_unix_time().epoch_seconds) == before + 3600
        stage.direct("/listings", product_id="BTC-USD", cancel_only=True)
        assert stage.limit_buy("closed").to_dict()["error_response"]["error"] == "ORDER_ENTRY_DISABLED"
