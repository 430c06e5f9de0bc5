"""Market data over the wire: one book and one tape behind every way of asking; pages, and answers that grow."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.simulator.conftest import on_stage
from tests.simulator.test_sdk import BTC, status_of
from tests.simulator.test_streams import ask, frames, plain

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    """A venue whose clock stands half a minute into a bar."""
    start = NOON + timedelta(seconds=30)
    deposits = {"USD": Decimal(1000)} | {f"C{number:02d}": Decimal(1) for number in range(60)}
    with on_stage(tmp_path_factory.mktemp("still"), start=start, speed=0.0, deposits=deposits) as stage:
        yield stage


def test_book_best_prices_ticker_and_stream_are_one_and_an_order_moves_them_all(still):
    def told():
        book = still.sdk.get_product_book(BTC, limit=1).to_dict()["pricebook"]
        best = still.sdk.get_best_bid_ask([BTC]).to_dict()["pricebooks"][0]
        ticker = still.sdk.get_market_trades(BTC, limit=1).to_dict()
        last = {ticker["trades"][0]["price"], still.sdk.get_product(BTC).price}

        async def talk(socket):
            await socket.send(ask("ticker", BTC))
            return (await frames(socket, 1))[0]["events"][0]["tickers"][0]

        row = plain(still, talk)
        assert last == {row["price"]}
        asks = {book["asks"][0]["price"], best["asks"][0]["price"], ticker["best_ask"], row["best_ask"]}
        bids = {book["bids"][0]["price"], best["bids"][0]["price"], ticker["best_bid"], row["best_bid"]}
        assert len(asks) == len(bids) == 1
        return Decimal(asks.pop()), Decimal(bids.pop()), Decimal(book["asks"][0]["size"])

    ask_price, bid, size = told()
    assert bid < ask_price
    still.direct("/deposit", currency="USD", amount="10000000")
    still.sdk.limit_order_ioc_buy("sweep", BTC, str(size), str(ask_price))
    assert told()[0] > ask_price


def test_the_newest_bucket_forms_and_the_end_is_inclusive(still):
    now = int(NOON.timestamp())

    def rows(start, end):
        return still.sdk.get_candles(BTC, str(start), str(end), "ONE_MINUTE").to_dict()["candles"]

    whole = still.venue.tape.source.frame(BTC, NOON, NOON + timedelta(minutes=1), 60)
    forming = rows(now - 120, now)
    assert [int(row["start"]) for row in forming] == [now, now - 60, now - 120]
    assert Decimal(forming[0]["volume"]) < Decimal(str(whole["volume"].iloc[0]))
    assert all(isinstance(value, str) for value in forming[0].values())
    assert [int(row["start"]) for row in rows(now - 120, now - 60)] == [now - 60, now - 120]


def test_buckets_without_trades_are_left_out(still):
    start, end = NOON - timedelta(hours=5), NOON
    bars = still.venue.tape.source.frame("SKL-USD", start, end, 60)
    asked = still.sdk.get_candles("SKL-USD", str(int(start.timestamp())), str(int(end.timestamp()) - 1), "ONE_MINUTE")
    found = asked.to_dict()["candles"]
    assert len(found) == len(bars) < 300


@pytest.mark.parametrize(("buckets", "fine"), [(300, True), (350, True), (351, False)])
def test_at_most_350_buckets(still, buckets, fine):
    end = int(NOON.timestamp()) - 3600

    def call():
        return still.sdk.get_candles(BTC, str(end - (buckets - 1) * 60), str(end), "ONE_MINUTE")

    if fine:
        assert len(call().to_dict()["candles"]) == buckets
    else:
        assert "should be less than 350 " in status_of(call)[1]


def test_accounts_come_49_a_page_250_at_most_and_the_last_page_has_no_cursor(still):
    first = still.sdk.get_accounts().to_dict()
    assert (len(first["accounts"]), first["size"], first["has_next"]) == (49, 49, True)
    rest = still.sdk.get_accounts(cursor=first["cursor"]).to_dict()
    assert (rest["has_next"], rest["cursor"]) == (False, "")
    names = [row["currency"] for page in (first, rest) for row in page["accounts"]]
    assert len(names) == len(set(names)) == len(still.venue.wallets)
    assert still.sdk.get_accounts(limit=9999).to_dict()["size"] == len(names)


def test_what_never_filled_has_null_and_empty_texts(still):
    made = still.limit_buy("never").to_dict()["success_response"]["order_id"]
    order = still.sdk.get_order(made).to_dict()["order"]
    assert order["last_fill_time"] is None
    assert {order["fee"], order["reject_message"], order["leverage"], order["originating_order_id"]} == {""}


def test_an_unknown_field_can_be_put_into_any_answer(still):
    still.fault("set_field", "get_order", field="order.brand_new", value={"a": [1]})
    made = still.limit_buy("grows").to_dict()["success_response"]["order_id"]
    assert still.sdk.get_order(made).to_dict()["order"]["brand_new"] == {"a": [1]}
    still.direct("/faults", faults=[])


def test_a_slow_answer_is_the_right_one(still):
    still.fault("slow", "time", seconds=0.3, times=1)
    assert still.sdk.get_unix_time().iso == "2025-03-03T12:00:30Z"
    assert still.see("/log")["requests"][-1]["faults"] == ["slow"]
    still.direct("/faults", faults=[])


def numbers_in(body, where=""):
    """Every text that is a number, with its place."""
    if isinstance(body, dict):
        return [row for name, value in body.items() for row in numbers_in(value, f"{where}.{name}")]
    if isinstance(body, list):
        return [row for value in body for row in numbers_in(value, where)]
    return [(where, body)] if isinstance(body, str) and re.fullmatch(r"-?\d+\.\d+", body) else []


@pytest.mark.slow
def test_no_number_has_more_than_sixteen_decimals(still):
    sdk, odd = still.sdk, {"quote_size": "33.37"}
    made = sdk.market_order_buy("odd", "SKL-USD", **odd).to_dict()["success_response"]["order_id"]
    answers = [
        sdk.preview_market_order_buy("SKL-USD", **odd), sdk.preview_limit_order_gtc_buy("SKL-USD", "33.3", "0.0333"),
        sdk.get_order(made), sdk.get_fills(), sdk.get_accounts(limit=250), sdk.get_product_book("SKL-USD"),
        sdk.get_products(), sdk.get_transaction_summary(),
    ]  # fmt: skip
    found = [row for answer in answers for row in numbers_in(answer.to_dict())]
    assert len(found) > 200
    assert [row for row in found if len(row[1].partition(".")[2]) > 16] == []
