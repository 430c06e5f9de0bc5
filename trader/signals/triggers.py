"""
Deterministic triggers: each a causal column of scores between 0 and 1 (S1).

0 is "nothing to see", 1 is "as strong as it gets"; `full_…` says what counts as
1.  NaN until warm.  A strategy asks `fires(score, threshold)`; which way to
trade on it is the strategy's business.
"""

from __future__ import annotations

import math

import numpy as np

from trader.signals.indicators import change_pct, prior_max, prior_mean, rolling_std, zscore
from trader.signals.scoring import ramp, weakest
from trader.signals.windows import Column, deepest_fall, fold, shaped_like, values_of


def price_move(close: Column, lookback_bars: int, full_move_pct: float) -> Column:
    """How far the close moved over *lookback_bars*; a negative *full_move_pct* looks for falls.

    Needs lookback_bars + 1 bars.
    """
    return ramp(change_pct(close, lookback_bars), 0.0, full_move_pct)


def breakout(close: Column, high: Column, lookback_bars: int, full_break_pct: float) -> Column:
    """How far the close stands above the highest high of the *lookback_bars* bars before; 0 at or below it.

    Needs lookback_bars + 1 bars.
    """
    ceiling = values_of(prior_max(high, lookback_bars))
    with np.errstate(all="ignore"):
        above_pct = (values_of(close) / ceiling - 1.0) * 100.0
    return shaped_like(close, ramp(above_pct, 0.0, full_break_pct))


def volume_spike(volume: Column, lookback_bars: int, full_ratio: float) -> Column:
    """This bar's volume against the mean of the *lookback_bars* bars before: 1 at *full_ratio* times it, 0 at it.

    A bar with volume after a window without any scores 1.  Needs lookback_bars + 1 bars.
    """
    values, usual = values_of(volume), values_of(prior_mean(volume, lookback_bars))
    with np.errstate(all="ignore"):
        ratio = np.where(usual == 0.0, np.where(values > 0.0, full_ratio, 0.0), values / usual)
    return shaped_like(volume, ramp(ratio, 1.0, full_ratio))


def momentum(close: Column, lookback_bars: int, full_sigmas: float) -> Column:
    """The move over *lookback_bars* in units of what its own noise would make of it; negative looks for falls.

    0 where nothing moved.  Needs lookback_bars + 1 bars, lookback_bars at least 2.
    """
    moves = values_of(change_pct(close, 1))
    noise = rolling_std(moves, lookback_bars) * math.sqrt(lookback_bars)
    moved = values_of(change_pct(close, lookback_bars))
    with np.errstate(all="ignore"):
        sigmas = np.where((noise == 0.0) & (moved == 0.0), 0.0, moved / noise)
    return shaped_like(close, ramp(sigmas, 0.0, full_sigmas))


def reversal(close: Column, lookback_bars: int, full_fall_pct: float, full_rebound_pct: float) -> Column:
    """The largest fall within the window, and how far the close is back up from its low; the weaker of the two.

    The window ends with this bar.  Needs *lookback_bars* bars.
    """
    values = values_of(close)
    nothing_yet = np.where(np.isnan(values), np.nan, 1.0)
    fallen = fold(np.stack([values, values, nothing_yet, values]), lookback_bars, deepest_fall)
    with np.errstate(all="ignore"):
        fallen_pct, back_pct = (1.0 - fallen[2]) * 100.0, (values / fallen[3] - 1.0) * 100.0
    score = weakest(ramp(fallen_pct, 0.0, full_fall_pct), ramp(back_pct, 0.0, full_rebound_pct))
    return shaped_like(close, score)


def mean_reversion(close: Column, lookback_bars: int, full_sigmas: float) -> Column:
    """How many standard deviations the close lies below its mean.  Needs *lookback_bars* bars, at least 2."""
    return ramp(zscore(close, lookback_bars), 0.0, -full_sigmas)
