"""
From a name to a socket, within a time that is bounded too.

The system's resolver has no time-out that a caller could set, so it is asked in a
thread of its own, one for a name at a time; who has waited long enough goes away,
and an answer that comes later is nobody's.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import threading
import time


class NameUnanswered(TimeoutError):
    """The resolver does not say in time where a name is; nothing has left."""

    def __init__(self, seconds: float) -> None:
        super().__init__(errno.ETIMEDOUT, f"the name lookup gave no answer in {seconds:.3g} s")


class _Lookup:
    """One question to the resolver."""

    def __init__(self, name: str, port: int) -> None:
        self._name, self._port = name, port
        self._over = threading.Event()
        self._found: list[str] = []
        self._error: OSError | None = None

    def ask(self) -> None:
        """Blocks as long as the resolver does."""
        try:
            rows = socket.getaddrinfo(self._name, self._port, type=socket.SOCK_STREAM)
            self._found = list(dict.fromkeys(str(row[4][0]) for row in rows))
        except OSError as error:
            self._error = error
        except UnicodeError as error:
            self._error = socket.gaierror(socket.EAI_NONAME, f"no name that could be looked up ({error})")
        finally:
            with _lock:
                _pending.pop((self._name, self._port), None)
            self._over.set()

    def answer(self, seconds: float) -> list[str]:
        """What it says within *seconds*."""
        if not self._over.wait(seconds):
            raise NameUnanswered(seconds)
        if self._error is not None:
            raise self._error.with_traceback(None)
        return self._found


_pending: dict[tuple[str, int], _Lookup] = {}
_lock = threading.Lock()


def addresses(name: str, port: int, seconds: float) -> list[str]:
    """
    Where *name* is, each address once.  Raises `NameUnanswered` after *seconds*, and what the resolver raises.

    While a lookup of the name hangs, whoever asks for it waits for that one; no second is begun.
    """
    try:
        return [str(ipaddress.ip_address(name.strip("[]")))]
    except ValueError:
        pass
    with _lock:
        lookup = _pending.get((name, port))
        if lookup is None:
            lookup = _pending[name, port] = _Lookup(name, port)
            threading.Thread(target=lookup.ask, name=f"lookup-{name}", daemon=True).start()
    return lookup.answer(max(0.0, seconds))


def connected(name: str, port: int, seconds: float, whole_seconds: float) -> socket.socket:
    """A connection to *name*: the lookup and each address may take *seconds*, all together *whole_seconds*."""
    until = time.monotonic() + whole_seconds
    failed: OSError = OSError(errno.EHOSTUNREACH, "the name has no address")
    for address in addresses(name, port, min(seconds, whole_seconds)):
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((address, port), min(seconds, left))
        except OSError as error:
            failed = error
    raise failed
