"""
The gateway's door: HTTP on a unix socket that only its owner may open.

The kernel comes in here and nowhere else.  Every request is one method of the
core under one lock, so the decision stays single-threaded; what comes in is
parsed strictly, and what is wrong with it is answered in a sentence.
"""

from __future__ import annotations

import os
import socket
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trader.errors import HeldElsewhere, TraderError
from trader.gateway.core import Cycle, TradingCore
from trader.gateway.desk_info import DeskInfo
from trader.model.codec import CodecError, dumps, loads
from trader.model.decision import Decision, Proposals

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

BODY_BYTES_MAX = 16 * 1024 * 1024
START_SECONDS = 10.0


class Gateway:
    """*core* behind a lock: the scheduler's thread and the socket's threads take turns."""

    def __init__(self, core: TradingCore, desk: DeskInfo) -> None:
        self.core, self.desk = core, desk
        self._lock = threading.RLock()

    def begin(self, k: int | None = None) -> Cycle:
        """See `TradingCore.begin`."""
        with self._lock:
            return self.core.begin(k)

    def finish(self, cycle_id: str, status: str, path: str, sha256: str, detail: str, timings: dict[str, float]) -> None:
        """See `TradingCore.finish`."""
        with self._lock:
            self.core.finish(cycle_id, status, path, sha256, detail, timings)

    def snapshot_text(self, cycle_id: str) -> str:
        """The canonical snapshot of the cycle in progress."""
        with self._lock:
            return self.core.snapshot_text(cycle_id)

    def submit(self, cycle_id: str, proposals: Proposals) -> Decision:
        """See `TradingCore.submit`."""
        with self._lock:
            return self.core.submit(cycle_id, proposals)

    def view(self) -> dict[str, Any]:
        """The book as it stands: cash, positions, working orders, state; plain values."""
        with self._lock:
            return self.core.view()


def routes(gateway: Gateway) -> Any:
    """The ASGI application."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    def answer(ask: Callable[[str], str]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            if len(body) > BODY_BYTES_MAX:
                return PlainTextResponse(f"more than {BODY_BYTES_MAX} bytes", 413)
            cycle_id = request.path_params.get("cycle_id", "")
            try:
                text = await run_in_threadpool(ask, f"{cycle_id}\n{body.decode('utf-8', 'strict')}")
            except (TraderError, CodecError, UnicodeDecodeError) as error:
                return PlainTextResponse(str(error), 409)
            return PlainTextResponse(text, media_type="application/json")

        return endpoint

    def submit(text: str) -> str:
        cycle_id, _, body = text.partition("\n")
        return dumps(gateway.submit(cycle_id, loads(Proposals, body)))

    return Starlette(
        routes=[
            Route("/v1/desk", answer(lambda _: dumps(gateway.desk))),
            Route("/v1/book", answer(lambda _: _json(gateway.view()))),
            Route("/v1/cycles/{cycle_id}/snapshot", answer(lambda text: gateway.snapshot_text(text.partition("\n")[0]))),
            Route("/v1/cycles/{cycle_id}/proposals", answer(submit), methods=["POST"]),
        ]
    )


def _json(plain: object) -> str:
    import json

    return json.dumps(plain, sort_keys=True)


class Door:
    """Serves *gateway* on *path* from a thread of its own; `close` ends it and removes the socket."""

    def __init__(self, gateway: Gateway, path: Path) -> None:
        import uvicorn

        self.path = path
        self._socket = bind(path)
        config = uvicorn.Config(routes(gateway), log_config=None, access_log=False, lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="gateway-door", daemon=True)

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])

    def open(self) -> None:
        """Start serving; returns once the socket answers."""
        self._thread.start()
        waited = threading.Event()
        for _ in range(int(START_SECONDS / 0.01)):
            if self._server.started:
                return
            waited.wait(0.01)
        raise TraderError(f"{self.path}: the gateway did not start to serve within {START_SECONDS:g} s")

    def close(self) -> None:
        """End serving; nobody finds the socket any more."""
        self._server.should_exit = True
        self._thread.join(timeout=5)
        self._socket.close()
        self.path.unlink(missing_ok=True)


def bind(path: Path) -> socket.socket:
    """
    A unix socket at *path* that only its owner may open (0600).

    A socket nobody serves any more is replaced; one that answers raises HeldElsewhere; anything that is not a socket
    is left alone and raises a TraderError.
    """
    if path.exists() and not stat.S_ISSOCK(path.stat().st_mode):
        raise TraderError(f"{path}: is in the way of the gateway's socket and is no socket; move it away")
    if path.exists():
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            if probe.connect_ex(str(path)) == 0:
                raise HeldElsewhere(f"{path}: another gateway serves here; stop it first, or use another --config-dir")
        path.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    made = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        made.bind(str(path))
    except OSError as error:
        raise TraderError(f"{path}: cannot serve here: {error.strerror or error}") from error
    finally:
        os.umask(before)
    return made


