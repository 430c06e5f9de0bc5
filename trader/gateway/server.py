"""
The gateway's door: HTTP on a unix socket that only its owner may open.

The kernel comes in here and nowhere else.  A request is one question to the
gateway; a refusal is a sentence with a status, never a traceback.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from trader.errors import TraderError
from trader.gateway.service import Gateway, NoSuchQuestion, Unreadable
from trader.gateway.socket_file import bind

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

BODY_BYTES_MAX = 16 * 1024 * 1024
START_SECONDS, CLOSE_SECONDS = 10.0, 3.0
STATUS: dict[type[TraderError], int] = {NoSuchQuestion: 404, Unreadable: 400}
REFUSED = 409


def application(gateway: Gateway) -> Starlette:
    """The ASGI application that asks *gateway*."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def answer(request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                return PlainTextResponse(f"more than {BODY_BYTES_MAX} bytes; nothing of it was read", 413)
        try:
            text = await run_in_threadpool(gateway.ask, request.method, request.url.path, body.decode("utf-8"))
        except UnicodeDecodeError as error:
            return PlainTextResponse(f"not UTF-8: {error.reason} at byte {error.start}", 400)
        except TraderError as error:
            return PlainTextResponse(str(error), STATUS.get(type(error), REFUSED))
        return PlainTextResponse(text, media_type="application/json")

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])


class Door:
    """Serves *gateway* on the socket *path* from a thread of its own; `close` ends it and removes the socket."""

    def __init__(self, gateway: Gateway, path: Path) -> None:
        import uvicorn

        self.path = path
        self._socket = bind(path)
        config = uvicorn.Config(
            application(gateway), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="gateway-door", daemon=True)

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])

    def open(self) -> None:
        """Start serving; returns once the socket answers."""
        self._thread.start()
        for _ in range(int(START_SECONDS / 0.01)):
            if self._server.started:
                return
            self._thread.join(0.01)
        raise TraderError(f"{self.path}: the gateway did not start to serve within {START_SECONDS:g} s")

    def close(self) -> None:
        """End serving; nobody finds the socket any more."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)
        self._socket.close()
        self.path.unlink(missing_ok=True)
