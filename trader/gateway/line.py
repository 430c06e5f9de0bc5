"""
How a kernel reaches its gateway: questions and answers in text, over a unix socket.

What the gateway refuses comes as its own sentence; a gateway that does not
answer is an `ExchangeUnreachable`, never a wait without end.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from trader.errors import ExchangeUnreachable, TraderError

if TYPE_CHECKING:
    import httpx

TIMEOUT_SECONDS = 30.0


class Line(Protocol):
    """Somebody who answers like a gateway."""

    def ask(self, method: str, path: str, body: str = "") -> str:
        """The answer's text; raises TraderError with the gateway's sentence where it refuses."""


class SocketLine:
    """HTTP over the gateway's unix socket at *path*."""

    def __init__(self, path: Path | str) -> None:
        import httpx

        self._path = str(path)
        transport = httpx.HTTPTransport(uds=self._path, verify=False)
        self._client = httpx.Client(
            transport=transport, base_url="http://gateway", timeout=TIMEOUT_SECONDS, trust_env=False
        )

    def ask(self, method: str, path: str, body: str = "") -> str:
        """See `Line`."""
        import httpx

        try:
            response: httpx.Response = self._client.request(method, path, content=body.encode("utf-8"))
        except httpx.HTTPError as error:
            raise ExchangeUnreachable(f"{self._path}: the gateway does not answer ({type(error).__name__})") from error
        if response.status_code != 200:
            raise TraderError(response.text)
        return response.text

    def close(self) -> None:
        """Hang up."""
        self._client.close()
