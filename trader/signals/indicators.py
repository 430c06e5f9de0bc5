"""
Causal columns: each value depends on its window alone, to the last bit.

Every function takes a Series or a float64 array, one symbol, oldest first, and
gives back the same kind, NaN until its window is full or where a NaN lies in
it.  `needs n bars` in a docstring is what a strategy's `warmup_bars` must cover.
"""

from __future__ import annotations

import numpy as np

from trader.signals.windows import Column, add, fold, largest, shaped_like, smallest, spread, values_of


def lag(column: Column, bars: int = 1) -> Column:
    """The value *bars* bars ago.  Needs bars + 1 bars."""
    if bars < 0:
        raise ValueError(f"lag looks back, not {-bars} bars ahead")
    values = values_of(column)
    out = np.full(len(values), np.nan)
    out[bars:] = values[: len(values) - bars] if bars < len(values) else []
    return shaped_like(column, out)


def sma(column: Column, bars: int) -> Column:
    """Simple moving average.  Needs *bars* bars."""
    total = fold(values_of(column)[None], bars, add)[0]
    total /= bars
    return shaped_like(column, total)


def rolling_std(column: Column, bars: int) -> Column:
    """Sample standard deviation (n − 1).  Needs *bars* bars, at least 2."""
    if bars < 2:
        raise ValueError(f"a standard deviation needs at least 2 bars, not {bars}")
    values = values_of(column)
    moments = fold(np.stack([values, np.zeros_like(values)]), bars, spread)
    return shaped_like(column, np.sqrt(moments[1] / (bars - 1)))


def rolling_max(column: Column, bars: int) -> Column:
    """Highest of the last *bars* bars, this one included.  Needs *bars* bars."""
    return shaped_like(column, fold(values_of(column)[None], bars, largest)[0])


def rolling_min(column: Column, bars: int) -> Column:
    """Lowest of the last *bars* bars, this one included.  Needs *bars* bars."""
    return shaped_like(column, fold(values_of(column)[None], bars, smallest)[0])


def prior_max(column: Column, bars: int) -> Column:
    """Highest of the *bars* bars before this one.  Needs bars + 1 bars."""
    return lag(rolling_max(column, bars), 1)


def prior_min(column: Column, bars: int) -> Column:
    """Lowest of the *bars* bars before this one.  Needs bars + 1 bars."""
    return lag(rolling_min(column, bars), 1)


def prior_mean(column: Column, bars: int) -> Column:
    """Mean of the *bars* bars before this one.  Needs bars + 1 bars."""
    return lag(sma(column, bars), 1)


def change_pct(column: Column, bars: int = 1) -> Column:
    """Change over *bars* bars in per cent.  Needs bars + 1 bars."""
    values, before = values_of(column), values_of(lag(column, bars))
    with np.errstate(all="ignore"):
        return shaped_like(column, (values / before - 1.0) * 100.0)


def zscore(column: Column, bars: int) -> Column:
    """How many standard deviations this value is from the mean of its window; 0 where the window is flat.

    Needs *bars* bars, at least 2.
    """
    values = values_of(column)
    mean, deviation = sma(values, bars), rolling_std(values, bars)
    with np.errstate(all="ignore"):
        return shaped_like(column, np.where(deviation == 0.0, 0.0, (values - mean) / deviation))


def true_range(high: Column, low: Column, close: Column) -> Column:
    """This bar's range, gap from the last close included.  Needs 2 bars."""
    top, bottom, before = values_of(high), values_of(low), values_of(lag(close, 1))
    with np.errstate(all="ignore"):
        return shaped_like(close, np.maximum(top, before) - np.minimum(bottom, before))


def average_range(high: Column, low: Column, close: Column, bars: int) -> Column:
    """Mean true range of the last *bars* bars (ATR with a simple mean).  Needs bars + 1 bars."""
    return sma(true_range(high, low, close), bars)


def crossing(fast: Column, slow: Column) -> Column:
    """1 where *fast* rises above *slow* on this bar, −1 where it falls below, 0 elsewhere.

    Needs one bar more than its columns.
    """
    with np.errstate(all="ignore"):
        gap = values_of(fast) - values_of(slow)
    before = values_of(lag(gap, 1))
    crossed = np.where((gap > 0) & (before <= 0), 1.0, np.where((gap < 0) & (before >= 0), -1.0, 0.0))
    crossed[np.isnan(gap) | np.isnan(before)] = np.nan
    return shaped_like(fast, crossed)
