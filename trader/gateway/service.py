"""
The gateway as everybody else meets it: one core, one lock, and answers to the questions of a kernel.

Whoever asks — the scheduler's thread, the socket's threads — waits for his
turn, so the decision stays single-threaded.  What comes in is parsed strictly.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping

from trader.errors import TraderError
from trader.gateway.core import Cycle, TradingCore
from trader.gateway.desk_info import DeskInfo
from trader.model.codec import CodecError, dumps, loads
from trader.model.decision import Proposals

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
        self.core, self.desk = core, desk
        self.decide_seconds = 0.0
        self._lock = threading.RLock()

    def begin(self, k: int | None = None) -> Cycle:
        """See `TradingCore.begin`."""
        with self._lock:
            self.decide_seconds = 0.0
            return self.core.begin(k)

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
            return self.core.finish(cycle_id, status, path, sha256, detail, timings_seconds)

    def look_again(self) -> None:
        """See `Books.look_again`; passes where a cycle is being worked on, for that looks by itself."""
        if self._lock.acquire(blocking=False):
            try:
                self.core.books.look_again()
            finally:
                self._lock.release()

    def ask(self, method: str, path: str, body: str = "") -> str:
        """
        The answer to one question, as canonical text: `GET /v1/desk`, `GET /v1/account`,
        `GET /v1/cycles/ID/snapshot`, `POST /v1/cycles/ID/proposals`.  Raises a TraderError where it refuses.
        """
        with self._lock:
            if (method, path) == ("GET", "/v1/desk"):
                return dumps(self.desk)
            if (method, path) == ("GET", "/v1/account"):
                return dumps(self.core.books.view())
            found = CYCLE.fullmatch(path)
            if found is not None and (method, found[2]) == ("GET", "snapshot"):
                return self.core.current(found[1]).text
            if found is not None and (method, found[2]) == ("POST", "proposals"):
                return self._submit(found[1], body)
        raise NoSuchQuestion(f"{method} {path}: the gateway answers /v1/desk, /v1/account and /v1/cycles/ID/…")

    def _submit(self, cycle_id: str, body: str) -> str:
        proposals = _proposals(body)
        began = time.monotonic()
        decision = self.core.submit(cycle_id, proposals)
        self.decide_seconds += time.monotonic() - began
        return dumps(decision)


def _proposals(body: str) -> Proposals:
    try:
        return loads(Proposals, body)
    except CodecError as error:
        raise Unreadable(f"these are no proposals: {error}") from None
