"""
One WebSocket connection to Coinbase, in a thread of its own that only passes frames on.

It is made anew whenever it ends, for whatever reason and however quietly, after
a pause with full jitter, and asks for everything again.  Certificate and name are
verified.  Whether it has fallen silent is for somebody else to see: `renew` is for him.
"""

from __future__ import annotations

import json
import queue
import random
import socket as net
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.sync.connection import Connection as Socket

from trader.coinbase.names import connected
from trader.coinbase.trust import refuses_certificate, untrusted

OPEN_SECONDS, CLOSE_SECONDS, TICK_SECONDS = 5.0, 1.0, 0.2
FRAME_BYTES_MAX: Final = 16 * 1024 * 1024
"""The largest snapshot of a book that was seen has 4.6 million."""
BACK_OFF_SECONDS, BACK_OFF_MAX_SECONDS = 1.0, 30.0
STEADY_SECONDS: Final = 30.0
"""A connection that lived so long was a good one: the next pause is a short one again."""

Token = Callable[[], str]
"""Makes a fresh token for one message."""


@dataclass(frozen=True, slots=True)
class Channel:
    """What to subscribe to; `heartbeats` and `user` without symbols mean everything."""

    name: str
    symbols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """The connection *line* is there and has asked for everything."""

    line: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A frame of *line*."""

    line: str
    text: str | bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection *line* is over, and why."""

    line: str
    why: str


News = Opened | Heard | Lost
Inbox = queue.Queue[News]


class Connection:
    """
    Keeps *line* to *url* open and puts what comes into *inbox*, until `stop`.

    A full inbox loses frames: the gap in their count tells.
    """

    def __init__(
        self,
        line: str,
        url: str,
        channels: Sequence[Channel],
        inbox: Inbox,
        context: ssl.SSLContext | None,
        token: Token | None = None,
        back_off_seconds: float = BACK_OFF_SECONDS,
    ) -> None:
        self.line, self._url, self._channels = line, url, tuple(channels)
        self._inbox, self._context, self._token = inbox, context, token
        self._back_off_seconds = back_off_seconds
        self._stopping, self._renewing = threading.Event(), threading.Event()
        self._why = ""
        self._failures = 0
        self._thread: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        """Its thread is there."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Open it; opens it again where its thread has died."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name=f"feed-{self.line}", daemon=True)
        self._thread.start()

    def renew(self, why: str) -> None:
        """Give the connection up and make another."""
        self._why = why
        self._renewing.set()

    def stop(self) -> None:
        """Close it for good, and wait until it is closed."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(OPEN_SECONDS + CLOSE_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._renewing.clear()
            began = time.monotonic()
            try:
                why = self._converse()
            except (OSError, WebSocketException) as error:
                why = untrusted(self._url, error) if refuses_certificate(error) else f"{type(error).__name__}: {error}"
            self._put(Lost(self.line, why), surely=True)
            self._failures = 0 if time.monotonic() - began > STEADY_SECONDS else self._failures + 1
            longest = min(BACK_OFF_MAX_SECONDS, self._back_off_seconds * 2 ** max(0, min(self._failures, 8) - 1))
            self._stopping.wait(random.uniform(0, longest))

    def _converse(self) -> str:
        """One connection from its opening to its end; why it ended."""
        with connect(
            self._url,
            sock=self._plug(),
            ssl=self._context,
            open_timeout=OPEN_SECONDS,
            close_timeout=CLOSE_SECONDS,
            max_size=FRAME_BYTES_MAX,
            user_agent_header="247trader",
        ) as socket:
            self._put(Opened(self.line), surely=True)
            for channel in self._channels:
                socket.send(self._subscription(channel))
            while not self._stopping.is_set():
                if self._renewing.is_set():
                    return self._why
                self._next(socket)
        return "stopped"

    def _plug(self) -> net.socket:
        url = urlsplit(self._url)
        port = url.port or (443 if url.scheme == "wss" else 80)
        plug = connected(url.hostname or "", port, OPEN_SECONDS, 2 * OPEN_SECONDS)
        plug.settimeout(None)
        return plug

    def _next(self, socket: Socket) -> None:
        try:
            text = socket.recv(TICK_SECONDS)
        except TimeoutError:
            return
        self._put(Heard(self.line, text))

    def _subscription(self, channel: Channel) -> str:
        message: dict[str, object] = {
            "type": "subscribe",
            "product_ids": list(channel.symbols),
            "channel": channel.name,
        }
        if self._token is not None:
            message["jwt"] = self._token()
        return json.dumps(message)

    def _put(self, news: News, surely: bool = False) -> None:
        """What opens and closes a line is never lost; the reader is there as long as we are."""
        while True:
            try:
                self._inbox.put_nowait(news)
                return
            except queue.Full:
                if not surely or self._stopping.wait(TICK_SECONDS):
                    return
