"""
The days of the built-in market: what is known of each midnight without looking at its minutes.

From a fixed origin every stream (BTC, the factor of the other products, and one
for each product alone) carries a price level, a slow volatility and the regime
from day to day.  All of it is drawn from the seed in order of days, so a longer
history begins like a shorter one, and reaching a day ten years on is cheap.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from functools import lru_cache
from typing import Final

import numpy as np

from trader.model.market import DAY_SECONDS, FloatArray, IntArray, Regime

ORIGIN: Final = datetime(2020, 1, 1, tzinfo=UTC)
ORIGIN_DAY: Final = int(ORIGIN.timestamp()) // DAY_SECONDS
DAYS_A_YEAR: Final = 365.0
BATCH_DAYS: Final = 512
"""Days are reached in batches, so that asking for one more day rarely redoes the walk."""

REGIMES: Final = (Regime.BULL, Regime.CHOP, Regime.BEAR, Regime.CRASH)
MOVES: Final = (
    (0.960, 0.030, 0.010, 0.000),
    (0.035, 0.935, 0.025, 0.005),
    (0.005, 0.035, 0.935, 0.025),
    (0.0, 0.15, 0.35, 0.5),
)
"""Chance of tomorrow's regime (column) given today's (row)."""
DRIFT: Final = (0.0075, 0.0, -0.007, -0.04)
"""Log return of BTC a day."""
LOUDNESS: Final = (-0.05, -0.25, 0.10, 0.80)
"""Log volatility against the average."""

WEEKEND: Final = -0.18
"""Log volatility on Saturday and Sunday."""
SLOW_DAYS: Final = 6.0
SLOW_STD: Final = 0.24
PULL_A_DAY: Final = 0.005
"""Share of a level's distance from its start that is taken back each day: keeps prices in a sane range for decades."""

BTC: Final = "BTC-USD"
ALTS: Final = "ALTS"


class Draw(IntEnum):
    """What a generator is for; part of its key."""

    REGIME = 0
    DAYS = 1
    JUMPS = 2
    MINUTES = 3


def generator(seed: int, stream: str, draw: Draw, day: int = 0) -> np.random.Generator:
    """The one generator of (seed, stream, purpose, day); the name goes in by checksum, not by Python's salted hash."""
    key = np.random.SeedSequence([seed, zlib.crc32(stream.encode()), draw, day])
    return np.random.Generator(np.random.PCG64(key))


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """
    One stream at the midnights 0 … n after the origin: arrays of n + 1 (nodes) or n (days).

    *level* is the log price relative to the start, *slow* the slow log volatility (regime and weekend included),
    *mid* and *fast* the standard-normal states of the quicker volatility; *move* the log return of the day without
    its jump, *jump* and *jump_minute* its jump (0 where there is none).
    """

    level: FloatArray
    slow: FloatArray
    mid: FloatArray
    fast: FloatArray
    move: FloatArray
    jump: FloatArray
    jump_minute: IntArray


@lru_cache(maxsize=8)
def regimes(seed: int, batches: int) -> IntArray:
    """Index into REGIMES for each day since the origin."""
    chance = generator(seed, BTC, Draw.REGIME).random(batches * BATCH_DAYS)
    steps = np.cumsum(MOVES, axis=1).tolist()
    state, walked = 1, []
    for u in chance.tolist():
        state = next((k for k, up_to in enumerate(steps[state]) if u < up_to), len(REGIMES) - 1)
        walked.append(state)
    return np.array(walked, np.int64)


@lru_cache(maxsize=64)
def days(seed: int, stream: str, vol: float, jumps_a_day: float, batches: int) -> Days:
    """The days of *stream*, whose annualised volatility is *vol*."""
    n = batches * BATCH_DAYS
    normal = generator(seed, stream, Draw.DAYS).standard_normal((n + 1, 4))
    regime = regimes(seed, batches)
    is_btc = stream == BTC

    slow = _persistent(normal[:, 0], SLOW_STD, 0.5 ** (1 / SLOW_DAYS))
    loud = np.array(LOUDNESS)[regime] + np.where(_weekday(n) >= 5, WEEKEND, 0.0)
    slow += np.append(loud, loud[-1]) * (1.0 if is_btc else 0.8)

    variance = vol * vol / DAYS_A_YEAR * np.exp(slow[:-1] + slow[1:])
    move = np.sqrt(variance) * normal[:-1, 3]
    if is_btc:
        move += np.array(DRIFT)[regime]
    jump, minute = _jumps(seed, stream, n, jumps_a_day, np.sqrt(variance))
    return Days(_levels(move, jump), slow, normal[:, 1].copy(), normal[:, 2].copy(), move, jump, minute)


def _persistent(noise: FloatArray, std: float, keep: float) -> FloatArray:
    """A first-order autoregression with the stationary standard deviation *std*."""
    fresh = std * (1 - keep * keep) ** 0.5
    value, out = std * float(noise[0]), [std * float(noise[0])]
    for e in noise[1:].tolist():
        value = keep * value + fresh * e
        out.append(value)
    return np.array(out)


def _jumps(seed: int, stream: str, n: int, jumps_a_day: float, day_std: FloatArray) -> tuple[FloatArray, IntArray]:
    u = generator(seed, stream, Draw.JUMPS).random((n, 4))
    size = (0.3 - 0.8 * np.log1p(-u[:, 1])) * np.where(u[:, 2] < 0.52, -1.0, 1.0) * day_std
    return np.where(u[:, 0] < jumps_a_day, size, 0.0), (u[:, 3] * 1440).astype(np.int64)


def _levels(move: FloatArray, jump: FloatArray) -> FloatArray:
    """Levels at the midnights; *move* is changed to take in the pull towards the start."""
    level, out = 0.0, [0.0]
    for day, step in enumerate((move + jump).tolist()):
        pull = -PULL_A_DAY * level
        move[day] += pull
        level += step + pull
        out.append(level)
    return np.array(out)


def _weekday(n: int) -> IntArray:
    """Monday is 0; 1970-01-01 was a Thursday."""
    return (np.arange(ORIGIN_DAY, ORIGIN_DAY + n) + 3) % 7
