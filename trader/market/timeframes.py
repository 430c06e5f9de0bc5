"""
One panel in the timeframes its strategies think in.

Coarser bars are made once from the panel's own; a bar counts as closed at the
instant its bucket ends, whether or not anything traded just then.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from trader.market.bars import epoch_seconds, resample
from trader.market.granularity import BadGranularity, granularity_name
from trader.market.panel import Panel

Mask = npt.NDArray[np.bool_]


class Timeframes:
    """Frames of *panel* by granularity in seconds, made when first asked for and kept."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._frames: dict[int, Mapping[str, pd.DataFrame]] = {panel.granularity_seconds: panel.frames}
        self._traded: dict[int, tuple[int, tuple[tuple[str, Mask], ...]]] = {}

    @property
    def known(self) -> tuple[int, ...]:
        """The granularities made so far, finest first."""
        return tuple(sorted(self._frames))

    def frames(self, granularity_seconds: int) -> Mapping[str, pd.DataFrame]:
        """
        Symbol to frame in bars of *granularity_seconds*.

        Raises BadGranularity where the panel's bars are coarser, or do not divide them.
        """
        if granularity_seconds not in self._frames:
            finer, coarser = self._panel.granularity, granularity_name(granularity_seconds)
            if granularity_seconds % self._panel.granularity_seconds:
                raise BadGranularity(
                    f"bars of {finer} cannot be made into {coarser}: a strategy that thinks in {coarser} "
                    f"needs --granularity {coarser} or finer"
                )
            self._frames[granularity_seconds] = {
                symbol: resample(frame, finer, coarser) for symbol, frame in self._panel.frames.items()
            }
        return self._frames[granularity_seconds]

    def closed(self, granularity_seconds: int, at: int) -> tuple[str, ...]:
        """Symbols with a bar of *granularity_seconds* that closed exactly *at* (epoch seconds), in order."""
        if at % granularity_seconds:
            return ()
        if granularity_seconds not in self._traded:
            self._traded[granularity_seconds] = self._when_traded(granularity_seconds)
        first, masks = self._traded[granularity_seconds]
        row = (at - first) // granularity_seconds - 1
        return tuple(symbol for symbol, mask in masks if 0 <= row < len(mask) and mask[row])

    def _when_traded(self, step: int) -> tuple[int, tuple[tuple[str, Mask], ...]]:
        frames = self.frames(step)
        starts = {symbol: epoch_seconds(frame) for symbol, frame in frames.items() if len(frame)}
        first = min((int(times[0]) for times in starts.values()), default=0)
        masks = []
        for symbol, times in starts.items():
            mask = np.zeros((int(times[-1]) - first) // step + 1, np.bool_)
            mask[(times - first) // step] = True
            masks.append((symbol, mask))
        return first, tuple(masks)
