"""
What goes wrong, and when: by route, by number of the call, by chance from a seed.

A plan is data: the same plan and the same calls give the same faults, and what
was done is written into the request log.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from trader.errors import TraderError

BEFORE = {
    "drop_before": "the connection is reset, nothing was done",
    "status_before": "an error (`status`, `body`), nothing was done",
    "unauthorized": "401, as for a bad token",
    "blocked": "403 Too many errors",
    "throttled": "429",
    "lost_cancel": "a cancel is answered with success and forgotten",
    "phantom": "an order is answered with success and an order id, and there is none",
    "not_found": "404 for an order that is there",
    "late": "done only after `seconds`, whether the caller still waits or not",
    "skew": "the venue's clock is `seconds` ahead (negative: behind) in this call: token, Date header and /time",
}
AFTER = {
    "drop_after": "done, then the connection is reset",
    "status_after": "done, then an error (`status`, 502 HTML by default)",
    "silent_after": "done, then no answer for `seconds`, then a reset",
    "slow": "done, answered after `seconds`",
    "drip": "done, the answer comes byte by byte over `seconds`",
    "cut_body": "done, the answer ends half-way",
    "empty_200": "done, 200 without a body",
    "html_200": "done, 200 with a page of HTML",
    "bad_json": "done, 200 with JSON that is cut",
    "set_field": "done, `field` (dotted) of the answer is `value`",
    "drop_field": "done, `field` (dotted) of the answer is missing",
    "duplicate_fill": "every row of the fills comes twice",
}
VENUE = {
    "late_get": "done; get_order answers 404 for that order for `seconds`",
    "late_list": "done; list_orders is without that order for `seconds`",
    "late_fills": "done; list_fills is without that order's fills until each is `seconds` old",
    "reverse": "done; then the newest fill is taken back",
    "correct": "done; then the newest fill is corrected to the price `value`, or by one increment",
    "restart": "done and answered; then the API is down for `seconds`, state kept",
    "certificate": "done and answered; new connections meet a certificate that does not verify",
}
"""What befalls the venue once the call is done; the answer stays as it is."""
STREAM = {
    "gap": "a sequence number is skipped",
    "repeat": "a frame comes twice",
    "swap": "a frame comes after its successor",
    "stall": "no frame any more, the socket stays open",
    "close": "the socket is closed with `status`; 1006 resets it",
    "oversize": "a frame of `size_bytes`",
}
KINDS = BEFORE | AFTER | VENUE | STREAM
DONE = AFTER | VENUE
ONLY_ON = {
    "lost_cancel": "cancel_orders",
    "phantom": "create_order",
    "not_found": "get_order",
    "duplicate_fill": "list_fills",
    **dict.fromkeys(("late_get", "late_list", "late_fills"), "create_order"),
}
"""Kinds that make sense on one route alone; other calls do not count as met."""


class BadFaults(TraderError):
    """A plan of faults that cannot be understood."""


@dataclass(slots=True)
class Fault:
    """One rule: on calls of *route* (a name or a pattern) do *kind*, on those numbers, with that probability."""

    kind: str
    route: str = "*"
    calls: tuple[int, ...] = ()
    """Which of the calls that match, counted from 1; empty: all of them."""
    probability: float = 1.0
    times: int | None = None
    """At most so often."""
    seconds: float = 1.0
    status: int = 0
    body: str = ""
    field: str = ""
    value: Any = None
    size_bytes: int = 11_000_000
    met: int = dataclasses.field(default=0, init=False)
    fired: int = dataclasses.field(default=0, init=False)

    def fires(self, route: str, chance: random.Random) -> bool:
        """Whether this call of *route* is hit; counts it."""
        if not fnmatchcase(route, self.route) or ONLY_ON.get(self.kind, route) != route:
            return False
        self.met += 1
        drawn = chance.random()
        if self.times is not None and self.fired >= self.times:
            return False
        if (self.calls and self.met not in self.calls) or drawn >= self.probability:
            return False
        self.fired += 1
        return True


class FaultPlan:
    """All rules in force, each with a chance of its own: what a stream draws is not missing elsewhere."""

    def __init__(self, seed: int = 0, faults: list[Fault] | None = None) -> None:
        self.seed = seed
        self.faults: list[Fault] = []
        self._chances: list[random.Random] = []
        self.replace(faults or [])

    def replace(self, faults: list[Fault], seed: int | None = None) -> None:
        """New rules, counted from here."""
        self.seed = self.seed if seed is None else seed
        self.faults = faults
        self._chances = [random.Random(f"{self.seed} {number}") for number in range(len(faults))]

    def draw(self, route: str, kinds: Mapping[str, str]) -> list[Fault]:
        """The faults of those *kinds* that hit this call of *route*."""
        rules = zip(self.faults, self._chances, strict=True)
        return [fault for fault, chance in rules if fault.kind in kinds and fault.fires(route, chance)]
