"""
The machine a trader runs on, and its line to the venue's `/time`: both are a little wrong, and now and then very.

Ticks drift, stand still while the machine sleeps or go on, and the wall clock steps; answers travel fast there and slow
back, take seconds, or say what is not so.  What follows the venue in between is the trader's own: clock and asking.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from random import Random
from typing import Any

from tests.simulation.clock import START_MS, VirtualClock
from trader.market.coinbase_http import unnoticed
from trader.market.coinbase_rest import PublicRest
from trader.market.live_fill import BackFill
from trader.running.clock import VenueClock
from trader.running.venue import venue_clock

DRIFT = 200e-6
NEAR_MS, FAR_MS, SLOW_MS = (8, 45), (60, 400), (1_000, 4_000)
FAR, SLOW, LIE = 0.08, 0.02, 0.04
LIES_MS = (-3_600_000, -7_000, -900, -180, 60, 180, 900, 7_000, 3_600_000)
HONEST_BETWEEN = 6
"""So many answers lie between two lies: of the last five, one."""
PAUSE_MS, SLEEP_MS, FAR_FOR_MS = (150, 4_000), (20_000, 400_000), (30_000, 300_000)


@dataclass(slots=True)
class Host:
    """One machine; it outlives the processes on it.  *told* hears of what happens to it."""

    clock: VirtualClock
    rng: Random
    told: Callable[[str], None]
    drift: float = 0.0
    uncounted: float = 0.0
    """Seconds that passed and that the ticks did not count."""
    wall_off: float = 0.0
    """What the wall clock shows too much, besides what the ticks did not count."""

    def __post_init__(self) -> None:
        self.drift = self.rng.uniform(-DRIFT, DRIFT)

    def ticks(self) -> float:
        return (self.clock.ms - START_MS) / 1000 * (1 + self.drift) - self.uncounted

    def wall(self) -> float:
        return self.ticks() + self.uncounted + self.wall_off

    def sleeps(self) -> None:
        """The machine is closed and opened again, in the middle of something; its ticks may have stood still."""
        seconds, counts = self._asleep(), self.rng.random() < 0.5
        if not counts:
            self.uncounted += seconds
        self.told("slept" if counts else "slept uncounted")

    def freezes(self) -> None:
        """A virtual machine is put away and taken up: none of its clocks knows."""
        seconds = self._asleep()
        self.uncounted += seconds
        self.wall_off -= seconds
        self.told("frozen")

    def _asleep(self) -> float:
        began = self.clock.ms
        self.clock.pass_ms(self.rng.randrange(*(PAUSE_MS if self.rng.random() < 0.4 else SLEEP_MS)))
        return (self.clock.ms - began) / 1000

    def steps(self) -> None:
        """Somebody sets the wall clock."""
        self.wall_off += self.rng.choice((-3_600.0, -2.0, 0.5, 30.0, 3_600.0))
        self.told("wall clock set")


class Line:
    """`/time` as a venue answers it to *host*: one question after the other, in ms of true time."""

    host = "simulated"

    def __init__(self, clock: VirtualClock, rng: Random, told: Callable[[str], None], point: Callable[[str], None]):
        self._clock, self._rng, self._told, self._point = clock, rng, told, point
        self._far_until, self._since_lie = 0, 0

    def far(self) -> None:
        """Every answer is slow for some minutes."""
        self._far_until = self._clock.ms + self._rng.randrange(*FAR_FOR_MS)
        self._told("line far")

    def get(self, path: str, params: Mapping[str, Any] | None = None, leaves: Callable[[], None] = unnoticed) -> bytes:
        assert path.endswith("/time"), "nothing else is asked for here"
        leaves()
        self._clock.pass_ms(self._way())
        self._point("time")
        said = self._clock.ms + self._lie()
        self._clock.pass_ms(self._way())
        self._point("told the time")
        return json.dumps({"iso": "", "epochSeconds": str(said // 1000), "epochMillis": str(said)}).encode()

    def _way(self) -> int:
        dice = self._rng.random()
        if dice < SLOW:
            self._told("time slow")
            return self._rng.randrange(*SLOW_MS)
        return self._rng.randrange(*(FAR_MS if dice < SLOW + FAR or self._clock.ms < self._far_until else NEAR_MS))

    def _lie(self) -> int:
        self._since_lie += 1
        if self._since_lie <= HONEST_BETWEEN or self._rng.random() >= LIE:
            return 0
        self._since_lie = 0
        self._told("time lie")
        return self._rng.choice(LIES_MS)


class HostClock(VenueClock):
    """The trader's own, on a simulated machine."""

    def __init__(self, host: Host, now: datetime, speed: float) -> None:
        self._host = host
        super().__init__(now, speed)

    def ticks(self) -> float:
        return self._host.ticks()

    def wall(self) -> float:
        return self._host.wall()

    def monotonic(self) -> float:
        return self._host.ticks()

    def sleep(self, seconds: float) -> None:
        self._host.clock.sleep(seconds)


class NoBars:
    """A window that wants none: only the time is gathered here."""

    symbols = ()


class Hearing:
    """One process's clock, and how it hears of the venue's: by the code that gathers, with nothing else to gather."""

    def __init__(self, host: Host, line: Line) -> None:
        self.rest = PublicRest(line)  # type: ignore[arg-type]
        self.clock: VenueClock = venue_clock(self.rest.time, 1.0, partial(HostClock, host))
        self.rest.keeps(self.clock)
        self.rest.make_certain()
        self._fill = BackFill(self.rest, None, NoBars(), host.clock.sleep)  # type: ignore[arg-type]

    def reach(self, at: int) -> None:
        """Wait until the bar that ends at *at* is over, as a live market does."""
        self._fill.reach(at)
