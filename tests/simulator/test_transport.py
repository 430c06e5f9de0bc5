"""Below the API: certificate, connections, tokens in every part, and how a request is read."""

from __future__ import annotations

import asyncio
import json
import ssl
import time

import jwt
import pytest
import requests
import websockets
from coinbase.jwt_generator import build_rest_jwt, build_ws_jwt
from cryptography import x509
from websockets.frames import Close

from tests.simulator.conftest import on_stage
from tests.simulator.test_sdk import BTC, status_of
from tests.simulator.test_streams import ask, frames
from trader.simulator.keys import new_key
from trader.simulator.tokens import TokenCheck, TokenRules
from trader.simulator.transport import OneSend

PREFIX = "/api/v3/brokerage"


def test_the_certificate_names_the_loopback_address_and_localhost(stage):
    certificate = x509.load_pem_x509_certificate(stage.simulator.papers.chain_file.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    url = f"https://localhost:{stage.simulator.port}{PREFIX}/time"
    assert requests.get(url, verify=str(stage.simulator.papers.ca_file), timeout=5).status_code == 200


class Recorder:
    """A transport that remembers its writes."""

    def __init__(self):
        self.writes = []

    def write(self, data):
        self.writes.append(data)


def test_head_and_body_leave_in_one_send():
    wire = Recorder()
    joined = OneSend(wire)
    joined.write(b"at once")
    joined.keep()
    joined.write(b"head ")
    joined.write(b"body")
    assert wire.writes == [b"at once"]
    joined.release()
    joined.release()
    assert wire.writes == [b"at once", b"head body"]


def test_an_answer_comes_in_one_tls_record_over_http_1_1(stage):
    """Read below HTTP: one read of the socket has the whole of a small answer."""
    context = ssl.create_default_context(cafile=str(stage.simulator.papers.ca_file))

    async def talk():
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.simulator.port, ssl=context)
        pieces = []
        for _ in range(3):
            head = f"GET {PREFIX}/time HTTP/1.1\r\nHost: {stage.simulator.base_url}\r\nContent-Length: 2\r\n\r\n{{}}"
            writer.write(head.encode())
            pieces.append(await asyncio.wait_for(reader.read(16_384), 5))
        writer.close()
        return pieces

    for piece in asyncio.run(talk()):
        assert piece.startswith(b"HTTP/1.1 200")
        assert piece.endswith(b"}")


def test_the_user_endpoint_is_a_path_of_its_own(stage):
    context = ssl.create_default_context(cafile=str(stage.simulator.papers.ca_file))

    async def talk():
        async with websockets.connect(f"wss://{stage.simulator.base_url}/user", ssl=context) as socket:
            await socket.send(ask("user", jwt=build_ws_jwt(stage.key.name, stage.key.secret)))
            return await frames(socket, 2)

    assert [frame["channel"] for frame in asyncio.run(talk())] == ["user", "subscriptions"]


KEY, NOW, URI = new_key(), 1_800_000_000.0, "GET host/path"


def token(key=KEY, header=None, **claims):
    body = {"sub": key.name, "iss": "cdp", "nbf": int(NOW), "exp": int(NOW) + 120, "uri": URI, **claims}
    body = {name: value for name, value in body.items() if value is not None}
    head = {"kid": key.name, "nonce": "n", **(header or {})}
    return jwt.encode(body, key.secret, algorithm=key.algorithm, headers=head)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (token(), None),
        (token(sub="another"), "sub is not the key's name"),
        (token(iss="coinbase-cloud"), "iss is not cdp"),
        (token(nbf=None), "nbf or exp is missing"),
        (token(exp=None), "nbf or exp is missing"),
        (token(nbf=int(NOW) + 1), "nbf is in the future"),
        (token(exp=int(NOW) - 1), "exp is over"),
        (token(uri=f"{URI}?limit=3"), "uri is 'GET host/path?limit=3', wanted 'GET host/path'"),
        (token(uri=None), "uri is None"),
        (token(header={"nonce": ""}), "nonce is missing"),
        (token(header={"kid": "stranger"}), "kid is unknown"),
        (token(new_key(), header={"kid": KEY.name}), "not a token of ours: Signature verification failed"),
        (token(new_key("EdDSA"), header={"kid": KEY.name}), "alg EdDSA is not accepted"),
        ("no.token.here", "not a token of ours"),
        ("", "not a token of ours"),
    ],
)
def test_every_part_of_a_token_is_judged(made, why):
    found = TokenCheck([KEY], lambda: NOW).check(made, URI)
    assert found is KEY if why is None else str(found).startswith(why)


def test_a_token_without_a_uri_is_for_the_stream():
    assert TokenCheck([KEY], lambda: NOW).check(token(uri=None), None) is KEY


@pytest.mark.parametrize("refused", [False, True])
def test_a_nonce_used_twice_is_refused_where_that_is_switched_on(refused):
    check, made = TokenCheck([KEY], lambda: NOW, TokenRules(refuse_reused_nonce=refused)), token()
    assert check.check(made, URI) is KEY
    assert check.check(made, URI) == ("nonce was used before" if refused else KEY)


@pytest.mark.parametrize(("leeway", "skew", "fine"), [(0, 121, False), (5, 121, True), (5, -5, True), (5, -6, False)])
def test_leeway_and_clock_are_of_the_venue(leeway, skew, fine):
    rules = TokenRules(leeway_seconds=leeway, clock_skew_seconds=skew)
    assert (TokenCheck([KEY], lambda: NOW, rules).check(token(), URI) is KEY) == fine


def asked(stage, path, **options):
    url = f"https://{stage.simulator.base_url}{PREFIX}{path}"
    return requests.get(url, verify=str(stage.simulator.papers.ca_file), timeout=5, **options)


def test_a_public_path_wants_no_token_and_looks_at_none_and_a_private_one_always_does(stage):
    nonsense = {"headers": {"Authorization": "Bearer nonsense"}}
    public = ("/time", "/market/products", f"/market/products/{BTC}", f"/market/product_book?product_id={BTC}")
    private = ("/accounts", "/products", "/orders/historical/batch", "/transaction_summary", "/key_permissions")

    assert {asked(stage, path).status_code for path in public} == {200}
    assert {asked(stage, path, **nonsense).status_code for path in public} == {200}
    assert {asked(stage, path).status_code for path in private} == {401}
    assert {asked(stage, path, **nonsense).text for path in private} == {"Unauthorized\n"}


def test_repeated_keys_python_s_booleans_and_missing_parameters(stage):
    stage.direct("/listings", product_id="ETH-USD", view_only=True)
    two = asked(stage, f"/market/products?product_ids={BTC}&product_ids=ETH-USD&get_tradability_status=True").json()
    assert {row["product_id"]: row["view_only"] for row in two["products"]} == {BTC: False, "ETH-USD": True}
    plain = asked(stage, "/market/products/ETH-USD?get_tradability_status=False").json()
    assert plain["view_only"] is False
    stage.direct("/listings", product_id="ETH-USD", view_only=False)

    assert status_of(lambda: stage.sdk.get(f"{PREFIX}/products/{BTC}/candles"))[0] == 400
    assert status_of(lambda: stage.sdk.get(f"{PREFIX}/products/{BTC}/ticker"))[0] == 400
    assert status_of(lambda: stage.sdk.get(f"{PREFIX}/product_book"))[0] == 400
    assert status_of(lambda: stage.sdk.post(f"{PREFIX}/orders", data={"client_order_id": "x"}))[0] == 400
    assert status_of(lambda: stage.sdk.get_fills(limit=-1))[0] == 400
    assert status_of(lambda: stage.sdk.list_orders(start_date="yesterday"))[0] == 400
    assert status_of(lambda: stage.sdk.list_orders(cursor="%%%"))[0] == 400
    assert asked(stage, "/nowhere").status_code == 404


def test_a_body_that_is_no_json_is_a_bad_request_and_no_order(stage):
    before = len(stage.venue.orders)
    bearer = build_rest_jwt(f"POST {stage.simulator.base_url}{PREFIX}/orders", stage.key.name, stage.key.secret)
    url = f"https://{stage.simulator.base_url}{PREFIX}/orders"
    for body in ("{", "[]", json.dumps("text")):
        answer = requests.post(
            url, data=body, verify=str(stage.simulator.papers.ca_file), timeout=5,
            headers={"Authorization": f"Bearer {bearer}"},
        )  # fmt: skip
        assert (answer.status_code, answer.json()["message"]) == (400, "proto: syntax error")
    assert len(stage.venue.orders) == before


def test_everything_listens_on_loopback_alone(tmp_path):
    with on_stage(tmp_path) as stage:
        bound = [stage.simulator._socket.getsockname()[0], stage.simulator._admin_socket.getsockname()[0]]
    assert bound == ["127.0.0.1", "127.0.0.1"]


@pytest.mark.slow
@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_restart_meets_a_stream_that_is_closing_and_comes_back(tmp_path):
    """A client that said goodbye and does not hang up is no reason to stay down."""
    with on_stage(tmp_path) as stage:
        context = ssl.create_default_context(cafile=str(stage.simulator.papers.ca_file))

        async def talk():
            socket = await websockets.connect(f"wss://{stage.simulator.base_url}/", ssl=context)
            await socket.send(ask("heartbeats"))
            await frames(socket, 2)
            socket.transport.pause_reading()
            await socket.write_close_frame(Close(1000, ""), b"\x03\xe8")
            await asyncio.sleep(0.2)
            await asyncio.to_thread(stage.direct, "/restart", down_seconds=0.1)
            await asyncio.sleep(0.3)
            socket.transport.abort()

        asyncio.run(talk())
        deadline = time.monotonic() + 10
        while stage.see("/")["starts"] < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert stage.sdk.get_unix_time().iso
