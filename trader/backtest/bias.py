"""
Does a strategy see the future, or need more past than it says?

Both are answered by computing again on less and comparing bit for bit: with the
future cut off nothing before the cut may change, and the last `warmup_bars`
bars alone must give the row that all of history gives.  The first offence is
told with its column, bar and values.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from trader.features.columns import features_of, screen_of
from trader.features.together import same_bits
from trader.fence import Guard, Timer
from trader.registry import Failure, LoadedStrategy, attempt
from trader.strategy import window_bars

CUTS, WINDOWS = 60, 400
SECONDS_EACH = 10.0
SCREEN = "(screen)"


@dataclass(frozen=True, slots=True)
class Bias:
    """
    *column* of the bar that opened at *bar* is *whole* where everything is known and *honest* where only that is
    known which may be; *cut* is the last bar that was known then.
    """

    kind: str
    symbol: str
    column: str
    bar: datetime
    cut: datetime
    whole: float
    honest: float

    def __str__(self) -> str:
        where = f"{self.symbol}, column {self.column}, bar {self.bar:%Y-%m-%d %H:%M}Z"
        if self.kind == "lookahead":
            then = f"{self.honest!r} while bar {self.cut:%Y-%m-%d %H:%M}Z is the last"
            return f"{where}: {then}, {self.whole!r} once later bars are known; it uses the future"
        what = f"{self.whole!r} from all of history, {self.honest!r} from the bar and the warmup_bars before it"
        return f"{where}: {what}; raise warmup_bars, or compute from a window"


@dataclass(frozen=True, slots=True)
class NotComputed:
    """Features could not be computed on a part of the bars."""

    symbol: str
    cut: datetime
    detail: str

    def __str__(self) -> str:
        return f"{self.symbol}, up to bar {self.cut:%Y-%m-%d %H:%M}Z: {self.detail}"


Found = Bias | NotComputed | None


@dataclass(frozen=True, slots=True)
class Fence:
    """What bounds the code under check."""

    timer: Timer | None = None
    guard: Guard | None = None


def check_lookahead(
    loaded: LoadedStrategy, symbol: str, bars: pd.DataFrame, fence: Fence | None = None, cuts: int = CUTS
) -> Found:
    """The first value of *loaded*'s features or screen that changes when later bars become known."""
    whole = _columns(loaded, bars, fence or Fence())
    if isinstance(whole, Failure):
        return NotComputed(symbol, bars.index[-1], whole.detail)
    for stop in _instants(loaded, len(bars), cuts):
        part = _columns(loaded, bars.iloc[: stop + 1], fence or Fence())
        if isinstance(part, Failure):
            return NotComputed(symbol, bars.index[stop], part.detail)
        found = _first_difference("lookahead", symbol, whole.iloc[: stop + 1], part)
        if found is not None:
            return found
    return None


def check_warmup(
    loaded: LoadedStrategy, symbol: str, bars: pd.DataFrame, fence: Fence | None = None, cuts: int = WINDOWS
) -> Found:
    """The first value that differs between all of history and its own bar with the `warmup_bars` before it."""
    whole = _columns(loaded, bars, fence or Fence())
    if isinstance(whole, Failure):
        return NotComputed(symbol, bars.index[-1], whole.detail)
    for stop in _instants(loaded, len(bars), cuts):
        first = stop + 1 - window_bars(loaded.strategy)
        part = _columns(loaded, bars.iloc[first : stop + 1], fence or Fence())
        if isinstance(part, Failure):
            return NotComputed(symbol, bars.index[stop], part.detail)
        found = _first_difference("warmup", symbol, whole.iloc[stop : stop + 1], part.iloc[-1:])
        if found is not None:
            return found
    return None


def _columns(loaded: LoadedStrategy, bars: pd.DataFrame, fence: Fence) -> pd.DataFrame | Failure:
    """Features and screen of *bars*, float64."""
    strategy = loaded.strategy

    def compute() -> pd.DataFrame:
        features = features_of(strategy, bars)
        screen = screen_of(strategy, features)
        columns = pd.DataFrame(features.block, index=bars.index, columns=list(features.names))
        return columns if screen is None else columns.assign(**{SCREEN: screen.astype(np.float64)})

    name, module = loaded.stanza.name, type(strategy).__module__
    return attempt(name, module, compute, fence.timer, fence.guard, SECONDS_EACH)


def _instants(loaded: LoadedStrategy, bars: int, cuts: int) -> list[int]:
    """Rows to look from: the first warm one, the last but one, and *cuts* in between at uneven distances."""
    first, last = loaded.strategy.warmup_bars, bars - 2
    if last < first:
        return []
    spread = first + (last - first) * np.linspace(0, 1, cuts) ** 1.3
    return [int(row) for row in np.unique(spread.astype(np.int64))]


def _first_difference(kind: str, symbol: str, whole: pd.DataFrame, part: pd.DataFrame) -> Bias | None:
    """The earliest row, then column, at which the two are not equal to the last bit."""
    if list(whole.columns) != list(part.columns):
        odd = next(iter(sorted({*whole.columns} ^ {*part.columns})), "order of columns")
        return Bias(kind, symbol, odd, whole.index[-1], part.index[-1], float("nan"), float("nan"))
    left, right = np.ascontiguousarray(whole.to_numpy()), np.ascontiguousarray(part.to_numpy())
    if same_bits(left, right):
        return None
    equal = (left.view(np.int64) == right.view(np.int64)) | (np.isnan(left) & np.isnan(right))
    row, column = (int(where[0]) for where in np.nonzero(~equal))
    return Bias(
        kind,
        symbol,
        str(whole.columns[column]),
        whole.index[row],
        part.index[-1],
        float(left[row, column]),
        float(right[row, column]),
    )
