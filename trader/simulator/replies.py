"""
Answers, whole and broken: what leaves the socket, byte for byte.

A broken answer is broken on the wire itself, below HTTP where it must be, so
that the caller meets what he would meet outside.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

TRANSPORT = "simulator.transport"
"""Where a scope carries its connection's transport."""
BAD_GATEWAY = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>502 Bad Gateway</body>\r\n</html>\r\n"
TOO_MANY = {"errors": [{"id": "rate_limit_exceeded", "message": "Too many requests"}]}


def dumped(body: Any) -> bytes:
    """JSON as the venue spaces it."""
    return json.dumps(body, separators=(", ", ":"), ensure_ascii=False).encode()


def compact(body: Any) -> bytes:
    """JSON without a space: the SDK looks for such a text."""
    return json.dumps(body, separators=(",", ":")).encode()


def reply(body: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(dumped(body), status, media_type="application/json")


def unauthorized() -> Response:
    """What every failed token gets."""
    return Response("Unauthorized\n", 401, media_type="text/plain")


def no_scope() -> Response:
    """What a key without the scope gets."""
    words = "Missing required scopes"
    body = {"error": "PERMISSION_DENIED", "error_details": words, "message": words}
    return Response(compact(body), 403, media_type="application/json")


def blocked() -> Response:
    """What a caller gets who made too many errors."""
    return Response("Too many errors", 403, media_type="text/plain")


def throttled(kind: str) -> Response:
    """429: empty by default, else html or json."""
    if kind == "json":
        return reply(TOO_MANY, 429)
    return Response("<html>429 Too Many Requests</html>" if kind == "html" else b"", 429, media_type="text/html")


class Broken(Response):
    """*kind* is done to the answer while it is sent."""

    def __init__(self, kind: str, whole: Response, seconds: float = 0.0) -> None:
        super().__init__(whole.body, whole.status_code, media_type=whole.media_type or "application/json")
        self.kind = kind
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, broken."""
        if self.kind == "reset":
            await asyncio.sleep(self.seconds)
            await reset(scope)
            return
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if self.kind == "cut":
            half = bytes(self.body[: len(self.body) // 2])
            await send({"type": "http.response.body", "body": half, "more_body": True})
            scope[TRANSPORT].close()
            await asyncio.sleep(0.01)
            return
        pause = self.seconds / max(1, len(self.body))
        for byte in bytes(self.body):
            await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
            await asyncio.sleep(pause)
        await send({"type": "http.response.body", "body": b""})


async def reset(scope: Scope) -> None:
    """Cut the connection with a TCP reset, no goodbye."""
    transport = scope[TRANSPORT]
    plug = transport.get_extra_info("socket")
    if plug is not None:
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await asyncio.sleep(0.01)
