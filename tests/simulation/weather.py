"""
What can go wrong, how often, in which kind of world.

A profile is a climate: its faults are drawn per call.  Uniform weather leaves breakers untripped and states unvisited,
so there are many climates, and every seed lives in one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from types import MappingProxyType

from tests.simulation.venue import VenueHabits

PLACE_FAULTS = (
    "refused_connection", "429", "401", "lost", "500_before", "502_after", "response_lost", "truncated", "late",
)  # fmt: skip
"""What may happen to a create: two are `NotAccepted`, one `Refused`, the others leave us not knowing."""
LIES = ("phantom", "another_name", "refused_but_taken")
"""Fates in which the venue says what is not so; whoever finds out halts, and is right."""
ASK_FAULTS = ("timeout", "429", "401", "500", "html")
CANCEL_FAULTS = ("lost", "401", "response_lost", "id_missing")
SLOW_MS = (1_000, 9_000)
CLIENT_TIMEOUT_MS = 5_000


@dataclass(frozen=True, slots=True)
class Profile:
    """One climate; shares are per call, per cycle for people and crashes."""

    name: str
    place: Mapping[str, float] = field(default_factory=dict)
    ask: float = 0.0
    cancel: float = 0.0
    slow_preview: float = 0.0
    slow_send: float = 0.0
    repeated_rows: float = 0.0
    crash: float = 0.0
    mood: str = "calm"
    caps: str = "wide"
    entry_style: str = "taker"
    maker_minutes: int = 1
    wishes: float = 0.5
    sells: float = 0.3
    kill: float = 0.0
    deposits: float = 0.0
    manual_orders: float = 0.0
    manual_cancels: float = 0.0
    flags: float = 0.0
    increments: float = 0.0
    feed_stops: float = 0.0
    bad_ticks: float = 0.0
    fees: float = 0.0
    trails: bool = False
    stops_rest: bool = False
    clocks: float = 0.0
    """How often a minute the host or its line does something to the time; 0: the trader has the true time."""
    habits: VenueHabits = field(default_factory=VenueHabits)


def _some(each: float, **more: float) -> Mapping[str, float]:
    return MappingProxyType({**dict.fromkeys(PLACE_FAULTS, each), **more})


LAGGING = VenueHabits(order_lag_ms=30_000, fill_lag_ms=30_000, cancel_ms=8_000, thin=0.3, zero_fill=0.1, race=0.4)
USUAL = VenueHabits(order_lag_ms=3_000, fill_lag_ms=4_000, cancel_ms=2_000, thin=0.15, zero_fill=0.05, race=0.2)
REFUSING = replace(LAGGING, duplicate_refused=True)
MAKER = {"entry_style": "maker", "wishes": 0.7}

PROFILES = (
    Profile("calm", caps="rich", wishes=1.0, sells=0.02, habits=USUAL),
    Profile("tight", _some(0.02), ask=0.02, caps="tight", wishes=0.9, habits=USUAL, repeated_rows=0.1),
    Profile("storm", _some(0.05), 0.08, 0.1, mood="storm", habits=LAGGING, repeated_rows=0.3, crash=0.02, **MAKER),
    Profile("lost", _some(0.02, lost=0.2, late=0.25, phantom=0.01), 0.03, mood="storm", habits=LAGGING, caps="tight",
            wishes=0.8),
    Profile("ambiguous", _some(0.09), 0.04, 0.1, mood="storm", habits=REFUSING, caps="tight", wishes=0.8, crash=0.02),
    Profile("crashes", _some(0.03), 0.03, 0.1, crash=0.25, habits=LAGGING, wishes=0.7, repeated_rows=0.2),
    Profile("maker", _some(0.02), 0.02, 0.1, mood="storm", caps="tight", manual_cancels=0.3, habits=LAGGING,
            repeated_rows=0.2, maker_minutes=3, **MAKER),
    Profile("crash_market", _some(0.03), 0.03, 0.05, mood="crash", habits=USUAL, caps="rich", wishes=0.9, sells=0.1,
            trails=True),
    Profile("gaps", _some(0.04, late=0.1), 0.03, 0.05, mood="gap", habits=LAGGING, caps="tight", wishes=0.9),
    Profile("slow", _some(0.02), 0.02, 0.05, slow_preview=0.4, slow_send=0.2, habits=USUAL, kill=0.02, wishes=0.8,
            feed_stops=0.15, clocks=0.3),
    Profile("killed", _some(0.05, late=0.1), 0.03, 0.05, kill=0.08, habits=LAGGING, **MAKER),
    Profile("people", _some(0.01), 0.01, 0.05, deposits=0.01, manual_orders=0.02, manual_cancels=0.3,
            habits=USUAL, **MAKER),
    Profile("deposits", _some(0.02), 0.02, deposits=0.04, habits=USUAL, caps="tight", wishes=0.8, crash=0.05,
            fees=0.03),
    Profile("flags", _some(0.02), 0.02, 0.05, flags=0.1, increments=0.03, habits=USUAL, wishes=0.8),
    Profile("deaf", _some(0.02), 0.02, 0.05, slow_preview=0.3, slow_send=0.1, feed_stops=0.3, bad_ticks=0.2,
            habits=USUAL, wishes=0.8, caps="rich", trails=True),
    Profile("stops", _some(0.03), 0.03, 0.1, mood="storm", stops_rest=True, habits=LAGGING, wishes=0.6, crash=0.03),
)  # fmt: skip
BY_NAME = MappingProxyType({profile.name: profile for profile in PROFILES})
CALM = Profile("after")


def profile_of(seed: int) -> Profile:
    """The climate of *seed*: each in turn, so that any range of seeds has its share of every one."""
    return PROFILES[seed % len(PROFILES)]


def drawn(rng: Random, shares: Mapping[str, float]) -> str:
    """One of *shares*, or "" where nothing goes wrong."""
    if not shares:
        return ""
    dice = rng.random()
    for name, share in shares.items():
        dice -= share
        if dice < 0:
            return name
    return ""
