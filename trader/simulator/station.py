"""
One running simulation: the venue, its clock, who may call, what goes wrong, and what was asked.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from trader.simulator.clock import VenueClock, wall_seconds
from trader.simulator.faults import Fault, FaultPlan
from trader.simulator.keys import ApiKey
from trader.simulator.lifecycle import advance
from trader.simulator.limits import LimitRules, Limits
from trader.simulator.numbers import stamp
from trader.simulator.tokens import TokenCheck
from trader.simulator.venue import Venue

LOG_MAX = 20_000
"""So many lines are kept; what is older is forgotten, and `/log` says how many that are."""
DESK = "desk"
"""The route of what the director did."""


@dataclass(slots=True)
class Logged:
    """One request, or one thing the director did; *note* says why it was refused, or what was asked for."""

    number: int
    time: str
    method: str
    path: str
    route: str
    client_order_id: str = ""
    status: int = 0
    faults: list[str] = field(default_factory=list)
    note: str = ""


async def nothing_to_tell() -> None:
    """Nobody listens."""


class Station:
    """All that the API, the streams and the admin port share."""

    def __init__(
        self, venue: Venue, clock: VenueClock, keys: Iterable[ApiKey], limits: LimitRules | None = None,
        plan: FaultPlan | None = None, wall: Callable[[], float] = wall_seconds,
    ) -> None:  # fmt: skip
        self.venue = venue
        self._wall = wall
        self.clock = clock
        self.tokens = TokenCheck(keys, wall)
        self.limits = Limits(limits or LimitRules(), wall)
        self.plan = plan or FaultPlan()
        self.log: deque[Logged] = deque(maxlen=LOG_MAX)
        self.client_id_on_streams = False
        self.broken_streams: set[str] = set()
        """Keys whose user stream was closed on them."""
        self.tell_user: Callable[[], Awaitable[None]] = nothing_to_tell
        self.chance = random.Random(self.plan.seed)
        self.streams: Callable[[Fault], int] = lambda fault: 0
        self.restarts: list[float] = []
        self.starts = 0
        """How often the API came up."""
        self.renew_certificate: Callable[[], None] = lambda: None
        self.count = 0
        """The number of the newest line of the log, which is how many there have been."""
        self.asked: Counter[str] = Counter()
        """How often each route was asked, whatever the log has forgotten."""

    def advance(self) -> None:
        """Let the venue catch up with the clock."""
        advance(self.venue, self.clock.now())

    def date(self, ahead_seconds: float) -> bytes:
        """What a Date header says when the venue's clock is that far ahead of the host's."""
        return formatdate(self._wall() + ahead_seconds, usegmt=True).encode()

    def note(self, method: str, path: str, route: str, body: Any) -> Logged:
        """Begin the log's line for a request."""
        self.count += 1
        self.asked[route] += 1
        client_order_id = body.get("client_order_id", "") if isinstance(body, dict) else ""
        line = Logged(self.count, stamp(self.venue.now), method, path, route, str(client_order_id))
        self.log.append(line)
        return line
