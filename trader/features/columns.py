"""
One strategy's features of one symbol: asked for once, checked, and kept as plain float64 arrays.

A frame that does not say what it should — another index, a column that is no
float64, bars that were written to — is refused with a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from trader.errors import TraderError
from trader.market.bars import COLUMNS, bars_frame, epoch_seconds
from trader.model.market import Bars, FloatArray
from trader.strategy import Strategy

_COLUMNS = pd.Index(COLUMNS)
BoolArray = npt.NDArray[np.bool_]


class JunkFeatures(TraderError):
    """`features` or `screen` returned what it should not, or `history` was asked for what it cannot give."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Columns by name over *block* (bars × names, float64)."""

    names: tuple[str, ...]
    block: FloatArray
    frame: pd.DataFrame

    def row(self, at: int) -> dict[str, float] | None:
        """The row at index *at*; None where one of its values is unknown."""
        values = self.block[at].tolist()
        return None if any(value != value for value in values) else dict(zip(self.names, values, strict=True))


def features_of(strategy: Strategy, bars: pd.DataFrame) -> Features:
    """What *strategy* makes of *bars* (one symbol); raises `JunkFeatures` where that is junk."""
    given = bars.copy(deep=False)
    made = cast(Any, strategy.features(given))
    if not _untouched(given, bars):
        raise JunkFeatures("features wrote to the bars it was given; make new columns instead")
    if not isinstance(made, pd.DataFrame):
        raise JunkFeatures(f"features returned {type(made).__name__}, not a DataFrame")
    _check_index(made.index, bars.index, "features")
    names = tuple(made.columns)
    if len(set(names)) != len(names) or not all(type(name) is str for name in names):
        raise JunkFeatures(f"features has columns {list(names)!r:.80}; each needs a name of its own, a str")
    block = made.to_numpy()
    if names and block.dtype != np.float64:
        name, kind = next((name, kind) for name, kind in made.dtypes.items() if kind != np.float64)
        raise JunkFeatures(f"feature {name} is {kind}, not float64; .astype(float) makes it so")
    return Features(names, block, made)


def screen_of(strategy: Strategy, features: Features) -> BoolArray | None:
    """Where *strategy* could propose anything, as a bool array; None means everywhere."""
    given = features.frame.copy(deep=False)
    screen = cast(Any, strategy.screen(given))
    if screen is None:
        return None
    if not _untouched(given, features.frame):
        raise JunkFeatures("screen wrote to the features it was given")
    if not isinstance(screen, pd.Series) or screen.dtype != np.bool_:
        what = f"a Series of {screen.dtype}" if isinstance(screen, pd.Series) else type(screen).__name__
        raise JunkFeatures(f"screen returned {what}, not a Series of bool (or None for everywhere)")
    _check_index(screen.index, features.frame.index, "screen")
    return screen.to_numpy()


def _check_index(made: pd.Index[Any], given: pd.Index[Any], what: str) -> None:
    if made is given:
        return
    if len(made) != len(given):
        raise JunkFeatures(f"{what} returned {len(made)} rows for {len(given)} bars; one row a bar, NaN where unknown")
    if not made.equals(given):
        raise JunkFeatures(f"{what} returned another index than the bars have; pass index=bars.index")


def _untouched(given: pd.DataFrame, original: pd.DataFrame) -> bool:
    """Copy-on-write tells: whatever is written to lies elsewhere afterwards."""
    if not given.columns.equals(original.columns) or len(given) != len(original):
        return False
    now, before = given.to_numpy(), original.to_numpy()
    return now.dtype == before.dtype and now.__array_interface__["data"] == before.__array_interface__["data"]


def frame_of(bars: Bars, indexes: dict[bytes, pd.Index[Any]]) -> pd.DataFrame:
    """*bars* as the frame a strategy computes on; symbols that traded at the same times share an index."""
    block = np.stack((bars.open, bars.high, bars.low, bars.close, bars.volume))
    block.flags.writeable = False
    times = bars.start.tobytes()
    if times not in indexes:
        indexes[times] = bars_frame(bars.start, block).index
    return pd.DataFrame(block.T, index=indexes[times], columns=_COLUMNS, copy=False)


def bars_of(symbol: str, granularity_seconds: int, frame: pd.DataFrame) -> Bars:
    """*frame* as read-only columns."""
    columns = [frame[name].to_numpy() for name in COLUMNS]
    arrays = [epoch_seconds(frame).view(), *(column.view() for column in columns)]
    for array in arrays:
        array.flags.writeable = False
    return Bars(symbol, granularity_seconds, *arrays)


def history_of(bars: Bars | None, symbol: str, n: int, needed: int, as_of_seconds: int) -> Bars:
    """The last *n* of *bars* that had closed at *as_of_seconds* (fewer where there are fewer)."""
    if bars is None:
        raise JunkFeatures(f"history of {symbol}: there are no bars of it here")
    if not 1 <= n <= needed:
        raise JunkFeatures(f"history of {n} bars: 1 to {needed} (warmup_bars and one) are at hand; raise warmup_bars")
    stop = int(bars.start.searchsorted(as_of_seconds - bars.granularity_seconds, "right"))
    cut = slice(max(0, stop - n), stop)
    return Bars(
        symbol,
        bars.granularity_seconds,
        bars.start[cut],
        bars.open[cut],
        bars.high[cut],
        bars.low[cut],
        bars.close[cut],
        bars.volume[cut],
    )
