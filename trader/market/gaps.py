"""
What is missing of a series of bars, counted and never filled in.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from trader.market.bars import epoch_seconds
from trader.market.panel import Gaps


def gaps_of(frame: pd.DataFrame, start: datetime, end: datetime, step: int) -> Gaps | None:
    """What *frame* (bars of *step* seconds) lacks in `[start, end)`; None where it has no bar there."""
    first, last = -(-int(start.timestamp()) // step) * step, int(end.timestamp()) // step * step
    starts = epoch_seconds(frame)
    low, high = np.searchsorted(starts, (first, last))
    starts = starts[low:high]
    if len(starts) == 0:
        return None
    before, after = (int(starts[0]) - first) // step, (last - int(starts[-1])) // step - 1
    between = np.diff(starts)
    between //= step
    between -= 1
    return Gaps(
        expected=(last - first) // step,
        missing=before + int(between.sum()) + after,
        runs=int(before > 0) + int(np.count_nonzero(between)) + int(after > 0),
        largest=max(before, int(between.max(initial=0)), after),
        first=datetime.fromtimestamp(int(starts[0]), UTC),
        last=datetime.fromtimestamp(int(starts[-1]), UTC),
        late_seconds=int(starts[0]) - first,
        early_seconds=last - step - int(starts[-1]),
    )
