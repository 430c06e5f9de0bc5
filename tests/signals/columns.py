"""Columns as a market could make them, and as it should not: what every signal is tried on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from trader import signals

FloatArray = npt.NDArray[np.float64]

ordinary = st.floats(0.01, 1e6)
hostile = st.one_of(
    ordinary, st.just(0.0), st.just(-0.0), st.just(float("nan")), st.just(float("inf")), st.floats(-1e9, 1e9)
)


def columns(values: st.SearchStrategy[float], bars_min: int = 1, bars_max: int = 120) -> st.SearchStrategy[FloatArray]:
    """Arrays of *values*; long runs of one value are as likely as noise."""
    runs = st.lists(st.tuples(values, st.integers(1, 12)), min_size=bars_min, max_size=bars_max)
    return runs.map(lambda pairs: np.repeat([v for v, _ in pairs], [n for _, n in pairs])[:bars_max].astype(float))


Signal = Callable[[FloatArray, int], FloatArray]
"""One column and a length."""

EVERY_SIGNAL: dict[str, tuple[Signal, Callable[[int], int]]] = {
    "lag": (signals.lag, lambda n: n + 1),
    "sma": (signals.sma, lambda n: n),
    "rolling_std": (lambda x, n: signals.rolling_std(x, n + 1), lambda n: n + 1),
    "rolling_max": (signals.rolling_max, lambda n: n),
    "rolling_min": (signals.rolling_min, lambda n: n),
    "prior_max": (signals.prior_max, lambda n: n + 1),
    "prior_min": (signals.prior_min, lambda n: n + 1),
    "prior_mean": (signals.prior_mean, lambda n: n + 1),
    "change_pct": (signals.change_pct, lambda n: n + 1),
    "zscore": (lambda x, n: signals.zscore(x, n + 1), lambda n: n + 1),
    "true_range": (lambda x, n: signals.true_range(x + 1, x - 1, x), lambda n: 2),
    "average_range": (lambda x, n: signals.average_range(x + 1, x - 1, x, n), lambda n: n + 1),
    "crossing": (lambda x, n: signals.crossing(x, signals.sma(x, n)), lambda n: n + 1),
    "price_move": (lambda x, n: signals.price_move(x, n, 5.0), lambda n: n + 1),
    "breakout": (lambda x, n: signals.breakout(x, x + 1, n, 2.0), lambda n: n + 1),
    "volume_spike": (lambda x, n: signals.volume_spike(x, n, 3.0), lambda n: n + 1),
    "momentum": (lambda x, n: signals.momentum(x, n + 1, 2.0), lambda n: n + 2),
    "reversal": (lambda x, n: signals.reversal(x, n, 5.0, 2.0), lambda n: n),
    "mean_reversion": (lambda x, n: signals.mean_reversion(x, n + 1, 2.0), lambda n: n + 1),
}
"""Name to the signal, and how many bars its docstring says it needs for a length."""


def same_bits(left: FloatArray, right: FloatArray) -> bool:
    """Equal to the last bit; any NaN equals any other."""
    both_unknown = np.isnan(left) & np.isnan(right)
    return bool(np.all(both_unknown | (left.view(np.int64) == right.view(np.int64))))
