"""
Which regime it is, read from closed bars alone (U3).

Every value depends on the closes of its own window and on nothing before or
after, to the last bit: sums are taken in one fixed order, so the whole history
at once and the last `warmup_bars` bars give the same regime.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from trader.model.market import FloatArray, Regime
from trader.policy import RegimePolicy

REGIMES: Final = (Regime.CHOP, Regime.BULL, Regime.BEAR, Regime.CRASH)
"""What the codes of a regime series mean."""
CHOP, BULL, BEAR, CRASH = range(4)

RegimeCodes = npt.NDArray[np.int8]

_CHUNK = 16_384
_YEAR_SECONDS: Final = 365 * 86_400
_UNIT_SECONDS: Final = {"m": 60, "h": 3_600, "d": 86_400}


def regime_now(closes: FloatArray, policy: RegimePolicy) -> Regime:
    """The regime after the last of *closes*, of which the last `warmup_bars` are enough; chop where there are fewer."""
    if policy.pinned is not None:
        return policy.pinned
    last = closes[-policy.warmup_bars :]
    return REGIMES[regime_series(last, policy)[-1]] if len(last) else Regime.CHOP


def regime_series(closes: FloatArray, policy: RegimePolicy, bars_per_year: float | None = None) -> RegimeCodes:
    """
    The regime after each bar, as codes into `REGIMES`; chop until warm, or the pinned one throughout.

    *bars_per_year* annualises the volatility; without it, it follows from the policy's timeframe and 365 days.
    """
    codes = np.full(len(closes), CHOP, dtype=np.int8)
    if policy.pinned is not None:
        codes[:] = REGIMES.index(policy.pinned)
        return codes
    if len(closes) < policy.warmup_bars:
        return codes

    warm = slice(policy.warmup_bars - 1, None)
    close = closes[warm]
    mean = window_mean(closes, policy.trend_bars)[warm]
    high = window_max(closes, policy.crash_bars)[warm]
    squared = np.concatenate(([np.nan], (closes[1:] / closes[:-1] - 1.0) ** 2))
    yearly = bars_per_year if bars_per_year is not None else bars_a_year(policy.timeframe)
    volatility_pct = np.sqrt(window_mean(squared, policy.vol_bars)[warm] * yearly) * 100.0

    trend = policy.trend_pct / 100.0
    seen = codes[warm]
    seen[close >= mean * (1.0 + trend)] = BULL
    seen[(close <= mean * (1.0 - trend)) | (volatility_pct > policy.bear_vol_pct)] = BEAR
    seen[close <= high * (1.0 - policy.crash_fall_pct / 100.0)] = CRASH
    return codes


def bars_a_year(timeframe: str) -> float:
    """How many bars of *timeframe* ("15m", "1h", "1d") a year of 365 days has."""
    return _YEAR_SECONDS / (int(timeframe[:-1]) * _UNIT_SECONDS[timeframe[-1]])


def window_mean(values: FloatArray, window: int) -> FloatArray:
    """
    The mean of the last *window* values, NaN before there are so many.

    Oldest first, one addition at a time for a chunk of instants at once: no running sum that remembers, and no
    pairwise sum whose order could depend on how many instants are asked for.
    """
    means = np.full(len(values), np.nan)
    for start in range(window - 1, len(values), _CHUNK):
        count = min(_CHUNK, len(values) - start)
        total = np.zeros(count)
        for oldest in range(start - window + 1, start + 1):
            total += values[oldest : oldest + count]
        means[start : start + count] = total / window
    return means


def window_max(values: FloatArray, window: int) -> FloatArray:
    """The largest of the last *window* values, NaN before there are so many."""
    highest = np.full(len(values), np.nan)
    if len(values) >= window:
        highest[window - 1 :] = np.lib.stride_tricks.sliding_window_view(values, window).max(axis=1)
    return highest
