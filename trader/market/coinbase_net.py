"""
Connections of the public questions whose name lookup is bounded as the rest of a call is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from trader.coinbase.names import addresses


class BoundedNames(httpcore.SyncBackend):
    """Looks a name up within the time there is to connect, then tries its addresses one after the other."""

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        """A connection, or httpcore's own exception."""
        assert timeout is not None, "every question has a time to connect"
        try:
            found = addresses(host, port, timeout)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(error.strerror) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        failed: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in found:
            try:
                return super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed


def bound_names(client: httpx.Client) -> None:
    """Make every new connection of *client*, also one to a proxy, with bounded lookups."""
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx.HTTPTransport):
            transport._pool._network_backend = BoundedNames()
