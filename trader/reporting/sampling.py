"""
Fewer points, the same picture.

A trace longer than its room is cut into equal runs, and of each run the first,
last, lowest and highest point are kept, so that no peak, trough or end is lost.
Candles are merged instead, which keeps open, high, low and close; exposure
keeps the instant of each run at which most was at stake, because it is read
against a cap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from trader.model.market import Bars, FloatArray, IntArray

Item = TypeVar("Item")

MAX_POINTS = 2_000
MAX_CANDLES_IN_ALL = 16_000
MAX_EXPOSURE_POINTS = 500
MAX_EVENTS = 2_000


def kept_points(values: FloatArray, max_points: int = MAX_POINTS, always: Iterable[int] = ()) -> IntArray:
    """Positions to keep: all, or first, last, lowest and highest of each run, and *always*; at most *max_points*."""
    n = len(values)
    if n <= max_points:
        return np.arange(n, dtype=np.int64)
    extra = [position % n for position in always]
    edges = np.linspace(0, n, (max_points - len(extra)) // 4 + 1).astype(np.int64)
    kept = list(extra)
    for begin, end in pairwise(edges.tolist()):
        run = values[begin:end]
        kept += [begin, begin + int(run.argmin()), begin + int(run.argmax()), end - 1]
    return np.unique(np.asarray(kept, dtype=np.int64))


def highest_points(values: FloatArray, max_points: int = MAX_EXPOSURE_POINTS) -> IntArray:
    """Positions to keep: all, or the first, the highest of each of *max_points* − 2 equal runs, and the last."""
    n = len(values)
    if n <= max_points:
        return np.arange(n, dtype=np.int64)
    edges = np.linspace(0, n, max_points - 1).astype(np.int64).tolist()
    runs = pairwise(edges)
    return np.unique(np.asarray([0, n - 1, *(begin + int(values[begin:end].argmax()) for begin, end in runs)]))


def merged_candles(bars: Bars, max_candles: int) -> Bars:
    """Candles over whole multiples of the granularity, aligned in time, at most *max_candles* of them."""
    if len(bars) <= max_candles:
        return bars
    step = bars.granularity_seconds
    span = (int(bars.start[-1]) - int(bars.start[0])) // step + 1
    seconds = step * -(-span // (max_candles - 1))
    slot = bars.start // seconds
    starts = np.flatnonzero(np.append(True, slot[1:] != slot[:-1]))
    ends = np.append(starts[1:], len(bars)) - 1
    return Bars(
        symbol=bars.symbol,
        granularity_seconds=seconds,
        start=slot[starts] * seconds,
        open=bars.open[starts],
        high=np.maximum.reduceat(bars.high, starts),
        low=np.minimum.reduceat(bars.low, starts),
        close=bars.close[ends],
        volume=np.add.reduceat(bars.volume, starts),
    )


def fair_sample(
    events: Sequence[Mapping[str, Any]], key: str = "risk_reason", max_events: int = MAX_EVENTS
) -> list[Mapping[str, Any]]:
    """At most *max_events*, in order: rare kinds whole, common ones evenly spread over the run."""
    if len(events) <= max_events:
        return list(events)
    places: dict[Any, list[int]] = defaultdict(list)
    for position, event in enumerate(events):
        places[event[key]].append(position)
    kept: list[int] = []
    room = max_events
    for left, kind in enumerate(sorted(places, key=lambda kind: (len(places[kind]), str(kind)))):
        quota = room // (len(places) - left)
        chosen = evenly(places[kind], quota)
        kept += chosen
        room -= len(chosen)
    return [events[position] for position in sorted(kept)]


def evenly(items: Sequence[Item], quota: int) -> list[Item]:
    """At most *quota* of *items*, evenly spread, the first and the last among them."""
    if len(items) <= quota:
        return list(items)
    return [items[index] for index in np.linspace(0, len(items) - 1, quota).astype(int).tolist()]
