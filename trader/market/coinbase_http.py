"""
Getting JSON from a venue over HTTPS, and a sentence where none comes.

Every question has a time-out on each read and a deadline over all of it, is
asked again a few times where that can help, and leaves in its turn among all that
this process asks there.  Only questions are asked here; nothing that changes
anything may be repeated so.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx

from trader.coinbase.courtesy import PUBLIC_PER_SECOND, Courtesy, courtesy_to
from trader.coinbase.retries import Retries, RetryRules, not_before, retry_after_seconds
from trader.coinbase.trust import checked_host, is_loopback, refuses_certificate, trusting, untrusted
from trader.errors import ExchangeUnreachable
from trader.market.coinbase_net import bound_names

CONNECT_SECONDS, READ_SECONDS, DEADLINE_SECONDS = 5.0, 10.0, 30.0
BODY_BYTES_MAX: Final = 32 * 1024 * 1024
RETRIES: Final = 3
BACK_OFF_SECONDS, BACK_OFF_MAX_SECONDS = 1.0, 30.0
PATIENCE_SECONDS: Final = 60.0
"""No turn and no Retry-After is waited for longer: the question fails, and none is asked before that is over."""
PACE_PER_SECOND: Final = PUBLIC_PER_SECOND
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

    passing = True

    def __init__(self, sentence: str, after_seconds: float | None = None) -> None:
        self.retry_after_seconds = after_seconds
        super().__init__(sentence)


class _Time:
    """The host's clock, except for who sleeps and counts otherwise."""

    def __init__(self, sleep: Callable[[float], None], monotonic: Callable[[], float]) -> None:
        self.sleep, self.monotonic = sleep, monotonic

    def now(self) -> datetime:
        """UTC, as this host tells it."""
        return datetime.now(UTC)


class Questions:
    """
    GET of JSON from *host* (`name[:port]`, no scheme), trusting *ca_file* alone where one is given.

    Raises `RefusedQuestion` for a plain no (4xx) and `NoUsableAnswer` for anything else that is no JSON.  Who brings a
    time of his own has turns of his own; all others share those of the process.
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
        self._time, self._deadline_seconds = _Time(sleep, monotonic), deadline_seconds
        if (sleep, monotonic) == (time.sleep, time.monotonic):
            courtesy = courtesy_to(self.host, per_second)
        else:
            courtesy = Courtesy(per_second, monotonic=monotonic, sleep=sleep)
        self._turns = courtesy.public
        rules = RetryRules(retries, BACK_OFF_SECONDS, BACK_OFF_MAX_SECONDS, PATIENCE_SECONDS)
        self._retries = Retries(rules, self._time, random.SystemRandom(), courtesy.budget)
        self._client = httpx.Client(
            base_url=f"https://{self.host}",
            verify=trusting(ca_file),
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            headers=NOT_CACHED,
            trust_env=not is_loopback(self.host.lower()),
        )
        bound_names(self._client)

    def close(self) -> None:
        """Leave no connection open."""
        self._client.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None, leaves: Callable[[], None] = unnoticed) -> bytes:
        """The body of *path*, which looks like JSON; *leaves* hears of every attempt as it leaves, its turn come."""
        reply = self._retries(lambda: self._once(path, params or {}, leaves))
        if isinstance(reply, _Passing):
            raise reply
        return reply

    def _once(self, path: str, params: Mapping[str, Any], leaves: Callable[[], None]) -> bytes | _Passing:
        if self._turns.wait(PATIENCE_SECONDS) is None:
            raise NoUsableAnswer(f"{self.host}: {path}: {self._held()}")
        leaves()
        try:
            with self._client.stream("GET", path, params=dict(params)) as response:
                body = self._body(response)
        except httpx.HTTPError as error:
            return self._unanswered(error)
        if body is None:
            return _Passing(f"{self.host}: the answer was not complete after {self._deadline_seconds:g} s")
        if response.status_code == 429 or response.status_code >= 500:
            says = f"{self.host}: answers {response.status_code} to {path}; it may be down or we are too fast"
            after = retry_after_seconds(response.headers, self._time.now())
            self._turns.pause(after or 0.0)
            return _Passing(says, after)
        if response.status_code >= 300:
            raise RefusedQuestion(self.host, path, response.status_code, _words(body))
        if not body.lstrip().startswith((b"{", b"[")):
            raise NoUsableAnswer(
                f"{self.host}: {path}: {_kind(body)} came instead of JSON; is this the exchange's API host, or is a "
                f"proxy or a page about maintenance in between?"
            )
        return body

    def _held(self) -> str:
        rests = self._turns.paused_seconds()
        if rests > 0:
            return not_before(self._time.now(), rests)
        return f"not asked: our own limit of public questions holds it longer than {PATIENCE_SECONDS:g} s"

    def _body(self, response: httpx.Response) -> bytes | None:
        """The whole of it; None where it does not come in time."""
        until = self._time.monotonic() + self._deadline_seconds
        body = bytearray()
        for part in response.iter_bytes():
            body += part
            if self._time.monotonic() > until:
                return None
            if len(body) > BODY_BYTES_MAX:
                raise NoUsableAnswer(
                    f"{self.host}: an answer of more than {BODY_BYTES_MAX:,} bytes; wanted a short one"
                )
        return bytes(body)

    def _unanswered(self, error: httpx.HTTPError) -> _Passing:
        if refuses_certificate(error):
            raise NoUsableAnswer(untrusted(self.host, error)) from error
        why = str(error) or type(error).__name__
        return _Passing(f"{self.host}: does not answer ({why}); is the host right, and is the network up?")


def _kind(body: bytes) -> str:
    start = body.lstrip()[:1]
    return "nothing" if not start else "a page of HTML" if start == b"<" else "something else"


def _words(body: bytes) -> str:
    """The beginning of what the host says, on one line."""
    return " ".join(body[:200].decode("utf-8", "replace").split())
