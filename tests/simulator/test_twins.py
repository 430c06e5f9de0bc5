"""BTC-USDC is BTC-USD's market from another wallet: one book, one tape, two purses."""

from __future__ import annotations

import asyncio
import json

from coinbase.jwt_generator import build_ws_jwt

from tests.simulator.test_streams import ask, frames, plain
from tests.simulator.worlds import ABC, a_venue, limit, market, minutes
from trader.simulator.audit import audit
from trader.simulator.placing import create

TWIN = "ABC-USDC"


def with_usdc(*bars, usdc=1000):
    venue = a_venue(*bars)
    venue.deposit("USDC", usdc)
    return venue


def test_a_twin_is_paid_from_its_own_wallet():
    venue = with_usdc()
    order = create(venue, "a", TWIN, "BUY", market(quote="100"))

    assert (order.status, order.product_id) == ("FILLED", TWIN)
    assert (venue.ledger.available("USDC"), venue.ledger.available("USD")) == (900, 10_000)
    assert venue.ledger.available("ABC") == 50 + order.filled_base
    assert {fill.product_id for fill in venue.fills} == {TWIN}
    assert audit(venue) == []


def test_dollars_do_not_pay_for_it():
    assert create(a_venue(), "a", TWIN, "BUY", market(quote="100")).reason == "INSUFFICIENT_FUND"


def test_both_take_from_one_book_and_rest_under_one_tape():
    venue = with_usdc((100, 100, 98, 98, 400))
    best = venue.depth(venue.listings[ABC]).asks[0]
    taken = {"sor_limit_ioc": {"base_size": str(best.size), "limit_price": str(best.price)}}
    venue.deposit("USD", 10_000_000)
    create(venue, "taker", ABC, "BUY", taken)
    assert venue.depth(venue.listings[TWIN]).ask > best.price

    resting = create(venue, "rests", TWIN, "BUY", limit("1", "99"))
    minutes(venue, 2)
    assert (resting.status, resting.filled_quote) == ("FILLED", 99)
    assert audit(venue) == []


def test_a_flag_on_the_market_closes_its_twin_but_not_the_other_way_round():
    venue = with_usdc()
    venue.change_listing(TWIN, view_only=True)
    assert not venue.listings[ABC].view_only
    venue.change_listing(ABC, cancel_only=True)
    assert create(venue, "a", ABC, "BUY", limit()).reason == "ORDER_ENTRY_DISABLED"
    assert venue.listings[TWIN].cancel_only


def test_the_listings_name_each_other_and_the_wallets_are_two(stage):
    rows = {row["product_id"]: row for row in stage.sdk.get_products().to_dict()["products"]}
    assert rows["BTC-USD"]["alias_to"] == ["BTC-USDC"]
    assert (rows["BTC-USDC"]["alias"], rows["BTC-USDC"]["quote_currency_id"]) == ("BTC-USD", "USDC")
    assert rows["BTC-USD"]["price"] == rows["BTC-USDC"]["price"]
    wallets = [row["currency"] for row in stage.sdk.get_accounts(limit=250).to_dict()["accounts"]]
    assert {"USD", "USDC"} <= set(wallets)


def test_the_market_s_news_of_a_twin_come_under_the_market_and_the_user_s_under_what_he_asked(stage):
    stage.direct("/deposit", currency="USDC", amount="1000")
    token = build_ws_jwt(stage.key.name, stage.key.secret)

    async def talk(socket):
        await socket.send(ask("ticker", "BTC-USDC"))
        ticker, acknowledged = await frames(socket, 2)
        await socket.send(ask("user", "BTC-USDC", jwt=token))
        await asyncio.to_thread(stage.sdk.market_order_buy, "twin", "BTC-USDC", quote_size="10")
        mine = []
        while not any(row["status"] == "FILLED" for row in mine):
            frame = json.loads(await asyncio.wait_for(socket.recv(), 5))
            if frame["channel"] == "user":
                mine += frame["events"][0]["orders"]
        return ticker, acknowledged, mine

    ticker, acknowledged, mine = plain(stage, talk)
    assert ticker["events"][0]["tickers"][0]["product_id"] == "BTC-USD"
    assert acknowledged["events"][0]["subscriptions"] == {"ticker": ["BTC-USDC"]}
    assert {row["product_id"] for row in mine} == {"BTC-USDC"}
