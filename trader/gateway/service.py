"""
The gateway as everybody else meets it: one core, one lock, and answers to the questions of a kernel.

Whoever asks — the scheduler's thread, the look between cycles, the socket's
threads — waits for his turn, so core and books stay single-threaded; nobody
has them but through here, and what he is given is his own.  Nothing the core
calls comes back here, so one who waits on the network keeps others waiting and
never himself.  What comes in is parsed strictly.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from decimal import Decimal

from trader.errors import TraderError
from trader.gateway.core import Cycle, TradingCore
from trader.gateway.desk_info import DeskInfo
from trader.gateway.standing import Standing, standing_of
from trader.model.codec import CodecError, dumps, loads
from trader.model.decision import Proposals
from trader.model.events import Event

CYCLE = re.compile(r"/v1/cycles/([A-Za-z0-9._-]{1,80})/(snapshot|proposals)")


class NoSuchQuestion(TraderError):
    """The gateway has no such door."""


class Unreadable(TraderError):
    """What came in is not what belongs there."""


class Gateway:
    """
    *core* behind a lock, answering questions about *desk*, the account and the cycle in progress.

    *decide_seconds* is what the decision of that cycle took, its durable record included.
    """

    def __init__(self, core: TradingCore, desk: DeskInfo) -> None:
        self._core, self.desk = core, desk
        self.decide_seconds = 0.0
        self._lock = threading.RLock()

    def started(self, epoch: int) -> None:
        """See `TradingCore.started`."""
        with self._lock:
            self._core.started(epoch)

    def stopped(self, reason: str) -> None:
        """See `TradingCore.stopped`."""
        with self._lock:
            self._core.stopped(reason)

    def begin(self, k: int | None = None) -> Cycle:
        """See `TradingCore.begin`."""
        with self._lock:
            self.decide_seconds = 0.0
            return self._core.begin(k)

    def finish(
        self,
        cycle_id: str,
        status: str,
        path: str = "",
        sha256: str = "",
        detail: str = "",
        timings_seconds: Mapping[str, float] | None = None,
    ) -> Cycle:
        """See `TradingCore.finish`."""
        with self._lock:
            return self._core.finish(cycle_id, status, path, sha256, detail, timings_seconds)

    def close_out(self) -> tuple[Event, ...]:
        """See `TradingCore.close_out`."""
        with self._lock:
            return tuple(self._core.close_out())

    def standing(self) -> Standing:
        """How the account stands just now."""
        with self._lock:
            return standing_of(self._core)

    def valued(self) -> tuple[Standing, Decimal]:
        """The same, and what the account is worth in USD: after a cycle or at the end, for its prices are kept."""
        with self._lock:
            return standing_of(self._core), self._core.books.nlv_usd

    def look_again(self, *, waits: bool = False) -> None:
        """
        See `Books.look_again`; passes where a cycle is being worked on, for that looks by itself, unless it *waits*.
        """
        if self._lock.acquire(blocking=waits):
            try:
                self._core.books.look_again()
            finally:
                self._lock.release()

    def at_venue(self) -> list[str]:
        """See `Books.at_venue`; waits for nobody, so that nothing the gateway waits for keeps the watchdog waiting."""
        return self._core.books.at_venue()

    def ask(self, method: str, path: str, body: str = "") -> str:
        """
        The answer to one question, as canonical text: `GET /v1/desk`, `GET /v1/account`,
        `GET /v1/cycles/ID/snapshot`, `POST /v1/cycles/ID/proposals`.  Raises a TraderError where it refuses.
        """
        with self._lock:
            if (method, path) == ("GET", "/v1/desk"):
                return dumps(self.desk)
            if (method, path) == ("GET", "/v1/account"):
                return dumps(self._core.books.view())
            found = CYCLE.fullmatch(path)
            if found is not None and (method, found[2]) == ("GET", "snapshot"):
                return self._core.current(found[1]).text
            if found is not None and (method, found[2]) == ("POST", "proposals"):
                return self._submit(found[1], body)
        raise NoSuchQuestion(f"{method} {path}: the gateway answers /v1/desk, /v1/account and /v1/cycles/ID/…")

    def _submit(self, cycle_id: str, body: str) -> str:
        proposals = _proposals(body)
        with self._lock:
            began = time.monotonic()
            decision = self._core.submit(cycle_id, proposals)
            self.decide_seconds += time.monotonic() - began
        return dumps(decision)


def _proposals(body: str) -> Proposals:
    try:
        return loads(Proposals, body)
    except CodecError as error:
        raise Unreadable(f"these are no proposals: {error}") from None
