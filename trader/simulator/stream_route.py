"""
The way in for WebSockets: a reader and a pump for each connection, and the rules of silence.

Who does not subscribe within five seconds is put out, and so is a connection
on which nothing was said for 60 to 90.
"""

from __future__ import annotations

import asyncio

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from trader.simulator.faults import Fault
from trader.simulator.orders import Order
from trader.simulator.station import Station
from trader.simulator.stream import CADENCE_SECONDS, Gone, Session

IDLE_SECONDS = (60.0, 90.0)


class Streams:
    """Every open connection."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.sessions: list[Session] = []
        self.orders: list[Fault] = []
        station.venue.listeners.append(self.order_changed)
        station.streams = self.do
        station.tell_user = self.tell_user

    def do(self, fault: Fault) -> int:
        """Stall or close every connection now, while it is idle."""
        self.orders.append(fault)
        return len(self.sessions)

    def order_changed(self, order: Order) -> None:
        """Queue the change; the pump tells it, unless `tell_user` does before."""
        for session in self.sessions:
            session.changed.append(order)

    async def tell_user(self) -> None:
        """Tell every user channel what changed, now: before the answer to the call that changed it."""
        for session in [session for session in self.sessions if "user" in session.subscribed]:
            try:
                await session.tell_user()
            except (Gone, WebSocketDisconnect):
                continue

    async def serve(self, socket: WebSocket) -> None:
        """One connection from its opening to its end."""
        await socket.accept()
        session = Session(self.station, socket)
        self.sessions.append(session)
        reading = asyncio.create_task(self._read(session))
        pumping = asyncio.create_task(self._pump(session))
        try:
            await asyncio.wait({reading, pumping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.sessions.remove(session)
            if session.broken:
                self.station.broken_streams.add(session.key)
            for task in (reading, pumping):
                task.cancel()
            await asyncio.gather(reading, pumping, return_exceptions=True)

    async def _read(self, session: Session) -> None:
        try:
            first = self.station.venue.settings.first_subscribe_seconds
            text = await asyncio.wait_for(session.socket.receive_text(), first)
            while True:
                await session.hear(text)
                text = await session.socket.receive_text()
        except TimeoutError:
            await session.socket.close(1008)
        except (Gone, WebSocketDisconnect):
            return

    async def _pump(self, session: Session) -> None:
        loop = asyncio.get_running_loop()
        sequence, spoke, done = 0, loop.time(), len(self.orders)
        idle = self.station.venue.settings.idle_seconds or self.station.chance.uniform(*IDLE_SECONDS)
        try:
            while True:
                for fault in self.orders[done:]:
                    done += 1
                    session.stalled = session.stalled or fault.kind == "stall"
                    if fault.kind == "close":
                        await session.close(fault)
                await session.pump(loop.time())
                if session.sequence != sequence:
                    sequence, spoke = session.sequence, loop.time()
                if loop.time() - spoke > idle:
                    await session.socket.close(1000)
                    return
                await asyncio.sleep(CADENCE_SECONDS)
        except (Gone, WebSocketDisconnect):
            return


def stream_routes(station: Station) -> tuple[BaseRoute, ...]:
    """Both of the venue's endpoints: market data and user; here each takes every channel."""
    streams = Streams(station)

    async def endpoint(socket: WebSocket) -> None:
        await streams.serve(socket)

    return (WebSocketRoute("/", endpoint), WebSocketRoute("/user", endpoint))
