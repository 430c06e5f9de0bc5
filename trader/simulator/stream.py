"""
One WebSocket connection: what it is subscribed to, its sequence, and what goes wrong on it.

The snapshot of a channel comes before the acknowledgement, which names the
whole set; one sequence counts every frame of the connection from zero.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from starlette.websockets import WebSocket

from trader.simulator import stream_events as events
from trader.simulator.depth import Depth
from trader.simulator.faults import STREAM, Fault
from trader.simulator.keys import ApiKey
from trader.simulator.numbers import stamp
from trader.simulator.orders import Order
from trader.simulator.replies import reset
from trader.simulator.station import Station

CHANNELS = {"ticker", "ticker_batch", "level2", "market_trades", "candles", "status", "heartbeats", "user"}
WIRE_NAMES = {"level2": "l2_data"}
AUTHENTICATION, SUBSCRIBE = "authentication failure", "failure to subscribe"
TOO_MANY_LEVEL2 = "too many L2 streams requested in a single session"
CADENCE_SECONDS = 0.05


class Gone(Exception):
    """The connection is over."""


class Session:
    """One connection's subscriptions and frames."""

    def __init__(self, station: Station, socket: WebSocket) -> None:
        self.station = station
        self.socket = socket
        self.subscribed: dict[str, set[str]] = {}
        self.sequence = 0
        self.stalled = False
        self.changed: list[Order] = []
        self.key = ""
        """Whose token was seen last."""
        self.broken = False
        self._books: dict[str, Depth] = {}
        self._trades_at: dict[str, datetime] = {}
        self._tickers: dict[tuple[str, str], object] = {}
        self._kept: str | None = None
        self._beat_at, self._beats, self._beats_from = 0.0, 0, station.venue.seconds_open()

    async def send(self, channel: str, rows: list[dict[str, Any]]) -> None:
        """One frame of *channel*, with the faults that hit it."""
        frame: dict[str, Any] = {"channel": WIRE_NAMES.get(channel, channel)}
        if self.station.client_id_on_streams:
            frame["client_id"] = ""
        faults = {fault.kind: fault for fault in self.station.plan.draw(f"ws_{channel}", STREAM)}
        self.sequence += "gap" in faults
        frame |= {"timestamp": stamp(self.station.venue.now, 9), "sequence_num": self.sequence, "events": rows}
        self.sequence += 1
        if faults:
            self.station.note("WS", channel, f"ws_{channel}", None).faults += list(faults)
        if "oversize" in faults:
            frame["padding"] = "x" * faults["oversize"].size_bytes
        text = json.dumps(frame, separators=(",", ":"))
        if "swap" in faults and self._kept is None:
            self._kept = text
            return
        kept, self._kept = self._kept, None
        for part in [text] * (1 + ("repeat" in faults)) + ([kept] if kept else []):
            await self.raw(part)
        self.stalled = self.stalled or "stall" in faults
        if "close" in faults:
            await self.close(faults["close"])

    async def raw(self, text: str) -> None:
        """*text* as it is; nothing once the connection is stalled."""
        if not self.stalled:
            await self.socket.send_text(text)

    async def error(self, message: str) -> None:
        """An error frame: no channel, no sequence."""
        await self.raw(json.dumps({"type": "error", "message": message}))

    async def close(self, fault: Fault) -> None:
        """Close with the fault's status; 1006 is a reset."""
        self.broken = True
        if fault.status == 1006:
            await reset(self.socket.scope)
        else:
            await self.socket.close(fault.status or 1000)
        raise Gone

    async def hear(self, text: str) -> None:
        """A message of the client: subscribe or unsubscribe, one channel each."""
        try:
            message = json.loads(text)
            kind, channel, asked = message["type"], message["channel"], set(message.get("product_ids") or ())
        except (ValueError, KeyError, TypeError, AttributeError):
            await self.error(SUBSCRIBE)
            return
        token = message.get("jwt")
        found = self.station.tokens.check(str(token), None) if token else None
        bad = isinstance(found, str) or (found is None and channel == "user")
        if bad or channel not in CHANNELS or kind not in ("subscribe", "unsubscribe"):
            await self.error(AUTHENTICATION)
            return
        self.key = found.name if isinstance(found, ApiKey) else self.key
        known = asked & set(self.station.venue.listings)
        if kind == "unsubscribe":
            left = self.subscribed.get(channel, set()) - known
            self.subscribed.pop(channel, None)
            if left and known:
                self.subscribed[channel] = left
        else:
            most = self.station.venue.settings.level2_max
            if channel == "level2" and len(self.subscribed.get(channel, set()) | known) > most:
                await self.error(TOO_MANY_LEVEL2)
                return
            everything = channel in ("user", "heartbeats")
            if known or everything or (channel == "status" and not asked):
                self.subscribed[channel] = self.subscribed.get(channel, set()) | known
                await self.snapshot(channel, sorted(known))
        await self.acknowledge()

    async def acknowledge(self) -> None:
        """The whole set of subscriptions."""
        await self.send("subscriptions", [events.subscriptions(self.station.venue, self.subscribed)])

    async def snapshot(self, channel: str, products: list[str]) -> None:
        """What is, before what changes."""
        self.station.advance()
        venue = self.station.venue
        if channel == "user":
            for batch in events.user_snapshots(venue, set(products)):
                await self.send("user", [batch])
            again = venue.settings.repeats_on_reconnect
            if again and ("x-cb-retry-counter" in self.socket.headers or self.key in self.station.broken_streams):
                self.station.broken_streams.discard(self.key)
                self.changed[:0] = list(venue.orders.values())[-again:]
        elif channel == "status":
            rows = [events.status(venue, venue.listings[name]) for name in products or sorted(venue.listings)]
            await self.send("status", [{"type": "snapshot", "products": rows}])
        elif channel != "heartbeats":
            await self.market(channel, products, first=True)

    async def market(self, channel: str, products: Iterable[str], first: bool = False) -> None:
        """News of a market channel; a twin's news are told under the product whose market it is."""
        listings = self.station.venue.listings
        for name in dict.fromkeys(listings[product].market_id for product in products):
            for event in self._news(channel, name, first):
                await self.send(channel, [event])

    def _news(self, channel: str, name: str, first: bool) -> list[dict[str, Any]]:
        venue = self.station.venue
        listing = venue.listings[name]
        depth = venue.depth(listing)
        if depth is None:
            return []
        found: dict[str, Any] | None = None
        if channel in ("ticker", "ticker_batch"):
            row = events.ticker(venue, listing, depth, batch=channel == "ticker_batch")
            if first or self._tickers.get((channel, name)) != row:
                found = {"type": "snapshot" if first else "update", "tickers": [row]}
            self._tickers[channel, name] = row
        elif channel == "level2":
            found = events.level2(listing, None if first else self._books.get(name), depth, venue.now)
            self._books[name] = depth
        elif channel == "market_trades":
            found = events.trades(venue, listing, None if first else self._trades_at.get(name, venue.now))
            self._trades_at[name] = venue.now
        elif channel == "candles":
            found = events.five_minutes(venue, listing, first)
        return [found] if found else []

    async def pump(self, now_seconds: float) -> None:
        """Everything that changed since the last time; called every 50 ms or sooner."""
        second = now_seconds >= self._beat_at
        if second:
            self._beat_at = now_seconds + 1
            self._beats += 1
        if "user" in self.subscribed:
            await self.tell_user()
        for channel, products in list(self.subscribed.items()):
            every = {"candles": second, "ticker_batch": second and self._beats % 5 == 0}
            if channel in ("ticker", "level2", "market_trades") or every.get(channel, False):
                await self.market(channel, sorted(products))
        if second and "heartbeats" in self.subscribed:
            await self.send("heartbeats", [events.heartbeat(self.station.venue, self._beats_from + self._beats)])

    async def tell_user(self) -> None:
        """Orders that changed, as they are now."""
        wanted, told = self.subscribed["user"], self.changed
        self.changed = []
        rows = [events.user_order(self.station.venue, row) for row in told if not wanted or row.product_id in wanted]
        if rows:
            await self.send("user", [{"type": "update", "orders": rows}])
