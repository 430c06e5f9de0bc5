"""
A simulator made ready: market, money, key, papers and both applications, from a few choices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from trader.simulator.admin import admin
from trader.simulator.api import api
from trader.simulator.clock import VenueClock
from trader.simulator.faults import Fault, FaultPlan
from trader.simulator.keys import ApiKey, new_key
from trader.simulator.limits import LimitRules
from trader.simulator.server import Simulator
from trader.simulator.settings import VenueSettings
from trader.simulator.sources import BarSource, SampleSource
from trader.simulator.station import Station
from trader.simulator.stream_route import stream_routes
from trader.simulator.venue import Venue

DEPOSITS = {"USD": Decimal(10_000)}


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The simulator (not started yet), and the key that was made for it."""

    simulator: Simulator
    key: ApiKey
    key_file: Path


def rehearse(
    folder: Path,
    *,
    source: BarSource | None = None,
    settings: VenueSettings | None = None,
    deposits: Mapping[str, Decimal] = DEPOSITS,
    start: datetime | None = None,
    speed: float = 1.0,
    faults: list[Fault] | None = None,
    limits: LimitRules | None = None,
    key: ApiKey | None = None,
    more_keys: tuple[ApiKey, ...] = (),
    port: int = 0,
    admin_port: int = 0,
) -> Rehearsal:
    """Everything but `with`: papers and the key file are in *folder*, the ports are bound."""
    chosen = settings or VenueSettings()
    clock = VenueClock(start, speed)
    own = key or new_key()
    venue = Venue(source or SampleSource(chosen.seed), clock.now(), deposits, chosen)
    station = Station(venue, clock, [own, *more_keys], limits, FaultPlan(chosen.seed, faults))
    simulator = Simulator(station, api(station, stream_routes(station)), admin(station), folder, port, admin_port)
    return Rehearsal(simulator, own, own.write(folder / "api-key.json"))
