"""
The minutes of the built-in market: one stream's log level and log volatility through its days.

A day is a pure function of (seed, stream, day): its minutes are noise keyed by
the day, bridged to the levels that its two midnights already have.  So a day
can be made alone, and is the same in every span that contains it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from trader.market.sample_states import DAYS_A_YEAR, ORIGIN_DAY, Days, Draw, generator
from trader.model.market import FloatArray

MINUTES: Final = 1440
MID_MINUTES: Final = 150.0
"""Half-life of the volatility that lasts for hours."""
FAST_MINUTES: Final = 4.0
"""Half-life of the volatility that lasts for minutes."""
MID_STD: Final = 0.47
FAST_STD: Final = 0.54
BURST_STD: Final = 0.42
"""Standard deviation of each minute's own log volatility: news comes unevenly."""
AFTERMATH: Final = 1.7
AFTERMATH_MINUTES: Final = 30.0
"""A jump raises log volatility by AFTERMATH, fading with this time constant."""

VOL_BY_HOUR: Final = (
    1.04, 1.05, 1.02, 0.85, 0.81, 0.83, 0.87, 0.93, 0.94, 0.95, 0.90, 0.94,
    1.02, 1.07, 1.25, 1.21, 1.23, 1.16, 1.06, 1.02, 0.99, 0.96, 1.00, 0.92,
)  # fmt: skip
"""Volatility at the middle of each UTC hour against the day's, measured on five products."""


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """
    Log prices at the minute starts (*before*) and ends (*level*), the *quick* part of log volatility, and *sigma*,
    the standard deviation of each minute's log return.  Arrays [day][minute].
    """

    before: FloatArray
    level: FloatArray
    quick: FloatArray
    sigma: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """What one stream draws for a chunk of days: normals [kind][day][minute] and uniforms alike."""

    normal: FloatArray
    uniform: FloatArray


def draw(seed: int, stream: str, first: int, count: int, normals: int, uniforms: int) -> Noise:
    """The noise of *count* days from day *first* (after the origin), each day from its own generator."""
    normal = np.empty((normals, count, MINUTES))
    uniform = np.empty((uniforms, count, MINUTES))
    for day in range(count):
        rng = generator(seed, stream, Draw.MINUTES, ORIGIN_DAY + first + day)
        for kind in range(normals):
            rng.standard_normal(out=normal[kind, day])
        for kind in range(uniforms):
            rng.random(out=uniform[kind, day])
    return Noise(normal, uniform)


def by_minute(by_hour: tuple[float, ...]) -> FloatArray:
    """A smooth daily profile through the middles of the hours."""
    hours = np.arange(-1, 25) + 0.5
    values = np.array((by_hour[-1], *by_hour, by_hour[0]))
    profile: FloatArray = np.interp((np.arange(MINUTES) + 0.5) / 60, hours, values)
    return profile


def _profile() -> FloatArray:
    profile = by_minute(VOL_BY_HOUR)
    normed: FloatArray = np.log(profile / np.sqrt(np.mean(profile**2)))
    return normed


SEASON: Final = _profile()


def walk(days: Days, vol: float, first: int, normal: FloatArray, market: FloatArray | None, shared: float) -> Path:
    """
    The minutes of the days from *first* on, from four kinds of *normal* noise [return, burst, mid, fast].

    *market* is the quick log volatility of BTC, of which this stream takes the part *shared*.
    """
    count = normal.shape[1]
    nodes = slice(first, first + count + 1)
    own = bridge(normal[2], MID_STD, MID_MINUTES, days.mid[nodes]) + bridge(
        normal[3], FAST_STD, FAST_MINUTES, days.fast[nodes]
    )
    spread = MID_STD**2 + FAST_STD**2
    loud = own if market is None else shared * market + np.sqrt(1 - shared * shared) * own
    loud += _aftermath(days, first, count)

    slow = days.slow[nodes]
    drift = np.linspace(0.0, 1.0, MINUTES + 1)[1:]
    through = slow[:-1, None] + (slow[1:] - slow[:-1])[:, None] * drift
    burst = BURST_STD * normal[1]
    sigma = np.exp(loud + through + burst + (SEASON - spread - BURST_STD**2))
    sigma *= vol / np.sqrt(DAYS_A_YEAR * MINUTES)
    before, level = _bridged_level(days, first, count, sigma * normal[0], sigma)
    return Path(before, level, loud, sigma)


def bridge(noise: FloatArray, std: float, half_life: float, nodes: FloatArray) -> FloatArray:
    """An autoregression through each day (rows), from the state of its first midnight to that of the next."""
    keep = 0.5 ** (1 / half_life)
    state: FloatArray = noise * (std * (1 - keep * keep) ** 0.5)
    power, reach = keep, 1
    while reach < MINUTES and power > 1e-18:  # doubling: after each turn a state has twice as many terms
        state[:, reach:] += power * state[:, :-reach]
        power, reach = power * power, reach * 2

    forward = keep ** np.arange(1, MINUTES + 1)
    state += (std * nodes[:-1])[:, None] * forward
    missed = std * nodes[1:] - state[:, -1]
    state += missed[:, None] * np.append(forward[-2::-1], 1.0)
    return state


def _aftermath(days: Days, first: int, count: int) -> FloatArray:
    """What the jumps of each day and of the day before still add to log volatility."""
    out = np.zeros((count, MINUTES))
    for row in range(count):
        for back in (0, 1):
            day = first + row - back
            if day >= 0 and days.jump[day] != 0.0:
                since = np.arange(MINUTES) + back * MINUTES - days.jump_minute[day]
                out[row] += np.where(since >= 0, AFTERMATH * np.exp(-np.maximum(since, 0) / AFTERMATH_MINUTES), 0.0)
    return out


def _bridged_level(
    days: Days, first: int, count: int, returns: FloatArray, sigma: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Levels from midnight to midnight: what the noise misses is spread by variance, and the jumps are put in."""
    walked = np.cumsum(returns, axis=1)
    share = np.cumsum(sigma * sigma, axis=1)
    share /= share[:, -1:]
    missed = days.move[first : first + count] - walked[:, -1]
    level = walked + missed[:, None] * share
    for row in range(count):
        if days.jump[first + row] != 0.0:
            level[row, days.jump_minute[first + row] :] += days.jump[first + row]
    level += days.level[first : first + count, None]
    before = np.empty_like(level)
    before[:, 1:] = level[:, :-1]
    before[:, 0] = days.level[first : first + count]
    return before, level
