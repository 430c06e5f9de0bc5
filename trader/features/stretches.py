"""
A long history's features, a stretch at a time, so that what computing them takes does not lie in memory all at once.

A row depends on its own window alone (`trader check warmup` refuses what does
not), so stretches that overlap by a window give the rows the whole would.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from trader.features.columns import Features, JunkFeatures, features_of
from trader.strategy import Strategy, window_bars

STRETCH_BARS = 500_000
"""Two years of one-minute bars and less are computed in one go, or two."""


def features_in_stretches(strategy: Strategy, bars: pd.DataFrame, stretch_bars: int = STRETCH_BARS) -> Features:
    """`features_of` *bars*, computed *stretch_bars* rows at a time; raises `JunkFeatures` where that is junk."""
    count, before = len(bars), window_bars(strategy) - 1
    if count <= 2 * stretch_bars:
        return features_of(strategy, bars)
    names: tuple[str, ...] | None = None
    columns = np.empty((0, count))
    for first in range(0, count, stretch_bars):
        since, until = max(0, first - before), min(first + stretch_bars, count)
        part = features_of(strategy, bars.iloc[since:until])
        if names is None:
            names, columns = part.names, np.empty((len(part.names), count))
        elif part.names != names:
            raise JunkFeatures(f"features has columns {list(names)!r:.80} at first and {list(part.names)!r:.80} later")
        columns[:, first:until] = part.block[first - since :].T
    assert names is not None
    frame = pd.DataFrame(columns.T, index=bars.index, columns=list(names), copy=False)
    return Features(names, columns.T, frame)
