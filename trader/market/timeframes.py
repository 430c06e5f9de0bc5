"""
One panel in the timeframes its strategies think in.

Coarser bars are made once from the panel's own; a bar counts as closed at the
instant its bucket ends, whether or not anything traded just then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from trader.market.bars import epoch_seconds, resample
from trader.market.granularity import BadGranularity, granularity_name
from trader.market.panel import Panel
from trader.model.market import IntArray

Mask = npt.NDArray[np.bool_]


class Timeframes:
    """Frames of *panel* by granularity in seconds, made when first asked for and kept."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._frames: dict[int, Mapping[str, pd.DataFrame]] = {panel.granularity_seconds: panel.frames}
        self._traded: dict[int, _Traded] = {}

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
        row, odd = divmod(at, granularity_seconds)
        if odd:
            return ()
        traded = self._traded.get(granularity_seconds)
        if traded is None:
            frames = self.frames(granularity_seconds)
            traded = self._traded[granularity_seconds] = _Traded.of(frames, granularity_seconds)
        row -= traded.first
        if not 0 <= row < traded.length:
            return ()
        if traded.whole is None or traded.whole[row]:
            return traded.symbols
        return tuple([symbol for symbol, mask in zip(traded.symbols, traded.masks, strict=True) if mask.item(row)])


class _Traded(NamedTuple):
    """
    Which symbols have a bar that closes at row + *first* bar lengths since 1970; *whole* where all have one, None where
    that is so at every row.
    """

    first: int
    symbols: tuple[str, ...]
    masks: tuple[Mask, ...]
    length: int
    whole: memoryview[Any] | None

    @classmethod
    def of(cls, frames: Mapping[str, pd.DataFrame], step: int) -> _Traded:
        rows = {symbol: epoch_seconds(frame) // step + 1 for symbol, frame in frames.items() if len(frame)}
        first = min((int(some[0]) for some in rows.values()), default=0)
        count = max((int(some[-1]) + 1 for some in rows.values()), default=first) - first
        masks = tuple(_mask(some - first, count) for some in rows.values())
        whole = np.logical_and.reduce(masks) if masks else np.empty(0, np.bool_)
        if whole.all():
            return cls(first, tuple(rows), (), count, None)
        return cls(first, tuple(rows), masks, count, whole.data)


def _mask(rows: IntArray, count: int) -> Mask:
    mask = np.zeros(count, np.bool_)
    mask[rows] = True
    return mask
