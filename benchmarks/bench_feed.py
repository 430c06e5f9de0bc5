"""How many messages of the exchange's streams are parsed and taken in a second, on one core."""

from __future__ import annotations

import json
import multiprocessing
import random
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from socket import create_server

from websockets.exceptions import WebSocketException
from websockets.sync.server import ServerConnection, serve

from trader.market.coinbase_feed import Feed, FeedSettings
from trader.market.coinbase_frames import parse
from trader.market.coinbase_streams import Streams

LIMIT_PER_SECOND = 5_000.0
ROUNDS, CONNECTIONS, MESSAGES, LEVELS = 7, 3, 20_000, 20_000
SYMBOLS = ("BTC-USD", "ETH-USD")
BEGIN = datetime(2026, 9, 30, 12, tzinfo=UTC)


def run() -> dict[str, object]:
    """Messages a second (median and worst of the rounds) in the mix of a recording, and how long a snapshot takes."""
    texts = list(messages(random.Random(7)))
    rates, snapshots = [], []
    for _ in range(ROUNDS):
        streams = Streams(SYMBOLS)
        streams.opened("1", SYMBOLS)
        began = time.perf_counter()
        for text in texts[: len(SYMBOLS)]:
            streams.hear("1", parse(text))
        opened = time.perf_counter()
        for text in texts[len(SYMBOLS) :]:
            assert streams.hear("1", parse(text)) == "", "the count has no hole"
        rates.append(MESSAGES / (time.perf_counter() - opened))
        snapshots.append((opened - began) / len(SYMBOLS))
    assert all(streams.quote(symbol) for symbol in SYMBOLS)
    worst = min(rates)
    through = [over_a_connection(texts) for _ in range(CONNECTIONS)]
    return {
        "messages_per_second_p50": round(statistics.median(rates)),
        "messages_per_second_worst": round(worst),
        "messages_per_second_over_a_connection_p50": round(statistics.median(through)),
        "snapshot_of_40000_levels_ms_p50": round(statistics.median(snapshots) * 1000),
        "targets": {
            "messages_per_second_worst": {
                "value": round(worst),
                "limit": LIMIT_PER_SECOND,
                "ok": worst >= LIMIT_PER_SECOND,
            }
        },
    }


def over_a_connection(texts: list[str]) -> float:
    """Messages a second through the whole feed, from a sender in another process (no TLS, loopback)."""
    begin = multiprocessing.get_context("fork")
    plug = create_server(("127.0.0.1", 0))
    sender = begin.Process(target=send, args=(plug, texts), daemon=True)
    sender.start()
    feed = Feed(SYMBOLS, FeedSettings(url=f"ws://127.0.0.1:{plug.getsockname()[1]}", channels=("ticker",)))
    began = time.perf_counter()
    feed.start()
    try:
        while not feed.streams.orders():
            assert not feed.notes, feed.notes
            time.sleep(0.005)
        return len(texts) / (time.perf_counter() - began)
    finally:
        feed.close()
        sender.terminate()
        sender.join()
        plug.close()


def send(plug: socket.socket, texts: list[str]) -> None:
    """Everything to whoever subscribes, and a word on an order at the end."""
    order = {"order_id": "last", "product_id": SYMBOLS[0], "status": "OPEN", "cumulative_quantity": "0"}

    def converse(connection: ServerConnection) -> None:
        connection.recv()
        for text in texts:
            connection.send(text)
        connection.send(message("user", len(texts), {"type": "snapshot", "orders": [order]}))
        with suppress(WebSocketException):
            connection.recv()

    with serve(converse, sock=plug) as server:
        server.serve_forever()


def messages(chance: random.Random) -> Iterator[str]:
    """Two snapshots of books, then what a recording of 25 seconds had: 76 % books, 16 % tickers, 6 % trades, beats."""
    for number, symbol in enumerate(SYMBOLS):
        rows = [row("bid", 60_000 - level, "1") for level in range(LEVELS)]
        rows += [row("offer", 60_001 + level, "1") for level in range(LEVELS)]
        yield message("l2_data", number, {"type": "snapshot", "product_id": symbol, "updates": rows})
    for number in range(len(SYMBOLS), len(SYMBOLS) + MESSAGES):
        symbol, price = chance.choice(SYMBOLS), 60_000 - int(chance.expovariate(0.2))
        kind = chance.choices(("l2_data", "ticker", "market_trades", "heartbeats"), (76, 16, 6, 2))[0]
        if kind == "l2_data":
            rows = [
                row(*chance.choice((("bid", price - n), ("offer", 120_001 - price + n))), chance.choice("0123"))
                for n in range(chance.choice((1, 2, 4, 12)))
            ]
            yield message(kind, number, {"type": "update", "product_id": symbol, "updates": rows})
        elif kind == "ticker":
            best = {"best_bid": f"{price}.01", "best_ask": f"{price}.02", "price": f"{price}", "volume_24_h": "2867.5"}
            tickers = [{"type": "ticker", "product_id": symbol, **best}]
            yield message(kind, number, {"type": "update", "tickers": tickers})
        elif kind == "market_trades":
            trade = {"trade_id": str(number), "price": f"{price}.01", "size": "0.01034361", "side": "SELL"}
            trades = [{"product_id": symbol, "time": stamp(number), **trade} for _ in range(3)]
            yield message(kind, number, {"type": "update", "trades": trades})
        else:
            yield message(kind, number, {"current_time": "", "heartbeat_counter": number})


def row(side: str, price: int, size: str) -> dict[str, str]:
    """One level."""
    return {"side": side, "event_time": stamp(0), "price_level": f"{price}.01", "new_quantity": size}


def message(channel: str, number: int, event: dict[str, object]) -> str:
    """One frame."""
    return json.dumps({"channel": channel, "timestamp": stamp(number), "sequence_num": number, "events": [event]})


def stamp(number: int) -> str:
    """A moment later each time."""
    return f"{BEGIN + timedelta(milliseconds=number):%Y-%m-%dT%H:%M:%S.%f}123Z"
