"""The SDK's own WebSocket clients, and a plain one for what they would hide."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from contextlib import contextmanager

import pytest
import websockets
from coinbase.jwt_generator import build_ws_jwt
from coinbase.websocket import WSClient, WSUserClient

from tests.simulator.conftest import on_stage

pytestmark = pytest.mark.slow

BTC = "BTC-USD"


def until(condition, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


@contextmanager
def sdk_stream(stage, kind=WSClient, **options):
    """The SDK's client, and the list of frames it was given."""
    heard = []
    url = f"wss://{stage.simulator.base_url}/"
    client = kind(
        api_key=stage.key.name, api_secret=stage.key.secret, base_url=url, timeout=5,
        on_message=lambda text: heard.append(json.loads(text)), **options,
    )  # fmt: skip
    client.open()
    try:
        yield client, heard
    finally:
        client.close()


def plain(stage, talk):
    """Run *talk(socket)* on a connection of our own."""
    context = ssl.create_default_context(cafile=str(stage.simulator.papers.ca_file))

    async def run():
        async with websockets.connect(f"wss://{stage.simulator.base_url}/", ssl=context) as socket:
            return await talk(socket)

    return asyncio.run(asyncio.wait_for(run(), 15))


def ask(channel, *products, kind="subscribe", **more):
    return json.dumps({"type": kind, "channel": channel, "product_ids": list(products), **more})


async def frames(socket, count):
    return [json.loads(await asyncio.wait_for(socket.recv(), 3)) for _ in range(count)]


async def silence(socket, seconds):
    """Hears until there was nothing for so long."""
    while True:
        await asyncio.wait_for(socket.recv(), seconds)


def test_the_sdk_hears_market_data_and_heartbeats(stage):
    with sdk_stream(stage) as (client, heard):
        client.ticker([BTC, "NO-USD"])
        client.level2([BTC])
        client.market_trades([BTC])
        client.candles([BTC])
        client.heartbeats()
        until(lambda: sum(row["channel"] == "heartbeats" for row in heard) >= 2)
    channels = [row["channel"] for row in heard]
    assert channels[:2] == ["ticker", "subscriptions"]
    assert {"l2_data", "market_trades", "candles"} <= set(channels)
    assert [row["sequence_num"] for row in heard] == list(range(len(heard)))
    assert all("client_id" not in row for row in heard)
    sets = [row["events"][0]["subscriptions"] for row in heard if row["channel"] == "subscriptions"]
    assert sets[0] == {"ticker": [BTC]}
    assert sets[-1]["heartbeats"] == ["heartbeats"]
    beats = [row["events"][0]["heartbeat_counter"] for row in heard if row["channel"] == "heartbeats"]
    assert beats == list(range(beats[0], beats[0] + len(beats)))


def test_the_book_on_the_stream_is_the_book_of_rest(stage):
    with sdk_stream(stage) as (client, heard):
        client.level2([BTC])
        until(lambda: heard)
        rows = heard[0]["events"][0]["updates"]
    bids = [float(row["price_level"]) for row in rows if row["side"] == "bid"]
    offers = [float(row["price_level"]) for row in rows if row["side"] == "offer"]
    assert bids == sorted(bids, reverse=True)
    assert offers == sorted(offers)
    assert rows[0]["side"] == "bid"
    assert rows[-1]["side"] == "offer"
    assert bids[0] < offers[0]


def test_the_user_hears_of_his_orders_cumulatively(stage):
    with sdk_stream(stage, WSUserClient) as (client, heard):
        client.user([BTC])
        until(lambda: len(heard) >= 2)
        assert heard[0]["events"][0]["type"] == "snapshot"
        made = stage.limit_buy("heard").to_dict()["success_response"]["order_id"]
        stage.sdk.cancel_orders([made])

        def told():
            updates = [row for frame in heard for row in frame["events"] if row.get("type") == "update"]
            return [order["status"] for row in updates for order in row["orders"] if order["order_id"] == made]

        until(lambda: told()[-1:] == ["CANCELLED"])
    assert set(heard[0]["events"][0]["positions"]) == {
        "perpetual_futures_positions", "expiring_futures_positions", "prediction_market_positions",
    }  # fmt: skip


def test_working_orders_come_in_batches_of_fifty(stage):
    for number in range(60):
        stage.limit_buy(f"batch-{number}", size="0.0001", below=0.5)

    async def talk(socket):
        await socket.send(ask("user", jwt=build_ws_jwt(stage.key.name, stage.key.secret)))
        found = []
        while not found or found[-1]["channel"] != "subscriptions":
            found += await frames(socket, 1)
        return [len(frame["events"][0]["orders"]) for frame in found[:-1]]

    batches = plain(stage, talk)
    assert batches[0] == 50
    assert len(batches) == 2


@pytest.mark.parametrize(
    "message",
    [
        ask("user"),
        ask("user", jwt="nonsense"),
        ask("ticker", BTC, jwt="nonsense"),
        ask("tickers", BTC),
        ask("ticker", BTC, kind="shout"),
    ],
)
def test_a_wrong_message_gets_an_error_frame_without_a_channel(stage, message):
    async def talk(socket):
        await socket.send(message)
        return await frames(socket, 1)

    assert plain(stage, talk) == [{"type": "error", "message": "authentication failure"}]


def test_nothing_left_is_an_empty_set(stage):
    async def talk(socket):
        await socket.send(ask("ticker", BTC))
        await frames(socket, 2)
        await socket.send(ask("ticker", BTC, kind="unsubscribe"))
        found = await frames(socket, 1)
        while found[-1]["channel"] != "subscriptions":
            found += await frames(socket, 1)
        return found[-1]["events"]

    assert plain(stage, talk) == [{"subscriptions": {}}]


def test_a_client_id_can_be_switched_on(stage):
    stage.direct("/streams", client_id=True)

    async def talk(socket):
        await socket.send(ask("heartbeats"))
        return await frames(socket, 1)

    assert plain(stage, talk)[0]["client_id"] == ""
    stage.direct("/streams", client_id=False)


@pytest.mark.parametrize(
    ("kind", "sequences"),
    [("gap", [0, 2, 3, 4]), ("repeat", [0, 1, 1, 2]), ("swap", [0, 2, 1, 3])],
)
def test_sequences_go_wrong_when_told(stage, kind, sequences):
    stage.fault(kind, "ws_heartbeats", calls=[1])

    async def talk(socket):
        await socket.send(ask("heartbeats"))
        return [row["sequence_num"] for row in await frames(socket, 4)]

    assert plain(stage, talk) == sequences


@pytest.mark.parametrize("status", [1000, 1001, 1011, 1006])
@pytest.mark.parametrize("when", ["idle", "after a frame"])
def test_a_connection_is_closed_as_told(stage, status, when):
    if when == "after a frame":
        stage.fault("close", "ws_heartbeats", calls=[1], status=status)

    async def talk(socket):
        await socket.send(ask("heartbeats"))
        await frames(socket, 1)
        if when == "idle":
            await asyncio.to_thread(stage.direct, "/streams", kind="close", status=status)
        with pytest.raises(websockets.ConnectionClosed) as caught:
            await frames(socket, 9)
        return caught.value.rcvd.code if caught.value.rcvd else 1006

    assert plain(stage, talk) == status


def test_a_stalled_connection_stays_open_and_silent(stage):
    async def talk(socket):
        await socket.send(ask("heartbeats"))
        await frames(socket, 2)
        await asyncio.to_thread(stage.direct, "/streams", kind="stall")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(silence(socket, 1.5), 4)
        return socket.open

    assert plain(stage, talk) is True


def test_an_oversize_frame_is_sent(stage):
    stage.fault("oversize", "ws_heartbeats", calls=[1], size_bytes=2_000_000)

    async def talk(socket):
        await socket.send(ask("heartbeats"))
        with pytest.raises(websockets.ConnectionClosed) as caught:
            await frames(socket, 9)
        return caught.value.sent.code

    assert plain(stage, talk) == 1009


def test_heartbeats_count_by_one_also_when_the_venue_s_time_runs_away(tmp_path):
    with on_stage(tmp_path, speed=600.0) as fast:

        async def talk(socket):
            await socket.send(ask("heartbeats"))
            return [row["events"][0]["heartbeat_counter"] for row in (await frames(socket, 4))[1:]]

        beats = plain(fast, talk)
    assert beats == list(range(beats[0], beats[0] + 3))


def test_who_does_not_subscribe_is_put_out(stage, monkeypatch):
    stage.direct("/settings", first_subscribe_seconds=0.2)

    async def talk(socket):
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()
        return True

    assert plain(stage, talk)


def test_the_sdk_subscribes_again_after_a_reset(stage):
    with sdk_stream(stage) as (client, heard):
        client.ticker([BTC])
        until(lambda: len(heard) >= 2)
        time.sleep(0.2)
        stage.direct("/streams", kind="close", status=1006)
        until(lambda: sum(row["channel"] == "subscriptions" for row in heard) >= 2)
    assert [row["sequence_num"] for row in heard].count(0) == 2
