"""
What the simulator sends has the fields and the types of what was recorded from the venue.

The recordings lie outside the repository, under $TRADER_TEST_DATA; without them there is nothing to compare with.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from pathlib import Path

import pytest
import websockets
from coinbase.jwt_generator import build_ws_jwt

from tests.simulator.conftest import on_stage

DATA = Path(os.environ.get("TRADER_TEST_DATA", "")) / "coinbase_payloads"
pytestmark = pytest.mark.skipif(
    not (os.environ.get("TRADER_TEST_DATA") and DATA.is_dir()),
    reason="no recorded payloads: set TRADER_TEST_DATA to a folder with coinbase_payloads",
)
NAUTILUS = "nautilus_trader/crates__adapters__coinbase__test_data__"
LEFT_OUT = {"cursor", "note"}
"""A page's cursor was repeated in each row until 2023; `note` is a remark of who collected."""


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    """One answer of the simulator for each endpoint, as JSON."""
    with on_stage(tmp_path_factory.mktemp("payloads")) as stage:
        sdk = stage.sdk
        filled = sdk.market_order_buy("filled", "BTC-USD", quote_size="20").to_dict()["success_response"]["order_id"]
        stage.limit_buy("open")
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
            "fills": sdk.get("/api/v3/brokerage/orders/historical/fills"),
            "refused": sdk.limit_order_gtc_buy("no", "BTC-USD", "900", "50000.00").to_dict(),
        }


def differences(recorded, sent, where=""):
    """Fields that are missing, or of another type; null may stand for anything, an empty list too."""
    if recorded is None or sent is None:
        return []
    if isinstance(recorded, dict):
        if not isinstance(sent, dict):
            return [f"{where}: {type(sent).__name__}, recorded an object"]
        gone = [f"{where}.{name}: missing" for name in recorded if name not in sent and name not in LEFT_OUT]
        both = [name for name in recorded if name in sent]
        return gone + [line for name in both for line in differences(recorded[name], sent[name], f"{where}.{name}")]
    if isinstance(recorded, list):
        if not isinstance(sent, list):
            return [f"{where}: {type(sent).__name__}, recorded a list"]
        return [line for row in recorded[:1] for mine in sent[:1] for line in differences(row, mine, f"{where}[]")]
    same = type(recorded) is type(sent)
    return [] if same else [f"{where}: {type(sent).__name__}, recorded {type(recorded).__name__}"]


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


def test_a_list_of_orders_looks_like_the_recorded_one(sent):
    recorded = json.loads((DATA / "ccxt/fetchClosedOrders_list_orders.json").read_text())
    recorded["orders"][0].pop("order_configuration")

    assert differences(recorded, sent["orders"], "orders") == []


def test_a_refusal_looks_like_the_recorded_one(sent):
    rows = json.loads((DATA / "errors/rest_error_bodies.json").read_text())
    recorded = next(row["body"] for row in rows if row.get("note") == "create order refusal")

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


def test_the_comparison_sees_what_is_missing_and_what_is_of_another_type():
    assert differences({"a": "1", "b": 2}, {"a": 1}) == [".b: missing", ".a: int, recorded str"]
