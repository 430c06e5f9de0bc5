"""What nobody outside can know of the venue is a switch; each is tried both ways."""

from __future__ import annotations

import asyncio
import json
import time
from decimal import Decimal

import pytest
import websockets
from coinbase.jwt_generator import build_ws_jwt

from tests.simulator.conftest import on_stage
from tests.simulator.test_sdk import BTC, status_of
from tests.simulator.test_streams import ask, frames, plain
from trader.model.market import Product
from trader.simulator.bounds import RANGES, BadSettings, mistakes
from trader.simulator.catalogue import listing_of
from trader.simulator.gate import Gate
from trader.simulator.limits import LimitRules, Limits
from trader.simulator.settings import VenueSettings, values_of
from trader.simulator.stream import Session
from trader.simulator.stream_route import IDLE_SECONDS
from trader.simulator.tokens import TokenRules

pytestmark = pytest.mark.slow
PRODUCT = Product(BTC, Decimal("0.001"), Decimal("0.01"), Decimal("0.001"))


@pytest.fixture
def own_stage(tmp_path):
    with on_stage(tmp_path) as stage:
        yield stage


def test_a_client_order_id_is_looked_up_only_where_that_is_switched_on(own_stage):
    made = own_stage.limit_buy("by-my-name").to_dict()["success_response"]["order_id"]

    def asked(name):
        return own_stage.sdk.get_order("by-my-name", client_order_id=name)

    assert status_of(lambda: asked("by-my-name"))[0] == 404
    own_stage.direct("/settings", client_id_lookup=True)
    assert asked("by-my-name").to_dict()["order"]["order_id"] == made
    assert status_of(lambda: asked("nobody"))[0] == 404
    own_stage.direct("/settings", get_late_seconds=60)
    assert status_of(lambda: asked("by-my-name"))[0] == 404


def test_open_goes_with_other_statuses_only_where_that_is_switched_on(own_stage):
    own_stage.limit_buy("open")
    own_stage.sdk.market_order_buy("filled", BTC, quote_size="10")

    def both():
        return own_stage.sdk.list_orders(order_status=["OPEN", "FILLED"])

    assert status_of(both)[0] == 400
    own_stage.direct("/settings", open_combines=True)
    assert {row["status"] for row in both().to_dict()["orders"]} == {"OPEN", "FILLED"}


def test_open_does_not_include_what_is_pending_or_queued(own_stage):
    for status in ("PENDING", "QUEUED"):
        own_stage.direct("/settings", pending_seconds=60, waits_as=status)
        made = own_stage.limit_buy(status).to_dict()["success_response"]["order_id"]
        assert own_stage.sdk.get_order(made).to_dict()["order"]["status"] == status
        assert own_stage.sdk.list_orders(order_status=["OPEN"]).to_dict()["orders"] == []
        found = own_stage.sdk.list_orders(order_status=[status]).to_dict()["orders"]
        assert [row["order_id"] for row in found] == [made]


def test_orders_of_another_source_or_kind_of_product_are_not_listed(stage):
    stage.limit_buy("retail-advanced")
    listed = stage.sdk.list_orders

    assert listed().to_dict()["orders"] == listed(order_placement_source="RETAIL_ADVANCED").to_dict()["orders"] != []
    assert listed(order_placement_source="RETAIL_SIMPLE").to_dict()["orders"] == []
    assert listed(product_type="FUTURE").to_dict()["orders"] == []


@pytest.mark.parametrize(
    "more",
    [
        {"product_ids": [BTC]},
        {"trade_ids": ["x"]},
        {"start_sequence_timestamp": "2026-01-01T00:00:00Z"},
        {"order_side": "BUY"},
        {"order_types": ["MARKET"]},
        {"asset_filters": ["BTC"]},
        {"product_types": ["SPOT"]},
    ],
)
def test_fills_by_order_id_are_not_filtered_further(stage, more):
    status, text = status_of(lambda: stage.sdk.get_fills(order_ids=["x"], **more))
    assert (status, "cannot pass order_ids with other filters" in text) == (400, True)


def test_fills_are_filtered_by_what_the_documentation_names(stage):
    stage.sdk.market_order_buy("filter-buy", BTC, quote_size="10")
    stage.sdk.market_order_sell("filter-sell", BTC, base_size="0.0001")

    def sides(**filters):
        return {row["side"] for row in stage.sdk.get_fills(**filters).to_dict()["fills"]}

    assert (sides(), sides(order_side="SELL")) == ({"BUY", "SELL"}, {"SELL"})
    assert (sides(asset_filters=["BTC"]), sides(asset_filters=["ETH"])) == ({"BUY", "SELL"}, set())
    assert (sides(order_types=["MARKET"]), sides(order_types=["LIMIT"])) == ({"BUY", "SELL"}, set())
    assert (sides(product_types=["SPOT"]), sides(product_types=["FUTURE"])) == ({"BUY", "SELL"}, set())


def test_a_spot_position_cannot_be_closed(stage):
    before = len(stage.venue.orders)
    answer = stage.sdk.close_position("close-1", BTC, "1").to_dict()
    assert (answer["success"], answer["error_response"]["error"]) == (False, "UNSUPPORTED_ORDER_CONFIGURATION")
    unknown = stage.sdk.close_position("close-2", "NO-USD", "1").to_dict()
    assert unknown["error_response"]["error"] == "INVALID_PRODUCT_ID"
    assert len(stage.venue.orders) == before


def listening(stage, talk):
    """Run *talk(socket)* on a connection that is subscribed to the user channel."""
    token = build_ws_jwt(stage.key.name, stage.key.secret)

    async def subscribed(socket):
        await socket.send(ask("user", jwt=token))
        await frames(socket, 2)
        return await talk(socket)

    return plain(stage, subscribed)


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_stream_is_before_or_after_the_answer_as_is_switched(own_stage, monkeypatch, when):
    own_stage.direct("/settings", updates=when)
    order = []
    send, answer = Session.send, Gate._done

    async def sending(self, channel, rows):
        if channel == "user":
            order.append("stream")
        await send(self, channel, rows)

    def answering(self, line, response, ahead):
        order.append("answer")
        return answer(self, line, response, ahead)

    async def talk(socket):
        order.clear()
        await asyncio.to_thread(own_stage.limit_buy, "raced")
        await frames(socket, 1)

    monkeypatch.setattr(Session, "send", sending)
    monkeypatch.setattr(Gate, "_done", answering)
    listening(own_stage, talk)
    assert order == (["stream", "answer"] if when == "before" else ["answer", "stream"])


def test_at_random_it_is_both(own_stage):
    gate = Gate(own_stage.simulator.station, "create_order", lambda venue, call: {}, "trade")
    assert own_stage.venue.settings.updates == "random"
    assert {gate._told_before() for _ in range(50)} == {True, False}


@pytest.mark.parametrize("repeats", [0, 2])
def test_after_a_broken_stream_the_newest_orders_are_told_again(own_stage, repeats):
    own_stage.direct("/settings", repeats_on_reconnect=repeats)
    made = [own_stage.limit_buy(f"told-{number}").to_dict()["success_response"]["order_id"] for number in range(4)]

    async def cut(socket):
        await asyncio.to_thread(own_stage.direct, "/streams", kind="close", status=1006)
        with pytest.raises(websockets.ConnectionClosed):
            await frames(socket, 9)

    async def heard(socket):
        try:
            frame = json.loads(await asyncio.wait_for(socket.recv(), 0.5))
        except TimeoutError:
            return []
        return [row["order_id"] for row in frame["events"][0]["orders"]]

    listening(own_stage, cut)
    assert listening(own_stage, heard) == made[-repeats:] * bool(repeats)
    assert listening(own_stage, heard) == []


def test_a_silent_connection_is_closed_and_heartbeats_keep_it_open(own_stage):
    own_stage.direct("/settings", idle_seconds=1.4)
    token = build_ws_jwt(own_stage.key.name, own_stage.key.secret)

    async def talk(socket, channel):
        began = time.monotonic()
        await socket.send(ask(channel, jwt=token))
        try:
            while time.monotonic() - began < 3:
                await asyncio.wait_for(socket.recv(), 3)
        except websockets.ConnectionClosed as closed:
            return closed.rcvd.code
        return None

    assert plain(own_stage, lambda socket: talk(socket, "user")) == 1000
    assert plain(own_stage, lambda socket: talk(socket, "heartbeats")) is None


def test_left_alone_a_silent_connection_lives_60_to_90_seconds():
    assert (VenueSettings().idle_seconds, IDLE_SECONDS) == (0, (60, 90))


def test_too_many_level2_products_are_refused_in_the_venues_words(own_stage):
    own_stage.direct("/settings", level2_max=2)

    async def talk(socket):
        await socket.send(ask("level2", "BTC-USD", "ETH-USD"))
        await frames(socket, 3)
        await socket.send(ask("level2", "SOL-USD"))
        while True:
            frame = json.loads(await asyncio.wait_for(socket.recv(), 5))
            if "channel" not in frame:
                return frame

    words = "too many L2 streams requested in a single session"
    assert plain(own_stage, talk) == {"type": "error", "message": words}
    assert VenueSettings().level2_max in range(16, 32)


@pytest.mark.parametrize(("body", "sent"), [("empty", ""), ("html", "<html>"), ("json", "rate_limit_exceeded")])
def test_a_429_has_the_body_that_is_switched_and_the_headers_are_in_lower_case(tmp_path, body, sent):
    rules = LimitRules(private_per_second=2, public_per_second=1, body=body, headers=True)
    with on_stage(tmp_path, limits=rules) as stage:
        client = stage.client(stage.key)
        client.rate_limit_headers = True
        answer = client.get_accounts().to_dict()
        assert (answer["rate_limit_limit"], answer["rate_limit_remaining"]) == ("2", "1")
        client.get_accounts()
        status, text = status_of(client.get_accounts)
        assert (status, text[: len(sent)] == sent or sent in text, bool(text)) == (429, True, bool(sent))
        public = stage.client()
        public.get_unix_time()
        assert status_of(public.get_unix_time)[0] == 429
        client.session.close()
        public.session.close()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"updates": "never"}, "updates is 'never'; wanted one of random, before, after"),
        ({"cancel_seconds": -1}, "cancel_seconds is -1; wanted a number from 0 to 31622400"),
        ({"maker_rate": "0.01"}, "maker_rate is 0.01 and taker_rate 0.006; wanted maker_rate <= taker_rate: a hold"),
        ({"cancel_seconds": "soon"}, "cancel_seconds: wanted a number, got 'soon'"),
        ({"cancel_seconds": None}, "cancel_seconds: wanted a number, got None"),
        ({"duplicates_refused": "yes"}, "duplicates_refused: wanted true or false, got 'yes'"),
        ({"taker_rate": "much"}, "taker_rate: wanted a number, got 'much'"),
        ({"cancel_second": 1}, "unknown: cancel_second, did you mean cancel_seconds?"),
        ({"price_protection": "-1"}, "settings: price_protection is -1; wanted a number from 0 to 1"),
        ({"pending_seconds": 10**400}, "wanted a number from 0 to 31622400"),
        ({"fails_with": "no such word"}, "wanted a reject reason such as HOLD_FAILURE"),
    ],
)
def test_a_wrong_setting_is_a_sentence_and_changes_nothing(stage, wrong, words):
    before = stage.see("/")["settings"]
    answer = stage._admin.post("/settings", json=wrong)

    assert (answer.status_code, words in answer.json()["error"]) == (400, True), answer.text
    assert stage.see("/")["settings"] == before


@pytest.mark.parametrize(
    ("path", "asked", "words"),
    [
        (
            "/clock",
            {"step_seconds": -1},
            "step_seconds is -1; wanted a number from 0 to 31622400; time does not go back",
        ),
        ("/clock", {"speed": "fast"}, "speed: wanted a number, got 'fast'"),
        ("/clock", {"step_second": 5}, "did you mean step_seconds?"),
        ("/clock", [5], "wanted a JSON object"),
        ("/deposit", {"currency": "USD"}, "wanted: amount"),
        ("/deposit", {"currency": "USD", "amount": "-1e12"}, "USD are available to be taken out"),
        ("/restate", {"price": "1"}, "wanted: entry_id"),
        ("/restate", {"entry_id": "nobody"}, "no fill has entry id nobody"),
        ("/restart", {"down_seconds": -1}, "time does not go back"),
        ("/listings", {"product_id": "BTC-USD", "cancel_onli": True}, "did you mean cancel_only?"),
        ("/listings", {"product_id": "NO-USD", "cancel_only": True}, "NO-USD not supported"),
        ("/listings", {"product_id": "BTC-USD", "base": "ETH"}, "unknown: base"),
        (
            "/listings",
            {"product_id": "BTC-USD", "base_increment": "0"},
            "BTC-USD: base_increment is 0; wanted a number",
        ),
        ("/listings", {"product_id": "BTC-USD", "price_increment": "-0.01"}, "price_increment is -0.01; wanted"),
        ("/listings", {"product_id": "BTC-USD", "quote_increment": "1e-99"}, "from 0.0000000000000001 to 1000000"),
        ("/listings", {"product_id": "BTC-USD", "base_increment": "NaN"}, "base_increment: wanted a number, got 'NaN'"),
        ("/listings", {"product_id": "BTC-USD", "base_min_size": "5", "base_max_size": "2"}, "else no size is right"),
        ("/listings", {"product_id": "BTC-USD", "quote_min_size": "1e9"}, "wanted quote_min_size <= quote_max_size"),
        ("/listings", {"product_id": "BTC-USD", "quote_min_size": "0"}, "quote_min_size is 0; wanted a number above 0"),
        (
            "/listings",
            {"product_id": "BTC-USD", "status": "onlin"},
            "wanted one of online, offline, internal, delisted",
        ),
        (
            "/listings",
            {"product_id": "BTC-USD", "spread_bps": "-1"},
            "spread_bps is -1; wanted a number from 0 to 5000",
        ),
        ("/clock", {"speed": 1e30}, "speed is 1e+30; wanted a number from 0 to 100000"),
        ("/clock", {"step_seconds": 1e12}, "no more than a year at once"),
        ("/deposit", {"currency": "USD", "amount": "1e90"}, "amount is 1E+90; wanted a number from -1"),
        ("/deposit", {"currency": "USD", "amount": "1e-19"}, "wanted at most 18 decimals"),
        ("/deposit", {"currency": "dollars", "amount": "1"}, "wanted a currency such as USD"),
        ("/limits", {"private_per_second": 0}, "private_per_second is 0; wanted a number above 0"),
        ("/limits", {"body": "xml"}, "body is 'xml'; wanted one of empty, html, json"),
        ("/tokens", {"algorithms": ["RS256"]}, "wanted one of ES256, EdDSA"),
        ("/tokens", {"clock_skew_seconds": 1e300}, "clock_skew_seconds is 1e+300; wanted a number from -31622400"),
        ("/faults", {}, "wanted: faults"),
        ("/streams", {"kind": "clse"}, "did you mean close?"),
        ("/limits", {"private_per_second": "lots"}, "private_per_second: wanted a number"),
        ("/tokens", {"algorithms": "ES256"}, "algorithms: wanted a list"),
    ],
)
def test_the_desk_tells_what_is_wrong_and_does_nothing(stage, path, asked, words):
    before = {**stage.see("/"), "now": None, "requests": None}
    answer = stage._admin.post(path, json=asked)

    assert 400 <= answer.status_code < 500, answer.text
    assert words in answer.text.replace('\\"', '"')
    assert {**stage.see("/"), "now": None, "requests": None} == before


def test_settings_cannot_be_made_wrong_in_python_either():
    with pytest.raises(BadSettings, match="waits_as"):
        VenueSettings(waits_as="WAITING")


def test_every_number_that_can_be_set_has_its_bounds():
    """Else one value could stop the venue's arithmetic for good."""
    for rules in (VenueSettings(), LimitRules(block_after_errors=1), TokenRules(), listing_of(PRODUCT)):
        numbers = {name for name, value in values_of(rules).items() if type(value) in (int, float, Decimal)}
        assert numbers - {"seed"} <= set(RANGES)


@pytest.mark.parametrize("name", sorted(RANGES))
def test_a_number_beyond_its_bounds_is_refused_and_the_bounds_are_taken(name):
    bounds = RANGES[name]
    for value in (bounds.high, bounds.low if bounds.low_too else bounds.low + 1):
        assert list(mistakes({name: value})) == []
    for value in (bounds.low - 1, bounds.high + 1, float("nan"), float("inf"), *([] if bounds.low_too else [0])):
        assert [f"{name} is " in words for words in mistakes({name: value})] == [True]


def test_only_errors_close_together_shut_the_door():
    now = [0.0]
    rules = LimitRules(block_after_errors=3, block_window_seconds=10, block_seconds=5)
    limits = Limits(rules, lambda: now[0])

    def shut(times):
        for now[0] in times:
            limits.count_error()
        return limits.blocked()

    assert shut([0, 8, 16]) is False
    assert shut([17]) is True
    now[0] = 22
    assert limits.blocked() is False
