"""
Every way a call fails, as a value with a sentence.

What the SDK raises carries our token in its request and would keep it alive in
tracebacks; so an exception is read here, and ends here.  The reading leans on
two facts only: what status the venue gave, and whether a byte had left.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import requests
from urllib3.exceptions import HTTPError as PoolError

from trader.coinbase.retries import http_date, retry_after_seconds
from trader.config.secret_values import masked
from trader.exchange.coinbase_transport import Forbidden, Stopped
from trader.ports import WireDown

CAUGHT = (
    requests.RequestException, PoolError, http.client.HTTPException, OSError, ValueError, TypeError, KeyError,
    AttributeError, RecursionError,
)  # fmt: skip
"""All that an HTTP call and the reading of its answer are known to raise."""
CLOCK_OFF = timedelta(seconds=20)
CLIP = 120
TOO_MANY_ERRORS = "Too many errors"


class Why(StrEnum):
    """What became of a call that gave no usable answer."""

    FORBIDDEN = "our own transport refused it; nothing left"
    HELD = "our own limit would have held it too long; nothing left"
    STOPPED = "somebody said stop before the first byte; nothing left"
    UNTRUSTED = "the other side is not who it should be; nothing left"
    UNSENT = "no connection; nothing left"
    THROTTLED = "429: not looked at"
    BLOCKED = "403 for a while: not looked at"
    DENIED = "the venue does not know or permit the key"
    REFUSED = "the venue read the request and says no"
    LOST = "it left, and no whole answer came"
    SERVER = "it left, and the venue or what stands before it failed"
    GARBLED = "it left, and the answer cannot be understood"


PASSING = frozenset({Why.UNSENT, Why.THROTTLED, Why.LOST, Why.SERVER, Why.GARBLED})
NO_SUCH = frozenset({400, 404, 405, 411, 413, 414, 415, 422})


class KeyRefused(WireDown):
    """The venue does not take our key."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Failed:
    """A call without a usable answer; *code* is the venue's own word for it, where it gave one."""

    why: Why
    sentence: str
    status: int = 0
    code: str = ""
    retry_after_seconds: float | None = None

    @property
    def passing(self) -> bool:
        """Asking again may help."""
        return self.why in PASSING

    def down(self, host: str, route: str) -> WireDown:
        """The same as an exception for whoever asked."""
        kind = KeyRefused if self.why is Why.DENIED else WireDown
        return kind(f"{host}: {route}: {self.sentence}")


def failure_of(error: Exception, left: bool, now: datetime) -> Failed:
    """What *error* means, given whether a byte of the request had *left* before it."""
    if isinstance(error, Forbidden):
        return Failed(Why.FORBIDDEN, f"{error}: this connection only looks, or has no business there")
    response = getattr(error, "response", None)
    if isinstance(error, requests.HTTPError) and response is not None:
        return _by_status(response, now)
    if not left:
        return _before_a_byte(error)
    if isinstance(error, requests.TooManyRedirects):
        return Failed(Why.SERVER, "it sends us elsewhere (redirect), which is not followed; is rest_host right?")
    if isinstance(
        error, requests.RequestException | PoolError | OSError | http.client.HTTPException
    ) and not isinstance(error, requests.JSONDecodeError):
        return Failed(Why.LOST, f"no whole answer came ({type(error).__name__})")
    return Failed(Why.GARBLED, f"its answer is not the JSON it should be{_start_of(getattr(error, 'doc', ''))}")


def _start_of(text: Any) -> str:
    if not isinstance(text, str) or not text.strip():
        return " (it is empty)" if text == "" else ""
    html = ", it looks like HTML" if text.lstrip().startswith("<") else ""
    return f"{html}: {clipped(text)!r}; does a proxy or a login page stand between?"


def _before_a_byte(error: Exception) -> Failed:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, Stopped):
            return Failed(Why.STOPPED, f"held back before the first byte: {cause}")
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Failed(
                Why.UNTRUSTED,
                f"its certificate does not verify ({cause.verify_message or cause.reason}); nothing was sent. For the "
                "simulator set exchange.coinbase.ca_file; for the real venue leave it out, and find out who is between",
            )
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return Failed(Why.UNSENT, "what answers there does not speak TLS as we do; is rest_host with its port right?")
    words = next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), "")
    how = words or ("no answer in time" if "Timeout" in type(error).__name__ else type(error).__name__)
    return Failed(
        Why.UNSENT, f"cannot be reached ({how.lower()}); is exchange.coinbase.rest_host right, the network up?"
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """*error* and all it came from, as requests and urllib3 wrap each other."""
    todo, seen = [error], set[int]()
    while todo:
        one = todo.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
        todo += [cause for cause in inner if isinstance(cause, BaseException)]


def _by_status(response: requests.Response, now: datetime) -> Failed:
    status, text = response.status_code, response.text
    code, words = _told(text)
    said = f"{status} {words}".strip()
    if status == 429:
        return Failed(Why.THROTTLED, "429, too many requests", status, code, retry_after_seconds(response.headers, now))
    if status == 403 and text.strip() == TOO_MANY_ERRORS:
        return Failed(Why.BLOCKED, "403 Too many errors: it blocks us for a while", status)
    if status == 401:
        return Failed(Why.DENIED, f"it does not take the API key's token (401); {_clock_or_key(response, now)}", 401)
    if status == 403:
        return Failed(
            Why.DENIED, f"the API key may not do this: {said}; give it view and trade at the venue", 403, code
        )
    if status in NO_SUCH:
        return Failed(Why.REFUSED, f"it says no: {said}", status, code)
    return Failed(Why.SERVER, f"it failed: {said}", status, code, retry_after_seconds(response.headers, now))


def _told(text: str) -> tuple[str, str]:
    """The venue's code and words in an error's body; for a body that is not its JSON, how it begins."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        return "", clipped(text)
    code = body.get("error")
    code = code if isinstance(code, str) else ""
    return code, clipped(f"{code} {body.get('message') or body.get('error_details') or ''}")


def clock_off(response: requests.Response, now: datetime) -> str:
    """How far this host's clock is from the venue's, by the Date of its answer; empty where that is near enough."""
    ahead = now - (http_date(response.headers.get("date", "")) or now)
    if abs(ahead) < CLOCK_OFF:
        return ""
    way = "ahead of" if ahead > timedelta(0) else "behind"
    return f"this host's clock is {abs(ahead).total_seconds():.0f} s {way} the venue's: mend the clock (NTP)"


def _clock_or_key(response: requests.Response, now: datetime) -> str:
    """The two usual reasons of a 401; the venue's Date header tells which."""
    return clock_off(response, now) or (
        "the key is unknown or revoked there, or this host's clock is off by a minute or more "
        f"(here it is {now:%H:%M:%S} UTC)"
    )


def clipped(text: str) -> str:
    """The start of *text* on one line, with whatever looks like a secret masked."""
    line = " ".join(masked(text[:2000]).split())
    return line if len(line) <= CLIP else line[:CLIP] + "…"
