"""A resolver that hangs costs a call its deadline and no more, and nothing has left then."""

from __future__ import annotations

import queue
import socket
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from tests.exchange.coinbase_worlds import HostTime, a_key, an_order, settings_for, wire_to
from tests.simulator.conftest import on_stage
from trader.coinbase import names
from trader.coinbase.names import NameUnanswered, addresses, connected
from trader.exchange.coinbase import CoinbaseWire
from trader.market.coinbase_http import NoUsableAnswer, Questions
from trader.market.coinbase_ws import Connection, Lost
from trader.ports import NotAccepted, WireDown

pytestmark = [pytest.mark.slow, pytest.mark.req("CB1")]


class Resolver:
    """The system's, except for `*.example`: that hangs until it is let go, and is here."""

    def __init__(self, monkeypatch):
        self.asked, self.let_go = [], threading.Event()
        self.real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self)

    def __call__(self, host, port, *args, **more):
        if not str(host).endswith("example"):
            return self.real(host, port, *args, **more)
        self.asked.append(host)
        self.let_go.wait(20)
        return self.real("127.0.0.1", port, *args, **more)


@pytest.fixture
def resolver(monkeypatch):
    made = Resolver(monkeypatch)
    yield made
    made.let_go.set()
    until = time.monotonic() + 5
    while names._pending and time.monotonic() < until:
        time.sleep(0.01)


@contextmanager
def within(seconds):
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def test_who_has_waited_long_enough_goes_and_the_late_answer_is_nobodys(resolver):
    for _ in range(3):
        with within(1), pytest.raises(NameUnanswered, match=r"no answer in 0\.1 s"):
            addresses("slow.example", 443, 0.1)
    assert resolver.asked == ["slow.example"], "one lookup of a name at a time"

    resolver.let_go.set()
    while names._pending:
        time.sleep(0.01)
    assert addresses("slow.example", 443, 5) == ["127.0.0.1"]
    assert len(resolver.asked) == 2, "nothing is kept"


def test_who_asks_while_a_lookup_hangs_has_its_answer_too(resolver):
    found = queue.Queue()
    threads = [threading.Thread(target=lambda: found.put(addresses("slow.example", 1, 10))) for _ in range(5)]
    for thread in threads:
        thread.start()
    resolver.let_go.set()
    for thread in threads:
        thread.join(10)

    assert [found.get_nowait() for _ in threads] == [["127.0.0.1"]] * 5
    assert len(resolver.asked) <= 5


def test_an_address_is_looked_up_nowhere(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", None)

    assert addresses("127.0.0.1", 1, 0) == ["127.0.0.1"]
    assert addresses("[::1]", 1, 0) == ["::1"]


@pytest.mark.parametrize("name", ["no.such.name.invalid", "a" * 64 + ".invalid", ""])
def test_a_name_that_is_none_is_the_resolvers_own_error(name):
    with pytest.raises(OSError), closing(connected(name, 1, 5, 5)):
        pass


def test_every_address_is_tried_and_the_whole_is_bounded(monkeypatch):
    real = socket.getaddrinfo
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        found = [real(address, port, type=socket.SOCK_STREAM)[0] for address in ("127.0.0.2", "127.0.0.1")]
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda host, *rest, **more: found if host == "two" else real(host, *rest, **more)
        )
        with closing(connected("two", port, 5, 5)) as plug:
            assert plug.getpeername()[0] == "127.0.0.1"
        with pytest.raises(OSError):
            connected("two", port, 5, 0)


def test_an_order_a_cancel_and_a_question_of_the_account_end_in_a_sentence(resolver):
    settings = replace(settings_for("venue.example:8443", None), connect_timeout_seconds=0.3, deadline_seconds=1.0)
    wire = CoinbaseWire.connect(settings, a_key(), clock=HostTime())
    with closing(wire), within(4):
        order = wire.place(an_order("never"))
        assert isinstance(order, NotAccepted)
        assert "cannot be reached (the name lookup gave no answer in 0.3 s)" in order.reason
        assert "not taken: cannot be reached (the name lookup" in wire.cancel(["0-1"])["0-1"]
        with pytest.raises(WireDown, match=r"accounts: cannot be reached \(the name lookup gave no answer"):
            wire.balances()
    assert resolver.asked == ["venue.example"]


def test_a_public_question_ends_in_a_sentence(resolver, monkeypatch):
    monkeypatch.setattr("trader.market.coinbase_http.CONNECT_SECONDS", 0.3)
    questions = Questions("venue.example:8443", None, sleep=lambda seconds: None, retries=1)

    with closing(questions), within(4), pytest.raises(NoUsableAnswer, match=r"not answer \(the name lookup gave no"):
        questions.get("/time")
    assert resolver.asked == ["venue.example"]


def test_a_question_by_way_of_a_proxy_ends_in_a_sentence_too(resolver, monkeypatch):
    monkeypatch.setattr("trader.market.coinbase_http.CONNECT_SECONDS", 0.3)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    questions = Questions("venue.invalid", None, sleep=lambda seconds: None, retries=0)

    with closing(questions), within(4), pytest.raises(NoUsableAnswer, match="the name lookup gave no"):
        questions.get("/time")
    assert resolver.asked == ["proxy.example"]


def test_a_stream_says_so_and_goes_on_trying(resolver, monkeypatch):
    monkeypatch.setattr("trader.market.coinbase_ws.OPEN_SECONDS", 0.3)
    inbox = queue.Queue()
    line = Connection("market", "wss://venue.example:8443", (), inbox, None, back_off_seconds=0.01)
    with within(4):
        line.start()
        lost = [inbox.get(timeout=3) for _ in range(2)]
        line.stop()

    assert all(isinstance(one, Lost) and "the name lookup gave no answer" in one.why for one in lost)
    assert resolver.asked == ["venue.example"]


def test_over_a_name_everything_works_as_over_an_address(tmp_path):
    with on_stage(tmp_path) as stage:
        host = stage.simulator.base_url.replace("127.0.0.1", "localhost")
        papers = stage.simulator.papers.ca_file
        with closing(Questions(host, papers)) as questions, closing(wire_to(stage)) as numbered:
            assert questions.get("/api/v3/brokerage/time").startswith(b"{")
            settings = settings_for(host, papers)
            with closing(CoinbaseWire.connect(settings, a_key(stage.key), clock=HostTime())) as wire:
                assert wire.balances() == numbered.balances()
