"""
The stylised facts of a series of 1-minute bars, measured the same way on real and on made-up ones.

Returns are logarithmic and between neighbouring minutes that both have a bar;
hourly figures use the last known close at each full hour.  Nothing is clipped.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from trader.market.bars import CLOSE, HIGH, LOW, OPEN, VOLUME, block_of, epoch_seconds
from trader.model.market import FloatArray

MINUTE: Final = 60
HOURS_A_YEAR: Final = 8_760


@dataclass(frozen=True, slots=True)
class Facts:
    """Percentages as numbers; kurtosis is 3 for a Gaussian; *acf_abs_n* is the autocorrelation of |1m return|."""

    vol_pct: float
    """Annualised volatility, from hourly returns."""
    kurtosis_1m: float
    kurtosis_1h: float
    acf_1: float
    """Autocorrelation of the 1m return itself: bid-ask bounce makes it negative."""
    acf_abs_1: float
    acf_abs_60: float
    corr_btc_1h: float
    zero_return_pct: float
    """Neighbouring closes that are equal."""
    missing_pct: float
    missing_run_mean: float
    """Mean length of a run of missing minutes."""
    flat_pct: float
    """Bars with open = high = low = close."""
    range_bps: float
    """Mean of high/low - 1."""
    corr_volume_abs: float
    """Correlation of log volume with |1m return|."""
    volume_log_std: float
    """Standard deviation of log volume: how unequal the minutes are."""
    volume_usd_median: float


def measure(bars: pd.DataFrame, btc: pd.DataFrame) -> Facts:
    """The facts of *bars* (1m); *btc* are the BTC-USD bars of the same span."""
    log_close, grid = _on_grid(bars)
    returns = np.diff(log_close)
    seen = np.isfinite(returns)
    absolute = np.abs(returns)
    block = block_of(bars)
    positive = block[VOLUME] > 0
    log_volume = np.full(len(log_close), np.nan)
    log_volume[grid[positive]] = np.log(block[VOLUME][positive])
    hourly = _hourly_returns(bars)
    missing = np.isnan(log_close)
    return Facts(
        vol_pct=float(np.nanstd(hourly.to_numpy()) * np.sqrt(HOURS_A_YEAR) * 100),
        kurtosis_1m=kurtosis(returns[seen]),
        kurtosis_1h=kurtosis(hourly.dropna().to_numpy()),
        acf_1=autocorrelation(returns, 1),
        acf_abs_1=autocorrelation(absolute, 1),
        acf_abs_60=autocorrelation(absolute, 60),
        corr_btc_1h=float(hourly.corr(_hourly_returns(btc))),
        zero_return_pct=float(np.mean(absolute[seen] < 1e-12) * 100),
        missing_pct=float(missing.mean() * 100),
        missing_run_mean=float(missing.sum() / max(1, np.count_nonzero(np.diff(missing.astype(np.int8)) == 1))),
        flat_pct=float(np.mean(block[HIGH] == block[LOW]) * 100),
        range_bps=float(np.mean(block[HIGH] / block[LOW] - 1) * 1e4),
        corr_volume_abs=_correlation(log_volume[1:], absolute),
        volume_log_std=float(np.nanstd(log_volume)),
        volume_usd_median=float(np.median(block[VOLUME] * (block[OPEN] + block[CLOSE]) / 2)),
    )


def names() -> tuple[str, ...]:
    """The facts, in the order they are shown."""
    return tuple(field.name for field in fields(Facts))


def kurtosis(values: npt.NDArray[np.floating[Any]]) -> float:
    """Fourth moment over the squared second: 3 for a Gaussian."""
    centred = values - values.mean()
    variance = float(np.mean(centred**2))
    return float(np.mean(centred**4) / variance**2) if variance > 0 else float("nan")


def autocorrelation(values: FloatArray, lag: int) -> float:
    """Correlation of *values* with themselves *lag* minutes earlier, over the pairs that are both known."""
    return _correlation(values[lag:], values[:-lag])


def _correlation(left: FloatArray, right: FloatArray) -> float:
    both = np.isfinite(left) & np.isfinite(right)
    if both.sum() < 3 or left[both].std() == 0 or right[both].std() == 0:
        return float("nan")
    return float(np.corrcoef(left[both], right[both])[0, 1])


def _on_grid(bars: pd.DataFrame) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Log closes on the regular minute grid, NaN where missing, and each bar's place on it."""
    starts = epoch_seconds(bars)
    place = (starts - starts[0]) // MINUTE
    grid = np.full(int(place[-1]) + 1, np.nan)
    grid[place] = np.log(block_of(bars)[CLOSE])
    return grid, place


def _hourly_returns(bars: pd.DataFrame) -> pd.Series[float]:
    """Log returns between full hours, by the last close known at each."""
    ends = epoch_seconds(bars) + MINUTE
    hours = np.arange(-(-int(ends[0]) // 3600), int(ends[-1]) // 3600 + 1)
    known = np.searchsorted(ends, hours * 3600, side="right") - 1
    log_close = np.log(block_of(bars)[CLOSE])[known]
    return pd.Series(np.diff(log_close), index=hours[1:])
