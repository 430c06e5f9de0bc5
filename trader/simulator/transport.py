"""
The connections under HTTP and WebSocket: within an application's reach, and with each answer in one piece.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

from trader.simulator.replies import TRANSPORT


def with_transport(app: ASGIApp, transport: asyncio.BaseTransport) -> ASGIApp:
    """*app*, told in every scope which connection it talks over."""

    async def told(scope: Scope, receive: Receive, send: Send) -> None:
        scope[TRANSPORT] = transport
        await app(scope, receive, send)

    return told


class OneSend:
    """A transport on which the head of an answer waits for its body, so that both leave in one piece."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._kept: list[bytes] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send *data*, or keep it until `release`."""
        if self._kept is None:
            self._transport.write(data)
        else:
            self._kept.append(data)

    def keep(self) -> None:
        """From here on nothing leaves."""
        self._kept = []

    def release(self) -> None:
        """What was kept leaves."""
        kept, self._kept = self._kept, None
        if kept:
            self._transport.write(b"".join(kept))


def in_one_send(app: ASGIApp, transport: OneSend) -> ASGIApp:
    """*app*, whose answers leave head and body together."""

    async def joined(scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                transport.keep()
                await send(message)
                return
            await send(message)
            transport.release()

        await app(scope, receive, sent)

    return joined


class ExposedHttp(H11Protocol):
    """HTTP whose application can reach the connection under it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it too
        """Remember the transport for every scope, and write through one that joins head and body."""
        joining = OneSend(transport)
        super().connection_made(cast(asyncio.Transport, joining))
        self.app = in_one_send(with_transport(self.app, transport), joining)


class ExposedWebSocket(WebSocketsSansIOProtocol):
    """The same for a WebSocket."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport for every scope."""
        super().connection_made(transport)
        self.app = with_transport(self.app, transport)

    def shutdown(self) -> None:
        """Say goodbye, unless that is being said already: uvicorn would fall over it, and the server with it."""
        try:
            super().shutdown()
        except InvalidState:
            self.transport.close()
