"""Wires to a simulator on the stage, clocks that do not wait, and a server that answers what no simulator would."""

from __future__ import annotations

import random
import re
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from trader.coinbase.courtesy import Courtesy
from trader.exchange.coinbase import CoinbaseWire
from trader.exchange.coinbase_key import ApiKey, Secret
from trader.exchange.coinbase_settings import CoinbaseSettings, RateRules, RetryRules
from trader.model.trading import Side
from trader.model.wire import WireKind, WireOrder
from trader.simulator.keys import new_key
from trader.simulator.tls import certify

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
UNHURRIED = RateRules(
    orders_per_second=1e6, orders_burst=1000, private_per_second=1e6, private_burst=1000, public_per_second=1e6
)  # fmt: skip


class HostTime:
    """The host's clock, except that nobody sleeps."""

    def __init__(self):
        self.slept = []

    def now(self):
        return datetime.now(UTC)

    def monotonic(self):
        return time.monotonic()

    def sleep(self, seconds):
        self.slept.append(seconds)


class WrittenTime:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.seconds = 1000.0
        self.slept = []

    def now(self):
        return NOON + timedelta(seconds=self.seconds - 1000)

    def monotonic(self):
        return self.seconds

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.seconds += seconds


def a_key(key=None):
    made = key or new_key()
    return ApiKey(Secret(made.name), Secret(made.secret))


def settings_for(host, ca_file, retries=0, **more):
    times = {"connect_timeout_seconds": 2.0, "read_timeout_seconds": 2.0, "deadline_seconds": 4.0}
    return CoinbaseSettings(
        rest_host=host, ca_file=ca_file, retry=RetryRules(retries=retries), **{**times, "rates": UNHURRIED, **more}
    )


def alone(settings, clock):
    """A courtesy towards a host that nobody shares, by *clock*."""
    rates, retry = settings.rates, settings.retry
    return Courtesy(rates.public_per_second, retry.budget_per_second, clock.monotonic, clock.sleep)


def wire_to(stage, *, key=None, clock=None, read_only=False, rows_a_page=100, courtesy=None, **more):
    """A wire to the stage's simulator; without limits and retries unless asked for, and sharing nothing with others."""
    settings = settings_for(stage.simulator.base_url, stage.simulator.papers.ca_file, **more)
    wire = CoinbaseWire.connect(
        settings, a_key(key or stage.key), clock=clock or HostTime(), read_only=read_only, rng=random.Random(1),
        courtesy=courtesy or alone(settings, clock or HostTime()),
    )  # fmt: skip
    wire._page = str(rows_a_page)
    return wire


def an_order(client_order_id, **more):
    """A bid far below the market, unless told otherwise."""
    order = WireOrder(
        client_order_id,
        "BTC-USD",
        Side.BUY,
        WireKind.LIMIT_GTC,
        size=Decimal("0.00100000"),
        limit_price=Decimal("2E+4"),
    )
    return replace(order, **more)


@contextmanager
def a_server(folder, answer):
    """A TLS server on loopback that sends *answer* (bytes, or a function of socket and request) to every request."""
    papers = certify(folder, "scripted")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(papers.chain_file, papers.key_file)
    listening = socket.create_server(("127.0.0.1", 0))
    server = ScriptedServer(listening, context, answer)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server, settings_for(f"127.0.0.1:{listening.getsockname()[1]}", papers.ca_file)
    finally:
        server.over.set()
        listening.close()
        thread.join(5)


class ScriptedServer:
    """Keeps what it was asked."""

    def __init__(self, listening, context, answer):
        self.listening, self.context, self.answer = listening, context, answer
        self.asked = []
        self.over = threading.Event()
        listening.settimeout(0.05)

    def serve(self):
        while not self.over.is_set():
            try:
                plain, _ = self.listening.accept()
            except OSError:
                continue
            with suppress(OSError), self.context.wrap_socket(plain, server_side=True) as plug:
                plug.settimeout(2)
                request = self._request(plug)
                if request:
                    self.asked.append(request)
                    if callable(self.answer):
                        self.answer(plug, request)
                    else:
                        plug.sendall(self.answer)

    @staticmethod
    def _request(plug):
        """Head and body, for an answer before the whole of it would reset the connection."""
        request, wanted = b"", 1
        while len(request) < wanted:
            more = plug.recv(65536)
            if not more:
                return b""
            request += more
            head, end, _ = request.partition(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head.lower())
            wanted = len(head) + 4 + int(length[1]) if end and length else len(request) + (not end)
        return request


def http(body, status="200 OK", headers=""):
    """One whole answer that closes the connection."""
    raw = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(raw)}\r\nConnection: close\r\n{headers}\r\n"
    return head.encode() + raw
