"""What may leave, to whom, until when; and that a first byte is noticed."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from tests.exchange.coinbase_worlds import (
    HostTime,
    WrittenTime,
    a_key,
    a_server,
    an_order,
    http,
    settings_for,
    wire_to,
)
from tests.simulator.conftest import on_stage
from trader.coinbase.trust import BadHost, trusting
from trader.exchange.coinbase import CoinbaseWire
from trader.exchange.coinbase_failures import Why
from trader.exchange.coinbase_session import ACCOUNTS, API_PREFIX, permitted
from trader.exchange.coinbase_settings import BadSettings, CoinbaseSettings
from trader.exchange.coinbase_transport import DeadlineSocket
from trader.ports import Acknowledged, NotAccepted, OutcomeUnknown, Refused, WireDown
from trader.simulator.tls import certify

LISTED = json.dumps({"accounts": [], "has_next": False, "cursor": ""})


def connected(settings, clock=None, **more):
    return CoinbaseWire.connect(settings, a_key(), clock=clock or HostTime(), **more)


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize(
    ("method", "path", "looks", "changes"),
    [
        ("GET", "/accounts", True, False),
        ("GET", "/orders/historical/batch", True, False),
        ("GET", "/orders/historical/0-1", True, False),
        ("POST", "/orders/preview", True, False),
        ("POST", "/orders", False, True),
        ("POST", "/orders/batch_cancel", False, True),
        ("POST", "/orders/edit", False, False),
        ("POST", "/portfolios/move_funds", False, False),
        ("POST", "/accounts", False, False),
        ("PUT", "/orders", False, False),
        ("DELETE", "/portfolios/x", False, False),
        ("GET", "/orders/historical/", False, False),
        ("GET", "/orders/historical/../../accounts", False, False),
        ("POST", "/orders/historical/0-1", False, False),
        ("GET", "/portfolios", False, False),
    ],
)
def test_only_what_is_on_the_list_may_leave(method, path, looks, changes, read_only):
    assert permitted(read_only)(method, API_PREFIX + path) is (looks or (changes and not read_only))


def test_a_wire_that_only_looks_cannot_order_not_even_through_the_sdk(tmp_path):
    with on_stage(tmp_path) as stage:
        wire = wire_to(stage, read_only=True)
        answer = wire.place(an_order("never"))
        told = wire.cancel(["0-1"])
        preview = wire.preview(an_order("never"))
        client = wire._session._client
        with pytest.raises(requests.RequestException, match="POST /api/v3/brokerage/orders may not leave"):
            client.market_order_buy("never", "BTC-USD", quote_size="10")
        with pytest.raises(requests.RequestException, match="may not leave here"):
            client.cancel_orders(["0-1"])
        with pytest.raises(requests.RequestException, match="may not leave here"):
            client.move_portfolio_funds("1", "USD", "a", "b")

        assert isinstance(answer, Refused)
        assert "this connection only looks" in answer.reason
        assert told["0-1"].startswith("not taken: POST /api/v3/brokerage/orders/batch_cancel may not leave here")
        assert preview.errors == ()
        assert {line.route for line in stage.simulator.station.log} == {"preview_order"}
        may = wire_to(stage)
        assert isinstance(may.place(an_order("once")), Acknowledged)  # the control: it is the list that held it back
        wire.close()
        may.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "seconds"), [pytest.param("head", 0.05, id="head"), pytest.param("body", 0.05, id="body")]
)
def test_a_dripping_answer_ends_at_the_deadline(tmp_path, part, seconds):
    whole = http(LISTED)
    cut = 0 if part == "head" else whole.index(b"\r\n\r\n") + 4

    def drip(plug, request):
        plug.sendall(whole[:cut])
        with suppress(OSError):
            for byte in whole[cut:] * 3:
                plug.sendall(bytes([byte]))
                time.sleep(seconds)

    with a_server(tmp_path, drip) as (server, settings):
        wire = connected(replace(settings, read_timeout_seconds=0.5, deadline_seconds=0.6))
        began = time.monotonic()
        answer = wire.place(an_order("drip"))
        took = time.monotonic() - began

    assert isinstance(answer, OutcomeUnknown)
    assert 0.5 < took < 2.0
    assert len(server.asked) == 1


@pytest.mark.slow
def test_without_the_deadline_the_same_drip_is_waited_for(tmp_path):
    whole = http(LISTED)

    def drip(plug, request):
        for byte in whole:
            plug.sendall(bytes([byte]))
            time.sleep(0.005)

    with a_server(tmp_path, drip) as (_, settings):
        wire = connected(replace(settings, read_timeout_seconds=0.1, deadline_seconds=30.0))
        began = time.monotonic()
        assert wire.balances() == {}
        assert time.monotonic() - began > 0.3


def test_no_byte_leaves_after_the_deadline(tmp_path, monkeypatch):
    handshake = DeadlineSocket.do_handshake

    def slow(self, block=False):
        handshake(self, block)
        time.sleep(0.3)

    monkeypatch.setattr(DeadlineSocket, "do_handshake", slow)
    with a_server(tmp_path, http(LISTED)) as (server, settings):
        answer = connected(replace(settings, deadline_seconds=0.2)).place(an_order("too late"))

    assert isinstance(answer, NotAccepted)
    assert server.asked == []


def test_every_call_has_finite_time_outs_and_no_retries_below_ours(tmp_path):
    wire = connected(settings_for("127.0.0.1:1", None))
    client = wire._session._client
    adapter = client.session.get_adapter("https://127.0.0.1:1/x")
    default = CoinbaseSettings()

    assert client.timeout == (2.0, 2.0)
    assert (default.connect_timeout_seconds, default.read_timeout_seconds, default.deadline_seconds) == (3.0, 5.0, 10.0)
    assert (adapter.max_retries.total, adapter.max_retries.read) == (0, False)
    assert client.session.trust_env is False
    for elsewhere in ("https://127.0.0.1:12/x", "http://127.0.0.1:1/x", "https://example.com/x"):
        with pytest.raises(requests.exceptions.InvalidSchema):
            client.session.get_adapter(elsewhere)


def test_a_port_where_nobody_listens_never_had_the_order():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    wire = connected(settings_for(f"127.0.0.1:{port}", None))

    answer = wire.place(an_order("nobody"))

    assert isinstance(answer, NotAccepted)
    assert "cannot be reached (connection refused)" in answer.reason
    with pytest.raises(WireDown, match=r"is exchange\.coinbase\.rest_host right") as caught:
        wire.time()
    assert caught.value.exit_code == 5


def test_a_host_nobody_knows_never_had_the_order():
    answer = connected(settings_for("no-such-host.invalid", None)).place(an_order("nowhere"))

    assert isinstance(answer, NotAccepted)
    assert "cannot be reached" in answer.reason


def test_a_port_that_takes_and_says_nothing_never_had_the_order():
    with socket.create_server(("127.0.0.1", 0), backlog=5) as mute:
        settings = settings_for(f"127.0.0.1:{mute.getsockname()[1]}", None, connect_timeout_seconds=0.2)
        answer = connected(settings).place(an_order("mute"))

    assert isinstance(answer, NotAccepted)


def test_a_server_without_tls_never_had_the_order():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def plain():
            plug, _ = listening.accept()
            with plug:
                plug.recv(10)
                plug.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=plain, daemon=True)
        thread.start()
        answer = connected(settings_for(f"127.0.0.1:{port}", None)).place(an_order("plain"))
        thread.join(5)

    assert isinstance(answer, NotAccepted)
    assert "does not speak TLS" in answer.reason


@pytest.mark.slow
def test_a_certificate_that_does_not_verify_never_had_the_order(tmp_path):
    with on_stage(tmp_path) as stage:
        settings = settings_for(stage.simulator.base_url, None)
        wire = CoinbaseWire.connect(settings, a_key(stage.key), clock=HostTime())
        answer = wire.place(an_order("untrusted"))
        with pytest.raises(WireDown, match=r"certificate does not verify .*nothing was sent") as caught:
            wire.balances()
        other = certify(tmp_path, "other").ca_file
        stranger = wire_to(stage)
        stranger._session._client.session.verify = False  # nobody's settings widen our trust
        mistrusting = CoinbaseWire.connect(replace(settings, ca_file=other), a_key(stage.key), clock=HostTime())
        mistrusting._session._client.session.verify = False

        assert isinstance(answer, NotAccepted)
        assert caught.value.exit_code == 5
        assert isinstance(mistrusting.place(an_order("still untrusted")), NotAccepted)
        assert not stage.simulator.station.log
        assert isinstance(stranger.place(an_order("trusted")), Acknowledged)
        stranger.close()
        stage.direct("/certificate")
        with pytest.raises(WireDown, match="does not verify"):
            wire_to(stage).time()


@pytest.mark.slow
def test_a_certificate_for_another_name_is_not_trusted(tmp_path):
    with on_stage(tmp_path) as stage:
        port = stage.simulator.base_url.rpartition(":")[2]
        settings = settings_for(f"127.0.0.2:{port}", stage.simulator.papers.ca_file)
        with a_server(tmp_path, http(LISTED)) as (_, scripted):
            wrong = replace(scripted, rest_host=scripted.rest_host.replace("127.0.0.1", "localhost"))
            assert connected(wrong).balances() == {}
        answer = connected(settings).place(an_order("another name"))

    assert isinstance(answer, NotAccepted)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("raw", "why", "words"),
    [
        pytest.param(http("[]"), Why.GARBLED, "a list where an object should be", id="a list"),
        pytest.param(http("null"), Why.GARBLED, "a NoneType where an object should be", id="null"),
        pytest.param(http("[" * 100_000), Why.GARBLED, "is not the JSON", id="without end"),
        pytest.param(http("<html>log in</html>"), Why.GARBLED, "looks like HTML: '<html>log in</html>'", id="html"),
        pytest.param(http(""), Why.GARBLED, "it is empty", id="empty"),
        pytest.param(http("", "204 No Content"), Why.GARBLED, "", id="204"),
        pytest.param(http("", "302 Found", "Location: https://elsewhere/\r\n"), Why.SERVER, "redirect", id="elsewhere"),
        pytest.param(http("", "307 Found", "Location: /again\r\n"), Why.SERVER, "redirect", id="the same host"),
        pytest.param(http("<h1>x</h1>", "404 Not Found"), Why.REFUSED, "it says no: 404", id="404"),
        pytest.param(http("teapot", "418 Teapot"), Why.SERVER, "it failed: 418 teapot", id="another status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", Why.LOST, "no whole answer", id="cut"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n", Why.LOST, "no whole answer", id="not HTTP"),
        pytest.param(b"", Why.LOST, "no whole answer", id="closed"),
    ],
)
def test_answers_no_venue_should_give(tmp_path, raw, why, words):
    with a_server(tmp_path, raw) as (server, settings):
        failed = connected(settings)._session.question(ACCOUNTS)

    assert failed.why is why
    assert words in failed.sentence
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Retry-After: 7\r\n", 7.0),
        ("Retry-After: 3600\r\n", 3600.0),
        ("Retry-After: Sun, 22 Nov 2026 12:10:00 GMT\r\nDate: Sun, 22 Nov 2026 12:00:00 GMT\r\n", 600.0),
        ("Retry-After: Sun, 22 Nov 2026 11:00:00 GMT\r\nDate: Sun, 22 Nov 2026 12:00:00 GMT\r\n", 0.0),
        (f"Retry-After: {'9' * 400}\r\n", 86_400.0),
        ("Retry-After: Sun, 22 Nov 99999999999 12:00:00 GMT\r\n", None),
        ("Retry-After: soon\r\n", None),
        ("Retry-After: -1\r\n", None),
        ("", None),
    ],
)
def test_when_the_venue_wants_to_be_asked_again(tmp_path, header, seconds):
    with a_server(tmp_path, http("", "429 Too Many Requests", header)) as (_, settings):
        failed = connected(settings)._session.question(ACCOUNTS)

    assert (failed.why, failed.retry_after_seconds) == (Why.THROTTLED, seconds)


@pytest.mark.req("CB1", "RATE")
@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Down"])
def test_a_long_retry_after_refuses_questions_until_it_is_over_and_no_cancel(tmp_path, status):
    clock = WrittenTime()
    answer = http("", status, "Retry-After: 600\r\n")
    with a_server(tmp_path, answer) as (server, settings):
        wire = connected(settings, clock)
        with pytest.raises(WireDown, match=status[:3]):
            wire.balances()
        for _ in range(3):
            with pytest.raises(WireDown, match=r"not asked: .* until 2026-11-22 12:10:00 UTC"):
                wire.balances()
        assert (len(server.asked), clock.slept) == (1, [])

        assert isinstance(wire.place(an_order("one")), NotAccepted if status[:3] == "429" else OutcomeUnknown)
        wire.place(an_order("two"))
        wire.cancel(["0-1"])
        wire.cancel(["0-1"])
        sent = [request.split(b" ")[1].rpartition(b"/")[2] for request in server.asked]
        assert sent[1:] == [b"orders", *[b"orders"] * (status[:3] == "503"), b"batch_cancel", b"batch_cancel"]
        assert max(clock.slept, default=0) <= settings.rates.order_patience_seconds

        clock.seconds += 600
        with pytest.raises(WireDown, match=status[:3]):
            wire.balances()


def test_an_order_that_is_asked_for_and_another_that_comes(tmp_path):
    with a_server(tmp_path, http('{"error":"NOT_FOUND","message":"x"}', "404 Not Found")) as (_, settings):
        assert connected(settings).order("0-1") is None
        with pytest.raises(WireDown, match="no order id"):
            connected(settings).order("../accounts")
        with pytest.raises(WireDown, match="no order id"):
            connected(settings).order("")
    with a_server(tmp_path, http("<h1>x</h1>", "404 Not Found")) as (_, settings), pytest.raises(WireDown, match="404"):
        connected(settings).order("0-1")


FILL = {
    "entry_id": "e", "trade_id": "t", "order_id": "0-1", "trade_type": "CORRECTION", "price": "2", "size": "1",
    "commission": "0", "product_id": "BTC-USD", "size_in_quote": False, "side": "SELL",
}  # fmt: skip


def test_an_old_trade_that_was_written_down_again_just_now_comes(tmp_path):
    old, new = "2026-11-01T00:00:00Z", "2026-11-22T12:00:00Z"
    rows = [
        {**FILL, "trade_time": old, "sequence_timestamp": new},
        {**FILL, "trade_time": old, "sequence_timestamp": old, "entry_id": "long known"},
        {**FILL, "trade_time": new, "entry_id": "without the second time"},
    ]
    with a_server(tmp_path, http(json.dumps({"fills": rows, "cursor": ""}))) as (server, settings):
        fills = connected(settings).fills(datetime(2026, 11, 22, 12, tzinfo=UTC))

    assert [fill.entry_id for fill in fills] == ["e", "without the second time"]
    assert b"start_sequence_timestamp=2026-11-22T11%3A59%3A00.000000Z" in server.asked[0]


def test_an_order_or_a_product_nobody_asked_for_is_not_taken_for_it(tmp_path):
    flags = dict.fromkeys("is_disabled cancel_only limit_only post_only trading_disabled auction_mode".split(), False)
    sizes = {"base_increment": "1", "price_increment": "1", "base_min_size": "1", "status": "online"}
    listed = {"products": [{"product_id": name, **sizes, **flags} for name in ("BTC-USD", "ETH-USD")]}
    there = {"order_id": "0-2", "client_order_id": "x", "product_id": "BTC-USD", "side": "BUY", "status": "OPEN"}
    sums = {"created_time": "2026-11-22T12:00:00Z", "filled_size": "0", "filled_value": "0", "total_fees": "0"}
    with a_server(tmp_path, http(json.dumps({"order": {**there, **sums}}))) as (_, settings):
        wire = connected(settings)
        with pytest.raises(WireDown, match="asked for 0-1 and got 0-2"):
            wire.order("0-1")
        assert wire.order("0-2").client_order_id == "x"
    with a_server(tmp_path, http(json.dumps(listed))) as (_, settings):
        assert set(connected(settings).products(["ETH-USD"])) == {"ETH-USD"}


@pytest.mark.parametrize("host", ["https://api.coinbase.com", "api.coinbase.com/x", "", "a b", "-x", "host:port"])
def test_a_host_is_a_host(host):
    with pytest.raises(BadSettings, match="write it without a scheme or a path") as caught:
        CoinbaseSettings(rest_host=host)
    assert caught.value.exit_code == 2


def test_settings_that_cannot_be_are_sentences(tmp_path):
    (tmp_path / "empty.pem").write_text("nothing\n")
    with pytest.raises(BadSettings, match="ws_url: 'ws://x' must begin with wss://"):
        CoinbaseSettings(ws_url="ws://x")
    with pytest.raises(BadSettings, match="read_timeout_seconds: inf must be"):
        CoinbaseSettings(read_timeout_seconds=float("inf"))
    for name in ("empty.pem", "none.pem"):
        with pytest.raises(
            BadHost, match=f"{name}: no certificates in PEM there .*exchange.coinbase.ca_file"
        ) as caught:
            trusting(Path(tmp_path / name))
        assert caught.value.exit_code == 2


@pytest.mark.req("K1", "NF1")
@pytest.mark.parametrize(("obeys", "leaves"), [(True, 0), (False, 1)])
@pytest.mark.parametrize("during", ["turn", "handshake"])
def test_a_kill_between_the_last_look_and_the_first_byte_holds_the_order_back(
    tmp_path, monkeypatch, during, obeys, leaves
):
    """Turns and handshakes are waited for after the last look; the control does not ask again and sends."""
    pressed, handshake = [], DeadlineSocket.do_handshake

    def slow(self, block=False):
        handshake(self, block)
        pressed.append("a hand")

    class Waits(HostTime):
        def sleep(self, seconds):
            pressed.append("a hand")

    def stopped():
        return pressed[0] if pressed and obeys else ""

    if during == "handshake":
        monkeypatch.setattr(DeadlineSocket, "do_handshake", slow)
    with a_server(tmp_path, http(LISTED)) as (server, settings):
        rates = replace(settings.rates, orders_per_second=2.0, orders_burst=0)
        settings = replace(settings, rates=rates) if during == "turn" else settings
        wire = CoinbaseWire.connect(settings, a_key(), clock=Waits(), stopped=stopped)
        answer = wire.place(an_order("too late"))

        assert pressed
        assert len(server.asked) == leaves
        assert isinstance(answer, NotAccepted) is obeys
        if obeys:
            assert answer.reason == "held back before the first byte: a hand"
        wire.cancel(["0-1"])
        wire.balances()
        assert len(server.asked) == leaves + 2  # nothing else is held back
