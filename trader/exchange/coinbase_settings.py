"""
Where the venue is and how patient we are with it.

Every bound is here and finite: a call, its retries and our own rate.  The same
settings point at the real venue or at the simulator; nothing else differs.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path

from trader.coinbase.courtesy import PUBLIC_PER_SECOND
from trader.coinbase.retries import RetryRules
from trader.coinbase.trust import REST_HOST, WS_URL
from trader.errors import TraderError

__all__ = ["BadSettings", "CoinbaseSettings", "RateRules", "RetryRules"]

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:\d{1,5})?")


class BadSettings(TraderError):
    """The connection to the venue is described wrongly."""


@dataclass(frozen=True, slots=True)
class RateRules:
    """
    What the venue documents, and how much of it we use.

    A bucket lets *burst* calls through at once and *per_second* in the long run, so that in no second more than
    both together leave: 13 + 15 of the 30 private calls.  Orders and cancels have a bucket of their own: no amount of
    reading makes them wait.  Public questions leave one by one, in turns that the whole process shares.
    """

    orders_per_second: float = 5.0
    orders_burst: int = 8
    private_per_second: float = 10.0
    private_burst: int = 5
    public_per_second: float = PUBLIC_PER_SECOND
    order_patience_seconds: float = 1.0
    """An order that would have to wait longer for its turn is not sent: what was looked at last would be stale."""


@dataclass(frozen=True, slots=True)
class CoinbaseSettings:
    """One venue; *ca_file* None trusts the public authorities, a file trusts that authority alone."""

    rest_host: str = REST_HOST
    ws_url: str = WS_URL
    ca_file: Path | None = None
    key_file: Path | None = None
    connect_timeout_seconds: float = 3.0
    read_timeout_seconds: float = 5.0
    deadline_seconds: float = 10.0
    """One call with all its bytes; after it no byte of a request leaves any more."""
    retry: RetryRules = field(default_factory=RetryRules)
    rates: RateRules = field(default_factory=RateRules)

    def __post_init__(self) -> None:
        if not _HOST.fullmatch(self.rest_host):
            raise BadSettings(
                f"exchange.coinbase.rest_host: {self.rest_host[:80]!r} is not a host; "
                f"write it without a scheme or a path, like {REST_HOST} or 127.0.0.1:8443"
            )
        if not self.ws_url.startswith("wss://"):
            raise BadSettings(f"exchange.coinbase.ws_url: {self.ws_url[:80]!r} must begin with wss://, like {WS_URL}")
        for name in ("connect_timeout_seconds", "read_timeout_seconds", "deadline_seconds"):
            seconds = getattr(self, name)
            if not (math.isfinite(seconds) and seconds > 0):
                raise BadSettings(f"exchange.coinbase.{name}: {seconds} must be above 0 and finite")
