"""The unmodified SDK against the simulator over TLS, endpoint by endpoint."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import requests
from requests.exceptions import HTTPError

from tests.simulator.conftest import on_stage
from trader.simulator.keys import VIEW, new_key
from trader.simulator.limits import LimitRules
from trader.simulator.settings import VenueSettings

pytestmark = pytest.mark.slow

BTC = "BTC-USD"


def status_of(call):
    with pytest.raises(HTTPError) as caught:
        call()
    return caught.value.response.status_code, caught.value.response.text


def test_the_market_is_told_alike_in_public_and_in_private(stage):
    public = stage.client()
    now = int(time.time())

    assert abs(int(public.get_unix_time().epoch_seconds) - now) <= 2
    assert public.get_public_product(BTC).to_dict()["product_id"] == BTC
    assert stage.sdk.get_product(BTC).base_increment == "0.00000001"
    listed = stage.sdk.get_products().to_dict()
    assert listed["num_products"] == 30
    assert public.get_public_products(limit=4).to_dict()["pagination"]["has_next"] is True
    book = stage.sdk.get_product_book(BTC, limit=3).to_dict()
    assert len(book["pricebook"]["bids"]) == 3
    assert Decimal(book["pricebook"]["bids"][0]["price"]) < Decimal(book["pricebook"]["asks"][0]["price"])
    best = stage.sdk.get_best_bid_ask([BTC, "ETH-USD"]).to_dict()
    assert [row["product_id"] for row in best["pricebooks"]] == [BTC, "ETH-USD"]
    trades = public.get_public_market_trades(BTC, limit=5).to_dict()
    assert len(trades["trades"]) == 5


def test_candles_are_newest_first_and_too_many_are_refused_in_the_venues_words(stage):
    now = int(time.time())
    rows = stage.sdk.get_candles(BTC, str(now - 3600), str(now), "ONE_MINUTE").to_dict()["candles"]

    starts = [int(row["start"]) for row in rows]
    assert starts == sorted(starts, reverse=True)
    assert starts[0] >= now - 120
    status, text = status_of(lambda: stage.sdk.get_candles(BTC, str(now - 351 * 60), str(now), "ONE_MINUTE"))
    assert status == 400
    assert "number of candles requested should be less than 350 " in text


def test_candles_of_the_past_are_the_source_s_bars(stage):
    from datetime import UTC, datetime, timedelta

    end = datetime.fromtimestamp(int(time.time()) // 3600 * 3600, UTC) - timedelta(hours=2)
    start = end - timedelta(hours=4)
    bars = stage.venue.tape.source.frame("SKL-USD", start, end, 60)
    told = stage.sdk.get_candles("SKL-USD", str(int(start.timestamp())), str(int(end.timestamp()) - 1), "ONE_MINUTE")

    rows = [(int(row["start"]), float(row["close"]), float(row["volume"])) for row in told.to_dict()["candles"][::-1]]
    assert rows == [(int(at.timestamp()), row.close, row.volume) for at, row in bars.iterrows()]


def test_an_order_by_quote_goes_the_whole_way(stage):
    preview = stage.sdk.preview_market_order_buy(BTC, quote_size="50").to_dict()
    assert (preview["errs"], preview["order_total"]) == ([], "50")
    before = len(stage.venue.orders)

    made = stage.sdk.market_order_buy("whole-way", BTC, quote_size="50").to_dict()

    order = stage.sdk.get_order(made["success_response"]["order_id"]).to_dict()["order"]
    assert len(stage.venue.orders) == before + 1
    assert (order["status"], order["total_value_after_fees"]) == ("FILLED", "50")
    fills = stage.sdk.get_fills(order_ids=[order["order_id"]]).to_dict()["fills"]
    assert {row["size_in_quote"] for row in fills} == {True}
    assert sum(Decimal(row["size"]) + Decimal(row["commission"]) for row in fills) == 50
    listed = stage.sdk.list_orders(order_ids=[order["order_id"]]).to_dict()["orders"]
    assert [row["client_order_id"] for row in listed] == ["whole-way"]


def test_a_refusal_is_200_with_the_codes(stage):
    made = stage.sdk.limit_order_gtc_buy("too-big", BTC, "900", "50000.00").to_dict()

    assert made["success"] is False
    assert made["error_response"]["preview_failure_reason"] == "PREVIEW_INSUFFICIENT_FUND"
    assert made["error_response"]["new_order_failure_reason"] == "INSUFFICIENT_FUND"
    assert stage.sdk.preview_limit_order_gtc_buy(BTC, "900", "50000.00").to_dict()["errs"] == [
        "PREVIEW_INSUFFICIENT_FUND"
    ]


def test_cancel_and_edit_over_the_wire(stage):
    made = stage.limit_buy("edit-me").to_dict()["success_response"]["order_id"]

    assert stage.sdk.preview_edit_order(made, size="0.002", price="1000.00").to_dict()["errors"] == []
    assert stage.sdk.edit_order(made, size="0.002", price="1000.00").to_dict()["success"] is True
    assert stage.sdk.get_order(made).to_dict()["order"]["order_configuration"]
    first = stage.sdk.cancel_orders([made, "nobody"]).to_dict()["results"]
    assert [(row["success"], row["failure_reason"]) for row in first] == [
        (True, "UNKNOWN_CANCEL_FAILURE_REASON"),
        (False, "UNKNOWN_CANCEL_ORDER"),
    ]
    time.sleep(0.1)
    assert stage.sdk.get_order(made).to_dict()["order"]["status"] == "CANCELLED"


def test_every_kind_of_order_the_sdk_can_make(stage):
    last = float(stage.venue.depth(stage.venue.listings[BTC]).last.price)

    def at(factor):
        return str(round(last * factor, 2))

    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    sdk = stage.sdk
    answers = [
        sdk.limit_order_ioc_buy("k1", BTC, "0.001", at(1.01)),
        sdk.limit_order_fok_buy("k2", BTC, "0.001", at(1.01)),
        sdk.limit_order_gtd_buy("k3", BTC, "0.001", at(0.9), end),
        sdk.stop_limit_order_gtc_sell("k4", BTC, "0.001", at(0.8), at(0.9), "STOP_DIRECTION_STOP_DOWN"),
        sdk.trigger_bracket_order_gtc_sell("k5", BTC, "0.001", at(1.2), at(0.9)),
        sdk.market_order_sell("k6", BTC, base_size="0.001"),
    ]
    assert [answer.to_dict()["success"] for answer in answers] == [True] * len(answers)


def test_the_same_client_order_id_at_the_same_moment_makes_one_order(stage):
    before = len(stage.venue.orders)
    clients = [stage.client(stage.key) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda client: stage.limit_buy("all-at-once", client=client), clients))

    assert len({answer.to_dict()["success_response"]["order_id"] for answer in made}) == 1
    assert len(stage.venue.orders) == before + 1
    for client in clients:
        client.session.close()


def test_a_repeated_client_order_id_echoes_the_new_request(stage):
    first = stage.limit_buy("echo").to_dict()
    again = stage.sdk.market_order_sell("echo", BTC, base_size="0.5").to_dict()

    assert again["success_response"]["order_id"] == first["success_response"]["order_id"]
    assert again["success_response"]["side"] == "SELL"
    assert "market_market_ioc" in again["order_configuration"]
    stage.direct("/settings", duplicates_refused=True)
    assert (
        stage.limit_buy("echo").to_dict()["error_response"]["new_order_failure_reason"] == "DUPLICATE_CLIENT_ORDER_ID"
    )


def test_pages_are_followed_to_the_end(stage):
    for number in range(7):
        stage.limit_buy(f"page-{number}")
    cursor, seen = None, []
    while True:
        page = stage.sdk.list_orders(limit=3, cursor=cursor).to_dict()
        seen += [row["order_id"] for row in page["orders"]]
        cursor = page["cursor"]
        if not page["has_next"]:
            break
    assert seen == list(reversed(stage.venue.orders))
    accounts = stage.sdk.get_accounts(limit=10).to_dict()
    assert (accounts["size"], accounts["has_next"]) == (10, True)
    rest = stage.sdk.get_accounts(limit=10, cursor=accounts["cursor"]).to_dict()
    assert (rest["has_next"], rest["cursor"]) == (False, "")
    one = rest["accounts"][0]["uuid"]
    assert stage.sdk.get_account(one).to_dict()["account"]["uuid"] == one


def test_a_full_last_page_of_fills_has_a_cursor_and_the_next_is_empty(stage):
    stage.sdk.market_order_buy("for-fills", BTC, quote_size="10")
    everything = stage.sdk.get_fills(limit=1000).to_dict()["fills"]

    page = stage.sdk.get_fills(limit=len(everything)).to_dict()
    assert page["cursor"]
    assert stage.sdk.get_fills(limit=len(everything), cursor=page["cursor"]).to_dict()["fills"] == []


def test_filters_and_their_rules(stage):
    assert status_of(lambda: stage.sdk.list_orders(order_status=["OPEN", "FILLED"]))[0] == 400
    assert status_of(lambda: stage.sdk.get_fills(order_ids=["x"], product_ids=[BTC]))[0] == 400
    assert stage.sdk.list_orders(order_placement_source="RETAIL_SIMPLE").to_dict()["orders"] == []
    assert {row["status"] for row in stage.sdk.list_orders(order_status=["OPEN"]).to_dict()["orders"]} <= {"OPEN"}


def test_unknown_things_are_told_as_the_venue_tells_them(stage):
    assert "not supported" in status_of(lambda: stage.sdk.get_product("NO-USD"))[1]
    assert status_of(lambda: stage.sdk.get_product_book("NO-USD"))[0] == 400
    assert "order with this orderID was not found" in status_of(lambda: stage.sdk.get_order("nobody"))[1]
    assert status_of(lambda: stage.sdk.get("/api/v3/brokerage/nowhere"))[0] == 404


def test_fees_and_permissions(stage):
    assert stage.sdk.get_transaction_summary().to_dict()["fee_tier"]["taker_fee_rate"] == "0.006"
    permissions = stage.sdk.get_api_key_permissions().to_dict()
    assert (permissions["can_trade"], permissions["can_transfer"]) == (True, False)
    assert stage.sdk.get_portfolios().to_dict()["portfolios"][0]["type"] == "DEFAULT"


def test_a_token_must_be_right_in_every_part(stage):
    assert status_of(lambda: stage.client(new_key()).get_accounts()) == (401, "Unauthorized\n")
    stage.direct("/tokens", clock_skew_seconds=-60)
    assert status_of(lambda: stage.sdk.get_accounts())[0] == 401
    stage.direct("/tokens", clock_skew_seconds=130)
    assert status_of(lambda: stage.sdk.get_accounts())[0] == 401
    stage.direct("/tokens", clock_skew_seconds=130, leeway_seconds=30)
    assert stage.sdk.get_accounts().to_dict()["size"]
    reasons = [row["note"] for row in stage.see("/log")["requests"] if row["status"] == 401]
    assert "nbf is in the future" in reasons
    assert "exp is over" in reasons


def test_a_token_is_for_one_path(stage):
    from coinbase.jwt_generator import build_rest_jwt

    path = "/api/v3/brokerage/accounts"
    token = build_rest_jwt(f"GET {stage.simulator.base_url}{path}", stage.key.name, stage.key.secret)

    def status(where):
        url = f"https://{stage.simulator.base_url}{where}"
        bearer = {"Authorization": f"Bearer {token}"}
        return requests.get(url, headers=bearer, verify=str(stage.simulator.papers.ca_file), timeout=5).status_code

    assert (status(path), status(f"{path}?limit=3"), status("/api/v3/brokerage/products")) == (200, 200, 401)


def test_eddsa_keys_scopes_and_the_switch_that_refuses_them(tmp_path):
    edwards, viewer = new_key("EdDSA"), new_key(scopes=frozenset({VIEW}))
    with on_stage(tmp_path, more_keys=(edwards, viewer)) as stage:
        client, reader = stage.client(edwards), stage.client(viewer)
        assert client.get_accounts().to_dict()["size"]
        with pytest.raises(HTTPError, match="permission"):
            stage.limit_buy("not-allowed", client=reader)
        assert reader.get_accounts().to_dict()["size"]
        stage.direct("/tokens", algorithms=["ES256"])
        assert status_of(client.get_accounts)[0] == 401
        client.session.close()
        reader.session.close()


def test_who_asks_too_often_gets_an_empty_429_and_then_a_block(tmp_path):
    rules = LimitRules(private_per_second=5, block_after_errors=4, block_seconds=0.5, headers=True)
    with on_stage(tmp_path, limits=rules) as stage:
        codes, bodies = [], set()
        for _ in range(12):
            try:
                stage.sdk.get_accounts()
                codes.append(200)
            except HTTPError as error:
                codes.append(error.response.status_code)
                bodies.add((error.response.status_code, error.response.content))
        assert codes[:5] == [200] * 5
        assert (429, b"") in bodies
        assert (403, b"Too many errors") in bodies
        assert codes[-1] == 403
        time.sleep(1.1)
        assert stage.sdk.get_accounts().to_dict()["size"]


def test_an_unknown_certificate_is_refused_by_the_sdk(stage):
    from coinbase.rest import RESTClient

    client = RESTClient(
        api_key=stage.key.name, api_secret=stage.key.secret, base_url=stage.simulator.base_url, timeout=5
    )
    client.session.trust_env = False
    with pytest.raises(requests.exceptions.SSLError):
        client.get_accounts()
    client.session.close()


def test_one_connection_serves_many_calls(stage):
    adapter = stage.sdk.session.get_adapter(f"https://{stage.simulator.base_url}")
    for _ in range(5):
        stage.sdk.get_accounts()
    pools = adapter.poolmanager.pools
    (pool,) = [pools[key] for key in list(pools.keys())]
    assert pool.num_connections == 1


def test_what_is_late_is_seen_in_time(tmp_path):
    late = {"get_late_seconds": 2, "list_late_seconds": 3, "fills_late_seconds": 4}
    with on_stage(tmp_path, speed=0.0, settings=VenueSettings(seed=7, **late)) as stage:
        made = stage.sdk.market_order_buy("late-1", BTC, quote_size="10").to_dict()["success_response"]["order_id"]

        def seen():
            try:
                got = stage.sdk.get_order(made).to_dict()["order"]["order_id"] == made
            except HTTPError as error:
                got = error.response.status_code != 404
            listed = made in {row["order_id"] for row in stage.sdk.list_orders().to_dict()["orders"]}
            return got, listed, bool(stage.sdk.get_fills(order_ids=[made]).to_dict()["fills"])

        found = []
        for _ in range(5):
            found.append(seen())
            stage.direct("/clock", step_seconds=1)
    assert found == [(False,) * 3, (False,) * 3, (True, False, False), (True, True, False), (True,) * 3]


def test_balances_can_be_late(tmp_path):
    with on_stage(tmp_path, speed=0.0, settings=VenueSettings(seed=7, balances_late_seconds=5)) as stage:

        def usdc():
            rows = stage.sdk.get_accounts(limit=250).to_dict()["accounts"]
            return next(row["available_balance"]["value"] for row in rows if row["currency"] == "USDC")

        stage.direct("/clock", step_seconds=60)
        stage.direct("/deposit", currency="USDC", amount="5")
        assert usdc() == "0"
        stage.direct("/clock", step_seconds=4)
        assert usdc() == "0"
        stage.direct("/clock", step_seconds=1)
        assert usdc() == "5"
