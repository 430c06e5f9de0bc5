"""
The sockets: API over TLS and admin in the clear, each on a port of its own, on loopback and nowhere else.

Both run in one thread with one event loop, so a request is handled whole
before the next one begins.  `with Simulator(...)` leaves nothing open behind.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from pathlib import Path
from types import TracebackType

import uvicorn
from starlette.types import ASGIApp

from trader.errors import TraderError
from trader.simulator.station import Station
from trader.simulator.tls import Certified, certify
from trader.simulator.transport import ExposedHttp, ExposedWebSocket

HOST = "127.0.0.1"
BEAT_SECONDS = 0.1
START_SECONDS = 20.0


class PortTaken(TraderError):
    """Somebody else listens there."""


def bind(port: int, what: str) -> socket.socket:
    """A socket on loopback; a taken port is a sentence."""
    plug = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sets NODELAY by it
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        plug.bind((HOST, port))
    except OSError as error:
        plug.close()
        raise PortTaken(
            f"simulator: {what} port {port} on {HOST} cannot be had ({error.strerror}); "
            "choose another, or 0 for any that is free"
        ) from error
    plug.listen(128)
    return plug


class Simulator:
    """A running simulator; *port* and *admin_port* 0 take what is free."""

    def __init__(
        self, station: Station, api: ASGIApp, admin: ASGIApp, folder: Path, port: int = 0, admin_port: int = 0
    ) -> None:
        self.station = station
        self._apps = (api, admin)
        self._folder = folder
        self.papers: Certified = certify(folder)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.papers.chain_file, self.papers.key_file)
        self._socket = bind(port, "API")
        try:
            self._admin_socket = bind(admin_port, "admin")
        except PortTaken:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]
        self.admin_port: int = self._admin_socket.getsockname()[1]
        self._stopping = threading.Event()
        self._up = threading.Event()
        self._servers: list[uvicorn.Server] = []
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="simulator", daemon=True)
        station.renew_certificate = self.renew_certificate

    @property
    def base_url(self) -> str:
        """What the SDK's REST client takes: host and port, no scheme."""
        return f"{HOST}:{self.port}"

    @property
    def admin_url(self) -> str:
        """Where the rehearsal is directed from."""
        return f"http://{HOST}:{self.admin_port}"

    def renew_certificate(self) -> None:
        """From now on new connections meet a certificate of another authority."""
        papers = certify(self._folder, "other")
        self._context.load_cert_chain(papers.chain_file, papers.key_file)

    def __enter__(self) -> Simulator:
        self._thread.start()
        assert self._up.wait(START_SECONDS), "the simulator did not come up"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join(START_SECONDS)

    async def _main(self) -> None:
        api, admin = self._apps
        admin_server = self._server(admin, tls=False)
        serving = asyncio.create_task(admin_server.serve(sockets=[self._admin_socket]))
        beating = asyncio.create_task(self._beat())
        await self._serve_api(api)
        beating.cancel()
        admin_server.should_exit = True
        await asyncio.gather(serving, beating, return_exceptions=True)

    async def _serve_api(self, api: ASGIApp) -> None:
        """The API, again after each restart that is asked for; the venue keeps its state."""
        plug = self._socket
        while True:
            server = self._server(api, tls=True)
            serving = asyncio.create_task(server.serve(sockets=[plug]))
            told = False
            while not serving.done():
                if server.started and not told:
                    told = True
                    self.station.starts += 1
                    self._up.set()
                if self._stopping.is_set() or self.station.restarts:
                    server.should_exit = True
                await asyncio.sleep(0.02)
            await serving
            if self._stopping.is_set():
                return
            await asyncio.sleep(self.station.restarts.pop(0))
            plug = bind(self.port, "API")

    def _server(self, app: ASGIApp, tls: bool) -> uvicorn.Server:
        context = self._context
        config = uvicorn.Config(
            app, http=ExposedHttp, ws=ExposedWebSocket, ws_ping_interval=None, lifespan="off",
            proxy_headers=False, log_config=None, log_level="critical", access_log=False,
            timeout_keep_alive=90, timeout_graceful_shutdown=1, server_header=False, date_header=not tls,
            ssl_context_factory=(lambda config, default: context) if tls else None,
        )  # fmt: skip
        return uvicorn.Server(config)

    async def _beat(self) -> None:
        """Time passes also when nobody asks."""
        while True:
            self.station.advance()
            await asyncio.sleep(BEAT_SECONDS)
