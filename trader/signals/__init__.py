"""Causal columns and triggers; each value depends on its window alone, to the last bit."""

from trader.signals.indicators import (
    average_range,
    change_pct,
    crossing,
    lag,
    prior_max,
    prior_mean,
    prior_min,
    rolling_max,
    rolling_min,
    rolling_std,
    sma,
    true_range,
    zscore,
)
from trader.signals.scoring import fires, ramp, strongest, weakest
from trader.signals.triggers import (
    breakout,
    mean_reversion,
    momentum,
    price_move,
    reversal,
    volume_spike,
)

__all__ = [
    "average_range",
    "breakout",
    "change_pct",
    "crossing",
    "fires",
    "lag",
    "mean_reversion",
    "momentum",
    "price_move",
    "prior_max",
    "prior_mean",
    "prior_min",
    "ramp",
    "reversal",
    "rolling_max",
    "rolling_min",
    "rolling_std",
    "sma",
    "strongest",
    "true_range",
    "volume_spike",
    "weakest",
    "zscore",
]
