"""
Getting JSON from a venue over HTTPS, and a sentence where none comes.

Every question has a time-out on each read and a deadline over all of it, is
asked again a few times where that can help, and never faster than a fixed pace.
Only questions are asked here; nothing that changes anything may be repeated so.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from trader.coinbase.trust import checked_host, is_loopback, refuses_certificate, trusting, untrusted
from trader.errors import ExchangeUnreachable

CONNECT_SECONDS, READ_SECONDS, DEADLINE_SECONDS = 5.0, 10.0, 30.0
BODY_BYTES_MAX: Final = 32 * 1024 * 1024
RETRIES: Final = 3
BACK_OFF_SECONDS, BACK_OFF_MAX_SECONDS = 1.0, 30.0
PACE_PER_SECOND: Final = 8.0
"""The venue documents ten a second and address for what is public."""
NOT_CACHED: Final = {"cache-control": "no-cache", "user-agent": "247trader"}
"""The venue answers public questions from a cache of one second, unless asked not to."""


def unnoticed() -> None:
    """Nobody wants to hear of it."""


class NoUsableAnswer(ExchangeUnreachable):
    """The host does not answer, or not in a way one can use."""


class RefusedQuestion(ExchangeUnreachable):
    """The host answers and says no: *status* and what it says."""

    def __init__(self, host: str, path: str, status: int, says: str) -> None:
        self.status, self.says = status, says
        super().__init__(f"{host}: {path}: refused with {status} ({says or 'without a word'})")


class _Passing(NoUsableAnswer):
    """A failure that may be over in a moment; *after_seconds* is what the host asks for."""

    def __init__(self, sentence: str, after_seconds: float | None = None) -> None:
        self.after_seconds = after_seconds
        super().__init__(sentence)


class Pacer:
    """
    Lets one caller through every 1 / *per_second* seconds; the others wait their turn.  For several threads.

    Two never leave closer than that: on a machine that stalls, those who waited do not leave together afterwards.
    """

    def __init__(self, per_second: float, sleep: Callable[[float], None], monotonic: Callable[[], float]) -> None:
        self._gap = 1.0 / per_second
        self._sleep, self._monotonic = sleep, monotonic
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when it is the caller's turn."""
        with self._lock:
            ahead = self._next - self._monotonic()
            if ahead > 0:
                self._sleep(ahead)
            self._next = self._monotonic() + self._gap


class Questions:
    """
    GET of JSON from *host* (`name[:port]`, no scheme), trusting *ca_file* alone where one is given.

    Raises `RefusedQuestion` for a plain no (4xx) and `NoUsableAnswer` for anything else that is no JSON.
    """

    def __init__(
        self,
        host: str,
        ca_file: Path | None = None,
        per_second: float = PACE_PER_SECOND,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        retries: int = RETRIES,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self.host = checked_host(host)
        self._sleep, self._monotonic = sleep, monotonic
        self._deadline_seconds, self._retries = deadline_seconds, retries
        self._pacer = Pacer(per_second, sleep, monotonic)
        self._client = httpx.Client(
            base_url=f"https://{self.host}",
            verify=trusting(ca_file),
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            headers=NOT_CACHED,
            trust_env=not is_loopback(self.host.lower()),
        )

    def close(self) -> None:
        """Leave no connection open."""
        self._client.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None, leaves: Callable[[], None] = unnoticed) -> bytes:
        """The body of *path*, which looks like JSON; *leaves* hears of every attempt as it leaves, its turn come."""
        retrying = Retrying(
            stop=stop_after_attempt(1 + self._retries),
            wait=_pause,
            retry=retry_if_exception_type(_Passing),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._once, path, params or {}, leaves)

    def _once(self, path: str, params: Mapping[str, Any], leaves: Callable[[], None]) -> bytes:
        self._pacer.wait()
        leaves()
        try:
            with self._client.stream("GET", path, params=dict(params)) as response:
                body = self._body(response)
        except httpx.HTTPError as error:
            raise self._unanswered(error) from error
        if response.status_code == 429 or response.status_code >= 500:
            says = f"{self.host}: answers {response.status_code} to {path}; it may be down or we are too fast"
            raise _Passing(says, _after(response.headers.get("retry-after")))
        if response.status_code >= 300:
            raise RefusedQuestion(self.host, path, response.status_code, _words(body))
        if not body.lstrip().startswith((b"{", b"[")):
            raise NoUsableAnswer(
                f"{self.host}: {path}: {_kind(body)} came instead of JSON; is this the exchange's API host, or is a "
                f"proxy or a page about maintenance in between?"
            )
        return body

    def _body(self, response: httpx.Response) -> bytes:
        until = self._monotonic() + self._deadline_seconds
        body = bytearray()
        for part in response.iter_bytes():
            body += part
            if self._monotonic() > until:
                raise _Passing(f"{self.host}: the answer was not complete after {self._deadline_seconds:g} s")
            if len(body) > BODY_BYTES_MAX:
                raise NoUsableAnswer(
                    f"{self.host}: an answer of more than {BODY_BYTES_MAX:,} bytes; wanted a short one"
                )
        return bytes(body)

    def _unanswered(self, error: httpx.HTTPError) -> NoUsableAnswer:
        if refuses_certificate(error):
            return NoUsableAnswer(untrusted(self.host, error))
        why = str(error) or type(error).__name__
        return _Passing(f"{self.host}: does not answer ({why}); is the host right, and is the network up?")


def _pause(state: RetryCallState) -> float:
    """Full jitter, or what the host asks for; never more than `BACK_OFF_MAX_SECONDS`."""
    error = state.outcome.exception() if state.outcome is not None else None
    if isinstance(error, _Passing) and error.after_seconds is not None:
        return min(error.after_seconds, BACK_OFF_MAX_SECONDS)
    return random.uniform(0, min(BACK_OFF_MAX_SECONDS, BACK_OFF_SECONDS * 2 ** (state.attempt_number - 1)))


def _after(header: str | None) -> float | None:
    """Seconds of a Retry-After header; a date in it is left to our own pace."""
    try:
        seconds = float(header) if header else -1.0
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _kind(body: bytes) -> str:
    start = body.lstrip()[:1]
    return "nothing" if not start else "a page of HTML" if start == b"<" else "something else"


def _words(body: bytes) -> str:
    """The beginning of what the host says, on one line."""
    return " ".join(body[:200].decode("utf-8", "replace").split())
