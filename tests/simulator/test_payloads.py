"""
Recorded payloads both ways: what the simulator sends has their fields and types, what was sent to the venue it takes.

The recordings lie outside the repository, under $TRADER_TEST_DATA; without them there is nothing to compare with.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import websockets
from coinbase.jwt_generator import build_ws_jwt
from requests.exceptions import HTTPError

from tests.simulator.conftest import on_stage
from tests.simulator.shapes import differences
from trader.simulator.depth import Level
from trader.simulator.keys import VIEW, new_key
from trader.simulator.limits import LimitRules
from trader.simulator.matching import take_quote

DATA = Path(os.environ.get("TRADER_TEST_DATA", "")) / "coinbase_payloads"
pytestmark = pytest.mark.skipif(
    not (os.environ.get("TRADER_TEST_DATA") and DATA.is_dir()),
    reason="no recorded payloads: set TRADER_TEST_DATA to a folder with coinbase_payloads",
)
NAUTILUS = "nautilus_trader/crates__adapters__coinbase__test_data__"


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    """One answer of the simulator for each endpoint, as JSON."""
    with on_stage(tmp_path_factory.mktemp("payloads")) as stage:
        sdk = stage.sdk
        filled = sdk.market_order_buy("filled", "BTC-USD", quote_size="20").to_dict()["success_response"]["order_id"]
        resting = stage.limit_buy("open").to_dict()["success_response"]["order_id"]
        now = int(stage.venue.now.timestamp())
        yield {
            "accounts": sdk.get("/api/v3/brokerage/accounts"),
            "time": sdk.get("/api/v3/brokerage/time"),
            "product": sdk.get("/api/v3/brokerage/market/products/BTC-USD"),
            "products": sdk.get("/api/v3/brokerage/products"),
            "book": sdk.get("/api/v3/brokerage/product_book", params={"product_id": "BTC-USD"}),
            "ticker": sdk.get("/api/v3/brokerage/products/BTC-USD/ticker", params={"limit": 3}),
            "candles": sdk.get(
                "/api/v3/brokerage/products/BTC-USD/candles",
                params={"start": str(now - 600), "end": str(now), "granularity": "ONE_MINUTE"},
            ),
            "orders": sdk.get("/api/v3/brokerage/orders/historical/batch"),
            "order": sdk.get(f"/api/v3/brokerage/orders/historical/{filled}"),
            "resting": sdk.get(f"/api/v3/brokerage/orders/historical/{resting}"),
            "fills": sdk.get("/api/v3/brokerage/orders/historical/fills"),
            "refused": sdk.limit_order_gtc_buy("no", "BTC-USD", "900", "50000.00").to_dict(),
        }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recording", "answer"),
    [
        ("live_ws_2026/rest_accounts_2026-09-30.json", "accounts"),
        ("live_ws_2026/rest_list_orders_empty_2026-09-30.json", "orders"),
        ("live_ws_2026/rest_market_product_BTC-USD_2026-09-30.json", "product"),
        ("live_ws_2026/rest_time_2026-09-30.json", "time"),
        (f"{NAUTILUS}http_accounts.json", "accounts"),
        (f"{NAUTILUS}http_candles.json", "candles"),
        (f"{NAUTILUS}http_fills.json", "fills"),
        (f"{NAUTILUS}http_order.json", "resting"),
        (f"{NAUTILUS}http_orders_list.json", "orders"),
        (f"{NAUTILUS}http_product.json", "product"),
        (f"{NAUTILUS}http_products.json", "products"),
        (f"{NAUTILUS}http_product_book.json", "book"),
        (f"{NAUTILUS}http_ticker.json", "ticker"),
        ("ccxt/fetchMyTrades_fills.json", "fills"),
        ("ccxt/fetchTicker_products_ticker.json", "ticker"),
    ],
)
def test_the_answer_has_every_recorded_field_in_its_type(sent, recording, answer):
    recorded = json.loads((DATA / recording).read_text())

    assert differences(recorded, sent[answer], answer) == []


@pytest.mark.parametrize("name", ["market_buy_quote_2024-12-05", "market_buy_quote_internal_error_msg_2023-08-04"])
def test_an_order_by_quote_looks_like_the_recorded_ones(sent, name):
    recorded = json.loads((DATA / f"real_orders/{name}.json").read_text())

    assert differences(recorded, sent["order"]["order"], "order") == []


def test_other_recorded_orders_have_no_field_that_is_not_sent(sent):
    rows = json.loads((DATA / "real_orders/market_orders_zero_fee_gbp_2023.json").read_text())
    cycle = json.loads((DATA / "real_orders/lifecycle_2023-02_numbers_were_parsed_by_author.json").read_text())
    mine = sent["order"]["order"]

    for row in rows:
        row.pop("order_configuration")
        assert differences(row, mine, "order") == []
    names = {name for row in cycle.values() if isinstance(row, dict) for name in row}
    assert names - set(mine) == set()


def quote_orders():
    """Purchases by quote as they were recorded, each with what it spent and got."""
    rows = [json.loads(path.read_text()) for path in sorted((DATA / "real_orders").glob("market_buy_quote_*.json"))]
    rows += json.loads((DATA / "real_orders/market_orders_zero_fee_gbp_2023.json").read_text())
    return [row for row in rows if row["size_in_quote"]]


def test_the_arithmetic_of_recorded_purchases_by_quote_comes_out_to_the_last_digit():
    """The rate is what the recording says was paid; the price is its average, off by its own rounding."""
    rows = quote_orders()
    for row in rows:
        spent, value, fees = (Decimal(row[name]) for name in ("total_value_after_fees", "filled_value", "total_fees"))
        rate = (fees / value).quantize(Decimal("0.0001"))
        price = Decimal(row["average_filled_price"]).quantize(Decimal("0.0001"))
        parts = take_quote([Level(price, Decimal(10**9))], spent, price, rate)

        assert sum(part.quote + part.fee for part in parts) == spent == value + fees
        assert sum(part.quote for part in parts) == value
        assert sum(part.fee for part in parts) == fees
        assert len(parts) >= 2
        off = abs(sum(part.base for part in parts) - Decimal(row["filled_size"]))
        assert off <= Decimal("1e-16") * (len(parts) + int(row["number_of_fills"]))
    assert len(rows) >= 3


def listed(product_id):
    """The product here that stands for the one of the recording: ours are paid in USD."""
    return f"{product_id.partition('-')[0]}-USD"


@pytest.mark.slow
def test_every_recorded_request_is_taken(tmp_path):
    """ccxt's requests, as it sends them: none is a bad request, an order's refusal is the venue's own."""
    taken = set()
    with on_stage(tmp_path, deposits={"USD": Decimal(100_000), "ADA": Decimal(1000)}) as stage:
        ids = {}
        for row in json.loads((DATA / "ccxt/requests.json").read_text()):
            url, body = urlsplit(row["url"]), row.get("body")
            path = url.path.replace("ADA-USDT", "ADA-USD").replace("BTC-USDT", "BTC-USD")
            if body is None:
                query = {name: [listed(v) if name == "product_ids" else v for v in values]
                         for name, values in parse_qs(url.query).items()}  # fmt: skip
                answer = stage.sdk.get(path, params=query)
            else:
                if "product_id" in body:
                    body["product_id"] = listed(body["product_id"])
                ids.setdefault("open", stage.limit_buy("stands in").to_dict()["success_response"]["order_id"])
                body = json.loads(json.dumps(body).replace("9fd0cadc-2ccc-45e8-b254-ea511c34e5b2", ids["open"]))
                answer = stage.sdk.post(path, data=body)
            refused = answer.get("error_response", {}).get("error", "") if isinstance(answer, dict) else "no object"
            assert refused in ("", "UNKNOWN_FAILURE_REASON", "INVALID_LIMIT_PRICE_POST_ONLY"), (row["op"], answer)
            taken.add(row["op"])
        assert stage.see("/")["audit"] == []
    assert len(taken) == 13


def recorded_errors():
    rows = json.loads((DATA / "errors/rest_error_bodies.json").read_text()) if DATA.is_dir() else []
    return [row for row in rows if row["status"] not in (200, "grpc-gateway default")]


@pytest.mark.slow
@pytest.mark.parametrize("row", recorded_errors(), ids=lambda row: f"{row['status']} {str(row['body'])[:40]}")
def test_every_recorded_error_is_sent_in_its_words(stage, tmp_path, row):
    """Provoked where the venue gives it by itself, else by a fault: 5xx are nobody's doing."""
    status, text = provoked(stage, tmp_path, row)
    body = row["body"]

    assert status == row["status"]
    if isinstance(body, dict):
        sent = json.loads(text)
        assert set(body) == set(sent)
        if body.get("message") not in ("...", "Product X not supported"):
            assert sent == body
    else:
        assert text.startswith(body.partition("<uuid>")[0].partition("...")[0])


def provoked(stage, folder, row):
    body, status = row["body"], row["status"]
    words = (body.get("message") or body["errors"][0]["message"]) if isinstance(body, dict) else body
    private = stage.sdk
    if status == 429:
        rules = LimitRules(private_per_second=1, body="json" if body else "empty")
        with on_stage(folder, limits=rules) as slow:
            slow.sdk.get_accounts()
            return failed(slow.sdk.get_accounts)
    if "scopes" in words:
        with on_stage(folder, key=new_key(scopes=frozenset({VIEW}))) as reader:
            return failed(lambda: reader.limit_buy("no"))
    faults = {"Too many errors": ("blocked", {}), "<html>... 502 Bad Gateway ...</html>": ("status_before", {
        "status": 502, "body": "<html><h1>502 Bad Gateway</h1></html>"}), "go/sg/<uuid>": ("status_before", {
        "status": 503, "body": "go/sg/0000"})}  # fmt: skip
    if words in faults:
        kind, more = faults[words]
        stage.fault(kind, "accounts", times=1, **more)
        return failed(private.get_accounts)
    now = int(stage.venue.now.timestamp())
    calls = {
        "Unauthorized\n": lambda: stage.client(new_key()).get_accounts(),
        "account is not available": lambda: wallet_missing(stage),
        "ProductID is invalid": lambda: private.get_product_book("NO-USD"),
        "start and end argument is invalid - number of candles requested should be less than 350 ": lambda:
            private.get_candles("BTC-USD", str(now - 400 * 60), str(now), "ONE_MINUTE"),
        "proto: (line 1:16): invalid value for string field orderIds: null": lambda: private.post(
            "/api/v3/brokerage/orders/batch_cancel", data={"order_ids": None}),
        "order with this orderID was not found": lambda: private.get_order("nobody"),
        "Product X not supported": lambda: stage.client().get_public_product("X"),
        "...": lambda: private.get_market_trades("BTC-USD", limit=1001),
    }  # fmt: skip
    return failed(calls[words])


def wallet_missing(stage):
    eur = replace(stage.venue.listings["BTC-USD"], product_id="BTC-EUR", quote="EUR", alias="BTC-USD")
    stage.venue.listings["BTC-EUR"] = eur
    try:
        stage.sdk.market_order_buy("no wallet", "BTC-EUR", quote_size="10")
    finally:
        del stage.venue.listings["BTC-EUR"]


def failed(call):
    with pytest.raises(HTTPError) as caught:
        call()
    return caught.value.response.status_code, caught.value.response.text


OUTSIDE_SPOT = {"http_cfm_balance_summary.json", "http_cfm_position.json", "http_cfm_positions.json"}
OUTSIDE_SPOT |= {"http_products_future.json"}


def test_no_recording_is_left_unread():
    """By name in this file, by pattern, or outside spot: a new recording must be put to use."""
    text = Path(__file__).read_text(encoding="utf-8")
    for path in sorted(row for row in DATA.rglob("*.json*")):
        name = path.name.rpartition("test_data__")[2]
        by_pattern = name.startswith(("ws_", "market_buy_quote_")) or name.endswith(".jsonl")
        assert by_pattern or name in text or name in OUTSIDE_SPOT, f"{path}: no test reads it"


def test_a_list_of_orders_looks_like_the_recorded_one(sent):
    recorded = json.loads((DATA / "ccxt/fetchClosedOrders_list_orders.json").read_text())
    recorded["orders"][0].pop("order_configuration")

    assert differences(recorded, sent["orders"], "orders") == []


def test_a_refusal_looks_like_the_recorded_one(sent):
    rows = json.loads((DATA / "errors/rest_error_bodies.json").read_text())
    recorded = next(row["body"] for row in rows if row.get("note") == "create order refusal")
    del recorded["order_configuration"]  # an echo: written as its caller wrote it

    assert differences(recorded, sent["refused"], "refused") == []


def spoken(stage):
    """Channel and kind of event to a frame of the simulator."""
    token = build_ws_jwt(stage.key.name, stage.key.secret)
    context = ssl.create_default_context(cafile=str(stage.simulator.papers.ca_file))

    async def talk():
        found = {}
        async with websockets.connect(f"wss://{stage.simulator.base_url}/", ssl=context) as socket:
            for channel in ("ticker", "level2", "market_trades", "candles", "user", "heartbeats"):
                asked = {"type": "subscribe", "channel": channel, "product_ids": ["BTC-USD"], "jwt": token}
                await socket.send(json.dumps(asked))
            while "heartbeats" not in {channel for channel, _ in found}:
                frame = json.loads(await asyncio.wait_for(socket.recv(), 5))
                found.setdefault((frame["channel"], frame["events"][0].get("type")), frame)
        return found

    return asyncio.run(talk())


def recorded_frames():
    live = [line for path in sorted((DATA / "live_ws_2026").glob("*.jsonl")) for line in path.read_text().splitlines()]
    texts = live + [path.read_text() for path in sorted((DATA / "nautilus_trader").glob("*__ws_*.json"))]
    return [frame for frame in map(json.loads, texts) if "channel" in frame]


@pytest.mark.slow
def test_frames_look_like_the_recorded_ones(tmp_path):
    with on_stage(tmp_path) as stage:
        stage.limit_buy("seen on the stream")
        mine = spoken(stage)
    compared = set()
    for frame in recorded_frames():
        channel, kind = frame["channel"], frame["events"][0].get("type")
        if channel == "subscriptions":
            continue
        frame.pop("client_id", None)
        sent = mine.get((channel, kind)) or next(mine[key] for key in mine if key[0] == channel)
        assert differences(frame, sent, f"{channel} {kind}") == []
        compared.add(channel)
    assert compared == {"ticker", "heartbeats", "market_trades", "l2_data", "user", "candles"}


@pytest.mark.slow
def test_the_comparison_sees_what_is_missing_and_what_is_of_another_type():
    assert differences({"a": "1", "b": 2}, {"a": 1}) == [".b: missing", ".a: int, recorded str"]


def test_the_comparison_looks_at_every_row():
    fine, short = {"a": "1", "b": "2"}, {"a": "1"}
    assert differences([fine], [fine, fine, short], "x") == ["x[2].b: missing"]
    assert differences([short, fine], [short], "x") == ["x[0].b: missing"]
    assert differences([short, fine], [fine, short], "x") == []


@pytest.mark.parametrize(
    ("recorded", "sent", "same"),
    [
        ("0.01", "1", True),
        ("1", "1E+3", False),
        ("0.5", ".5", False),
        ("7", "007", False),
        ("1", "+1", False),
        ("1", "NaN", False),
        ("2026-01-05T12:00:00Z", "2026-01-05T12:00:00.123456Z", True),
        ("2026-01-05T12:00:00Z", "2026-01-05T12:00:00+00:00", False),
        ("2026-01-05T12:00:00Z", "1767614400", False),
        ("online", "1", False),
        ("", "1", True),
    ],
)
def test_the_comparison_sees_how_numbers_and_times_are_written(recorded, sent, same):
    assert (differences({"a": recorded}, {"a": sent}) == []) is same
