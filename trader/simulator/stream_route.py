"""
The way in for WebSockets: a reader and a pump for each connection, and the rules of silence.

Who does not subscribe within five seconds is put out, and so is a connection
on which nothing was said for ninety.
"""

from __future__ import annotations

import asyncio
import random

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from trader.simulator.faults import Fault
from trader.simulator.orders import Order
from trader.simulator.station import Station
from trader.simulator.stream import CADENCE_SECONDS, FIRST_SECONDS, IDLE_SECONDS, Gone, Session


class Streams:
    """Every open connection."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.sessions: list[Session] = []
        self.orders: list[Fault] = []
        self._chance = random.Random(station.plan.seed)
        station.venue.listeners.append(self.order_changed)
        station.streams = self.do

    def do(self, fault: Fault) -> int:
        """Stall or close every connection now, while it is idle."""
        self.orders.append(fault)
        return len(self.sessions)

    def order_changed(self, order: Order) -> None:
        """Queue the change; half of the time it is on its way before the answer to the call that made it."""
        for session in self.sessions:
            session.changed.append(order)
            if "user" in session.subscribed and self._chance.random() < 0.5:
                session.wake.set()

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
            for task in (reading, pumping):
                task.cancel()
            await asyncio.gather(reading, pumping, return_exceptions=True)

    async def _read(self, session: Session) -> None:
        try:
            text = await asyncio.wait_for(session.socket.receive_text(), FIRST_SECONDS)
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
        try:
            while True:
                if session.wake.is_set() and "user" in session.subscribed:
                    await session.tell_user()
                session.wake.clear()
                for fault in self.orders[done:]:
                    done += 1
                    session.stalled = session.stalled or fault.kind == "stall"
                    if fault.kind == "close":
                        await session.close(fault)
                await session.pump(loop.time())
                if session.sequence != sequence:
                    sequence, spoke = session.sequence, loop.time()
                if loop.time() - spoke > IDLE_SECONDS:
                    await session.socket.close(1000)
                    return
                try:
                    await asyncio.wait_for(session.wake.wait(), CADENCE_SECONDS)
                except TimeoutError:
                    continue
        except (Gone, WebSocketDisconnect):
            return


def stream_routes(station: Station) -> tuple[BaseRoute, ...]:
    """Both of the venue's endpoints: market data and user; here each takes every channel."""
    streams = Streams(station)

    async def endpoint(socket: WebSocket) -> None:
        await streams.serve(socket)

    return (WebSocketRoute("/", endpoint), WebSocketRoute("/user", endpoint))
