"""
The last thing before the network: what may leave, to whom, and until when.

Only calls of our own list leave, only to one host whose certificate verifies,
and no byte after the call's deadline.  And it is known of every call whether a
first byte left: an order that failed before it certainly does not exist.
"""

from __future__ import annotations

import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from trader.coinbase.names import connected

IDLE_CONNECTIONS = 10
CONNECT_SECONDS = 10.0
"""Where nobody said how long an address may take."""


def nobody() -> str:
    """Nothing speaks against a call."""
    return ""


class Stopped(ConnectionError):
    """Somebody said stop before the first byte; nothing left."""


@dataclass(slots=True)
class Passage:
    """
    One call on its way: *deadline* by the monotonic clock, and whether a byte of the request left.

    *forbids* is asked immediately before the first byte, when turns, names and handshakes have been waited for.
    """

    deadline: float
    forbids: Callable[[], str] = nobody
    left: bool = False

    def remaining(self) -> float:
        """Seconds until nothing may move any more."""
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the call's deadline is over")
        return seconds

    def leave(self) -> None:
        """A byte is about to leave; raises Stopped where it is the first and must not."""
        reason = "" if self.left else self.forbids()
        if reason:
            raise Stopped(reason)
        self.left = True


_passage: ContextVar[Passage | None] = ContextVar("passage", default=None)


@contextmanager
def passage(deadline_seconds: float, forbids: Callable[[], str] = nobody) -> Iterator[Passage]:
    """Everything sent and read by this thread within is one call."""
    way = Passage(time.monotonic() + deadline_seconds, forbids)
    token = _passage.set(way)
    try:
        yield way
    finally:
        _passage.reset(token)


class DeadlineSocket(ssl.SSLSocket):
    """A TLS socket that holds each read and write to its call's deadline: a time-out alone lets bytes drip for ever."""

    def send(self, data: Any, flags: int = 0) -> int:
        """Send, if it may, and note that something left."""
        self._hasten()
        way = _passage.get()
        if way is not None:
            way.leave()
        return super().send(data, flags)

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        """Read no longer than the call may last."""
        self._hasten()
        return super().recv_into(buffer, nbytes, flags)

    def _hasten(self) -> None:
        way = _passage.get()
        if way is not None:
            left, usual = way.remaining(), self.gettimeout()
            self.settimeout(left if usual is None else min(usual, left))


class BoundedConnection(HTTPSConnection):
    """A connection whose name lookup and addresses are held to its call's deadline; TLS is made over it as ever."""

    def _new_conn(self) -> socket.socket:
        way, wanted = _passage.get(), self.timeout
        seconds = float(wanted) if isinstance(wanted, int | float) else CONNECT_SECONDS
        try:
            whole = seconds if way is None else way.remaining()
            plug = connected(self.host, self.port or 443, seconds, whole)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"connecting to {self.host}: {error.strerror or error}") from error
        except OSError as error:
            raise NewConnectionError(self, f"connecting to {self.host}: {error}") from error
        for option in self.socket_options or ():
            plug.setsockopt(*option)
        sys.audit("http.client.connect", self, self.host, self.port)
        return plug


class BoundedPool(HTTPSConnectionPool):
    """Connections of that kind."""

    ConnectionCls = BoundedConnection


class Forbidden(requests.RequestException):
    """A call that is not on the list; it did not leave."""


Permit = Callable[[str, str], bool]
"""Whether a method and a path may leave."""


class GuardedAdapter(HTTPAdapter):
    """Carries what *permit* lets pass, over TLS that trusts *context* alone; no retries of its own."""

    def __init__(self, context: ssl.SSLContext, permit: Permit) -> None:
        self._context = context
        self._permit = permit
        super().__init__(pool_maxsize=IDLE_CONNECTIONS, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        """Every connection of this adapter is made with our context."""
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._context, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": BoundedPool}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Nobody's settings, `verify=False` among them, add to or take from whom we trust."""
        conn.cert_reqs, conn.ca_certs, conn.ca_cert_dir = "CERT_REQUIRED", None, None

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Pass *request* on, if it may leave."""
        path = urlsplit(str(request.url)).path
        if not self._permit(str(request.method), path):
            raise Forbidden(f"{request.method} {path} may not leave here")
        return super().send(request, *args, **kwargs)


def guard(session: requests.Session, host: str, context: ssl.SSLContext, permit: Permit) -> None:
    """Make *session* reach *host* and nothing else: no proxy, no redirect, no other scheme."""
    context.sslsocket_class = DeadlineSocket
    session.trust_env = False
    session.max_redirects = 0
    session.adapters.clear()
    session.mount(f"https://{host}/", GuardedAdapter(context, permit))
