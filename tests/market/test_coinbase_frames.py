"""Frames of every shape, the book made of them, and a real recording through the very parser."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.market.coinbase_answers import ProductList
from trader.market.coinbase_book import TopBook
from trader.market.coinbase_frames import (
    BadFrame,
    Beat,
    BookChange,
    Complaint,
    OrderTold,
    ProductTold,
    Subscribed,
    TopOfBook,
    Trade,
    parse,
)
from trader.market.coinbase_streams import Streams

NOON = datetime(2026, 9, 30, 12, tzinfo=UTC)
BTC = "BTC-USD"


def frame(channel, sequence=0, second=0.0, client_id=None, **row):
    envelope = {"channel": channel, "timestamp": f"{(NOON + timedelta(seconds=second)):%Y-%m-%dT%H:%M:%S.%f}123Z"}
    envelope |= {} if client_id is None else {"client_id": client_id}
    return json.dumps(envelope | {"sequence_num": sequence, "events": [row]})


def ticker(bid="99", ask="101", **more):
    return frame("ticker", type="update", tickers=[{"product_id": BTC, "best_bid": bid, "best_ask": ask}], **more)


def levels(*rows, kind="update", **more):
    updates = [{"side": side, "price_level": price, "new_quantity": size} for side, price, size in rows]
    return frame("l2_data", type=kind, product_id=BTC, updates=updates, **more)


def traded(at=0.0, trade_id="1", price="100", **more):
    time = f"{NOON + timedelta(seconds=at):%Y-%m-%dT%H:%M:%S.%fZ}"
    row = {"product_id": BTC, "trade_id": trade_id, "price": price, "size": "1", "time": time, "side": "BUY"}
    return frame("market_trades", type="update", trades=[row], **more)


@pytest.mark.parametrize("client_id", [None, "", "a-client"])
def test_the_envelope_may_have_a_client_id_or_not(client_id):
    found = parse(ticker(client_id=client_id, sequence=7))

    assert (found.channel, found.sequence) == ("ticker", 7)
    assert found.time == NOON + timedelta(microseconds=0)
    assert found.events == (TopOfBook(BTC, Decimal(99), Decimal(101)),)


@pytest.mark.parametrize(
    ("text", "event"),
    [
        pytest.param(levels(("bid", "1", "2"), ("offer", "3", "0")),
                     BookChange(BTC, False, ((True, "1", "2"), (False, "3", "0"))), id="level2"),
        pytest.param(traded(), Trade(BTC, "1", Decimal(100), Decimal(1), NOON), id="trade"),
        pytest.param(frame("heartbeats", heartbeat_counter=7), Beat(7), id="beat"),
        pytest.param(frame("heartbeats", heartbeat_counter="7"), Beat(7), id="beat as a word"),
        pytest.param(frame("subscriptions", subscriptions={"ticker": [BTC]}), Subscribed({"ticker": (BTC,)}), id="ack"),
        pytest.param(frame("subscriptions", subscriptions={}), Subscribed({}), id="nothing left"),
        pytest.param('{"type":"error","message":"failure to subscribe"}', Complaint("failure to subscribe"), id="no"),
        pytest.param(frame("status", type="snapshot", products=[{"id": BTC, "status": "online"}]),
                     ProductTold(BTC, "online"), id="status"),
        pytest.param(frame("user", type="update", orders=[{
            "order_id": "o", "client_order_id": "c", "product_id": BTC, "status": "OPEN",
            "cumulative_quantity": "0.5"}]),
            OrderTold("o", "c", BTC, "OPEN", Decimal("0.5")), id="user"),
    ],
)  # fmt: skip
def test_every_channel_is_understood(text, event):
    assert parse(text).events == (event,)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ticker(bid=""), id="no bid"),
        pytest.param(frame("ticker_batch", tickers=[{"product_id": BTC, "price": "1"}]), id="batch"),
        pytest.param(frame("user", type="snapshot", orders=[]), id="no orders"),
        pytest.param(frame("candles", type="update", candles=[]), id="a channel we do not read"),
    ],
)
def test_what_says_nothing_is_a_frame_without_events(text):
    assert parse(text).events == ()


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "{", "7", '{"channel": "ticker"}', frame("ticker", type="update"), ticker(bid="x"),
        frame("heartbeats"), ticker().replace("2026", "long ago"), traded(price="much"),
    ],
)  # fmt: skip
def test_a_frame_that_cannot_be_understood_says_so(text):
    with pytest.raises(BadFrame):
        parse(text)


@given(st.text() | st.binary() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_whatever_comes_is_a_frame_or_a_bad_frame(text):
    try:
        parse(text)
    except BadFrame:
        return


prices = st.integers(1, 12)
changes = st.lists(st.tuples(st.booleans(), prices, st.integers(0, 3)), max_size=30)


@given(changes, changes)
def test_the_best_prices_are_those_of_the_whole_book(snapshot, updates):
    book, bids, asks = TopBook(), {}, {}

    book.change(True, [(is_bid, str(price), str(size)) for is_bid, price, size in snapshot])
    for is_bid, price, size in snapshot:
        if size:
            (bids if is_bid else asks)[price] = size
    for is_bid, price, size in updates:
        book.change(False, [(is_bid, str(price), str(size))])
        (bids if is_bid else asks)[price] = size
        bids, asks = ({at: much for at, much in side.items() if much} for side in (bids, asks))

        assert (book.top() is not None) == bool(bids and asks)
        if bids and asks:
            assert book.top() == (max(bids), min(asks))


def test_a_book_says_nothing_before_its_snapshot():
    book = TopBook()
    book.change(False, [(True, "1", "1"), (False, "2", "1")])

    assert book.top() is None


def received(recording):
    raw = pa.CompressedInputStream(pa.OSFile(str(recording)), "zstd").read()
    return [json.loads(line) for line in raw.decode().splitlines()]


def test_the_recording_yields_the_stated_top_of_book(recording):
    stated = pd.read_parquet(recording.parent / "coinbase_tob_20260809.parquet")
    streams, found = Streams(["BTC-USD", "ETH-USD"]), []
    streams.opened("1", ["BTC-USD", "ETH-USD"])

    for row in received(recording):
        if row["t"] == "recv":
            told = parse(row["data"])
            assert streams.hear("1", told) == ""
            for event in told.events:
                if isinstance(event, BookChange):
                    quote = streams.quote(event.symbol)
                    found.append((event.symbol, float(quote.bid), float(quote.ask), quote.time))

    assert [row[:3] for row in found] == list(zip(stated["product"], stated["bid"], stated["ask"], strict=True))
    assert [row[3] for row in found] == [time.floor("us").to_pydatetime() for time in stated["msg_time"]]


def test_the_recordings_trades_are_all_there(recording):
    stated = pd.read_parquet(recording.parent / "coinbase_trades_20260809.parquet")
    found = [
        event
        for row in received(recording)
        if row["t"] == "recv"
        for event in parse(row["data"]).events
        if isinstance(event, Trade)
    ]

    assert {event.trade_id for event in found} == set(stated["trade_id"])
    assert len(found) == len(stated) == 279


def test_all_920_recorded_products_can_be_read(recording):
    body = next(row["data"] for row in received(recording) if row["t"] == "http")

    assert len(ProductList.model_validate_json(body).products) >= 900


@pytest.mark.parametrize(
    "name", ["market_data_2026-09-05", "market_data_2026-09-30_excerpt", "user_channel_2026-09-30"]
)
def test_recorded_frames_of_all_kinds_are_understood(payloads, name):
    lines = (payloads / f"live_ws_2026/{name}.jsonl").read_text(encoding="utf-8").splitlines()

    assert all(parse(line).events or parse(line).channel == "user" for line in lines)
