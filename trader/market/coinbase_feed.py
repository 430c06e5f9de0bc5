"""
The feed: connections, one reader that takes in what they bring, and the watchdog over them.

A connection that ends, falls silent, only beats its heart, loses a frame or is
told no is made anew, and everything it told is in doubt until REST was asked.
Nobody has to call anything for that to happen.
"""

from __future__ import annotations

import queue
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trader.coinbase.trust import WS_URL, trusting
from trader.market.coinbase_frames import BadFrame, Beat, Frame, Subscribed, parse
from trader.market.coinbase_streams import NO_TWINS, USUAL, Streams, by_market
from trader.market.coinbase_ws import BACK_OFF_SECONDS, Channel, Connection, Heard, Inbox, Lost, Opened, Token
from trader.risk.rules.outlier import Outlier

MARKET_CHANNELS: Final = ("market_trades", "ticker", "level2", "heartbeats")
SYMBOLS_A_LINE: Final = 10
"""The venue refuses more than some sixteen books a connection."""
INBOX_MAX: Final = 20_000
TICK_SECONDS: Final = 0.2
NOTES_KEPT: Final = 100


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """Where the streams are, and how long they may be silent; *url* with its scheme."""

    url: str = WS_URL
    user_url: str = ""
    """Where the user channel is; "" without it."""
    ca_file: Path | None = None
    channels: tuple[str, ...] = MARKET_CHANNELS
    silence_seconds: float = 5.0
    """Nothing at all, where a heartbeat comes every second."""
    stall_seconds: float = 30.0
    """Heartbeats and nothing else, over all symbols of the connection."""
    back_off_seconds: float = BACK_OFF_SECONDS


@dataclass(slots=True)
class _Watched:
    """A connection and when it was last heard; seconds of our own clock."""

    connection: Connection
    symbols: tuple[str, ...]
    heard_at: float = 0.0
    data_at: float = 0.0
    open: bool = False
    opened: int = 0


class Feed:
    """
    Streams of *symbols*, kept alive from `start` to `close`; *token* makes a token for each message where keys exist,
    and *twins* maps a symbol to the product whose market it is: that one is asked for, once for all its twins.

    `streams` is what they say; `notes` why connections were made anew, newest last.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        settings: FeedSettings | None = None,
        token: Token | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        limits: Outlier = USUAL,
        twins: Mapping[str, str] = NO_TWINS,
    ) -> None:
        self.settings = settings or FeedSettings()
        self.streams = Streams(symbols, limits, twins)
        self.notes: deque[str] = deque(maxlen=NOTES_KEPT)
        self._monotonic = monotonic
        self._inbox: Inbox = queue.Queue(INBOX_MAX)
        self._stopping = threading.Event()
        self._lines: dict[str, _Watched] = {}
        self._reader: threading.Thread | None = None
        self._build(by_market(symbols, twins), token)

    def start(self) -> None:
        """Open every connection."""
        for watched in self._lines.values():
            watched.connection.start()
        self._reader = threading.Thread(target=self._read, name="feed-reader", daemon=True)
        self._reader.start()

    def close(self) -> None:
        """Close every connection; nothing is left behind."""
        self._stopping.set()
        for watched in self._lines.values():
            watched.connection.stop()
        if self._reader is not None:
            self._reader.join()

    @property
    def alive(self) -> bool:
        """Somebody reads; without a reader nothing that is known here becomes newer."""
        return self._reader is not None and self._reader.is_alive()

    @property
    def opened(self) -> int:
        """How many connections were made so far."""
        return sum(watched.opened for watched in self._lines.values())

    def _build(self, markets: Mapping[str, tuple[str, ...]], token: Token | None) -> None:
        context = trusting(self.settings.ca_file) if self.settings.url.startswith("wss:") else None
        names = tuple(markets)
        for first in range(0, len(names), SYMBOLS_A_LINE):
            some = names[first : first + SYMBOLS_A_LINE]
            wanted = [Channel(name, () if name == "heartbeats" else some) for name in self.settings.channels]
            symbols = tuple(symbol for market in some for symbol in markets[market])
            self._line(f"market-{first // SYMBOLS_A_LINE + 1}", self.settings.url, wanted, symbols, context, token)
        if self.settings.user_url:
            wanted = [Channel("user"), Channel("heartbeats")]
            self._line("user", self.settings.user_url, wanted, (), context, token)

    def _line(
        self, line: str, url: str, wanted: Sequence[Channel], symbols: tuple[str, ...],
        context: ssl.SSLContext | None, token: Token | None,
    ) -> None:  # fmt: skip
        connection = Connection(line, url, wanted, self._inbox, context, token, self.settings.back_off_seconds)
        self._lines[line] = _Watched(connection, symbols)

    def _read(self) -> None:
        while not self._stopping.is_set():
            try:
                news = self._inbox.get(timeout=TICK_SECONDS)
            except queue.Empty:
                self._watch()
                continue
            watched = self._lines[news.line]
            if isinstance(news, Heard):
                self._heard(watched, news)
            else:
                self._changed(watched, news)
            self._watch()

    def _changed(self, watched: _Watched, news: Opened | Lost) -> None:
        line = news.line
        watched.heard_at = watched.data_at = self._monotonic()
        if isinstance(news, Opened):
            watched.open, watched.opened = True, watched.opened + 1
            self.streams.opened(line, watched.symbols)
        else:
            watched.open = False
            self.streams.closed(line)
            self.notes.append(f"{line}: {news.why}")

    def _heard(self, watched: _Watched, news: Heard) -> None:
        if not watched.open:
            return
        watched.heard_at = self._monotonic()
        try:
            frame = parse(news.text)
        except BadFrame as error:
            self._renew(watched, f"a frame that cannot be understood: {error}")
            return
        if _is_data(frame):
            watched.data_at = watched.heard_at
        why = self.streams.hear(news.line, frame)
        if why:
            self._renew(watched, why)

    def _watch(self) -> None:
        """Make anew what is silent or dead; called every moment, by nobody who could be hung with the connection."""
        now = self._monotonic()
        for watched in self._lines.values():
            if not watched.connection.alive and not self._stopping.is_set():
                watched.connection.start()
            if not watched.open:
                continue
            if now - watched.heard_at > self.settings.silence_seconds:
                self._renew(watched, f"silent for {self.settings.silence_seconds:g} s")
            elif watched.symbols and now - watched.data_at > self.settings.stall_seconds:
                self._renew(watched, f"nothing but heartbeats for {self.settings.stall_seconds:g} s")

    def _renew(self, watched: _Watched, why: str) -> None:
        """Until it is open again nothing it still brings is believed."""
        watched.open = False
        self.streams.closed(watched.connection.line)
        watched.connection.renew(why)


def _is_data(frame: Frame) -> bool:
    return any(not isinstance(event, Beat | Subscribed) for event in frame.events)
