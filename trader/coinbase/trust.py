"""
Which host is talked to, and that it is the one it says it is.

Certificate and name are verified on every connection, REST or WebSocket; there
is no way to turn that off, only to name another authority.
"""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path
from typing import Final

import httpx

from trader.errors import TraderError

REST_HOST: Final = "api.coinbase.com"
WS_URL: Final = "wss://advanced-trade-ws.coinbase.com"


class BadHost(TraderError):
    """A host, or a file of certificates, that cannot be used."""


def refuses_certificate(error: BaseException) -> bool:
    """*error*, or what caused it, is a certificate that does not verify."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return True
        seen = seen.__cause__ or seen.__context__
    return "CERTIFICATE_VERIFY_FAILED" in str(error)


def untrusted(host: str, error: BaseException) -> str:
    """The sentence for a certificate that does not verify."""
    return (
        f"{host}: its certificate does not verify ({error}); against the simulator name its CA with --ca-file, "
        f"anywhere else do not go on: somebody may be in between"
    )


def checked_host(host: str) -> str:
    """*host* if it is `name[:port]`."""
    plain = httpx.URL(f"https://{host}") if host and not set(host) & set("/ \\?#@") else None
    if plain is None or not plain.host:
        raise BadHost(
            f"host {host!r}: wanted a name and perhaps a port, like api.coinbase.com, and no https:// or path"
        )
    return host


def is_loopback(host: str) -> bool:
    """*host* (`name`, `name:port` or `address:port`) is this machine: no proxy stands between, no order leaves it."""
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def trusting(ca_file: Path | None, authorities: Path | None = None) -> ssl.SSLContext:
    """
    A context that verifies certificate and name: by *ca_file* alone, else by *authorities*, else by the system's.

    Public questions go with the system.  A session that holds a key names its authorities, so that nobody whom this
    machine happens to trust can read its tokens.  Raises `BadHost` for a file without certificates.
    """
    file = ca_file or authorities
    try:
        return ssl.create_default_context(cafile=None if file is None else str(file))
    except OSError as error:
        raise BadHost(
            f"{file}: no certificates in PEM there ({error.strerror or error.args[-1]}); exchange.coinbase.ca_file and "
            "--ca-file want the simulator's CA, which it prints, and are left out for the real venue"
        ) from None
