"""
From a measure to a decision: a score between 0 and 1, a threshold, and a cap on how many may fire.

A trigger fires when its score is at least its threshold and never otherwise;
an unknown score (NaN) never fires.  Nothing here depends on the order of
anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from trader.model.market import FloatArray
from trader.signals.windows import Column, shaped_like, values_of


def ramp(measure: Column, zero_at: float, one_at: float) -> Column:
    """Score of *measure*: 0 at *zero_at* and beyond, 1 at *one_at* and beyond, a straight line between, NaN of NaN."""
    if zero_at == one_at:
        raise ValueError(f"a ramp needs two ends, not {zero_at} twice")
    with np.errstate(all="ignore"):
        score = (values_of(measure) - zero_at) / (one_at - zero_at)
    return shaped_like(measure, np.minimum(np.maximum(score, 0.0), 1.0) + 0.0)


def weakest(first: Column, *others: Column) -> Column:
    """The lowest of several scores: all conditions together are as strong as the weakest."""
    lowest = values_of(first)
    for other in others:
        lowest = np.minimum(lowest, values_of(other))
    return shaped_like(first, lowest)


def fires(score: pd.Series[Any] | FloatArray | float, threshold: float) -> Any:
    """True where *score* is at least *threshold*: a column of a column, a bool of a number."""
    fired: npt.NDArray[np.bool_] | np.bool_ = np.asarray(score, dtype=np.float64) >= threshold
    if isinstance(score, pd.Series):
        return pd.Series(fired, index=score.index)
    return fired if isinstance(score, np.ndarray) and score.ndim else bool(fired)


def strongest(scores: Mapping[str, float], threshold: float, max_triggers: int) -> tuple[str, ...]:
    """The symbols that fire, the highest score first, at most *max_triggers*; equal scores by name."""
    fired = sorted((-score, symbol) for symbol, score in scores.items() if score >= threshold)
    return tuple(symbol for _, symbol in fired[: max(0, max_triggers)])
