"""
The bars a live market looks back on: a window that moves, with nothing in it that was not closed.

It begins at a midnight (UTC), so that every coarser bar in it is whole; what
follows from the bars is made once for each instant it is moved to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from types import MappingProxyType

import numpy as np

from trader.execution.fills import BarRow
from trader.market.bars import CLOSE, COLUMNS, bars_frame, block_of, columns_of, epoch_seconds
from trader.market.coinbase_rest import Candles
from trader.market.granularity import granularity_name
from trader.market.panel import DensePanel, Panel, dense
from trader.market.timeframes import Timeframes
from trader.model.market import DAY_SECONDS, FloatArray, IntArray, Product

ALIKE: Mapping[str, int] = MappingProxyType({})
NOTHING = Candles(np.empty(0, np.int64), np.empty((len(COLUMNS), 0)))


class LiveWindow:
    """
    Closed bars of *symbols*, *step* seconds long, from a midnight at least *history_seconds* back.

    *longer_seconds* is how far back a symbol goes that is read further than the others; they begin later in the window.
    """

    def __init__(
        self, symbols: Sequence[str], step: int, history_seconds: int, longer_seconds: Mapping[str, int] = ALIKE
    ) -> None:
        self.symbols, self.step = tuple(sorted(symbols)), step
        usual = max(history_seconds, DAY_SECONDS)
        self._back = {symbol: max(usual, longer_seconds.get(symbol, 0)) for symbol in self.symbols}
        self._history_seconds = max(self._back.values(), default=usual)
        self._rows: dict[str, Candles] = dict.fromkeys(self.symbols, NOTHING)

    def begin(self, at: int) -> int:
        """The first second (epoch) of the window that ends at *at*: a midnight."""
        return (at - self._history_seconds) // DAY_SECONDS * DAY_SECONDS

    def begin_of(self, symbol: str, at: int) -> int:
        """The first second of what is wanted of *symbol* in it: a midnight too, not before the window's."""
        return (at - self._back[symbol]) // DAY_SECONDS * DAY_SECONDS

    def add(self, symbol: str, found: Candles) -> None:
        """Bars that follow those of *symbol* so far; the ones that are there already are passed over."""
        have = self._rows[symbol]
        new = slice(int(np.searchsorted(found.starts, have.starts[-1], "right")) if len(have.starts) else 0, None)
        self._rows[symbol] = Candles(
            np.concatenate([have.starts, found.starts[new]]),
            np.concatenate([have.block, found.block[:, new]], axis=1),
        )

    def close(self, at: int, products: Mapping[str, Product]) -> WindowAt:
        """The window that ends at *at* (epoch seconds, on the grid); what is older than it is let go."""
        first = self.begin(at)
        for symbol, rows in self._rows.items():
            kept = slice(int(np.searchsorted(rows.starts, first)), None)
            self._rows[symbol] = Candles(rows.starts[kept], rows.block[:, kept])
        known = {symbol: np.searchsorted(rows.starts, at) for symbol, rows in self._rows.items()}
        frames = {
            symbol: bars_frame(rows.starts[: known[symbol]].copy(), rows.block[:, : known[symbol]].copy())
            for symbol, rows in self._rows.items()
        }
        panel = Panel(frames, granularity_name(self.step), _utc(first), _utc(at), products, gaps={})
        return WindowAt(panel, first, at)


class WindowAt:
    """What the bars of *panel* say at the instant *at*, the end of the window that began at *first*."""

    def __init__(self, panel: Panel, first: int, at: int) -> None:
        self.panel, self.first, self.at = panel, first, at
        self.step = panel.granularity_seconds
        self.timeframes = Timeframes(panel)
        self._columns = {symbol: (epoch_seconds(frame), block_of(frame)) for symbol, frame in panel.frames.items()}

    @cached_property
    def dense(self) -> DensePanel:
        """The whole window on the regular grid, also where nobody traded at its edges."""
        return on_the_whole_grid(dense(self.panel), self.panel.symbols, self.first, self.at, self.step)

    def mark(self, symbol: str, at: int) -> float:
        """The last close of *symbol* known at *at*; NaN before the first."""
        starts, block = self._columns[symbol]
        until = int(np.searchsorted(starts, at - self.step, "right"))
        return float(block[CLOSE][until - 1]) if until else float("nan")

    def bar(self, symbol: str, start: int) -> BarRow | None:
        """The bar of *symbol* that opened at *start*, or None where nothing traded."""
        starts, block = self._columns[symbol]
        row = int(np.searchsorted(starts, start))
        if row == len(starts) or int(starts[row]) != start:
            return None
        return BarRow(*(float(value) for value in block[:, row]))

    def last_start(self, symbol: str) -> int | None:
        """When the newest bar of *symbol* opened; None without one."""
        starts = self._columns[symbol][0]
        return int(starts[-1]) if len(starts) else None

    def closes(self, symbol: str, seconds: int) -> FloatArray:
        """Closes of *symbol*'s bars of *seconds* that are over at the window's end."""
        frame = self.timeframes.frames(seconds)[symbol]
        over = int(np.searchsorted(epoch_seconds(frame), self.at - seconds, "right"))
        return columns_of(frame)["close"][:over]


def on_the_whole_grid(found: DensePanel, symbols: Sequence[str], first: int, at: int, step: int) -> DensePanel:
    """*found* from *first* to *at*, NaN where it has nothing; *symbols* in its order, also where none traded."""
    starts: IntArray = np.arange(first, at, step, dtype=np.int64)
    offset = int((found.starts[0] - first) // step) if len(found.starts) else 0

    def widened(columns: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
        out = []
        for row in range(len(symbols)):
            whole = np.full(len(starts), np.nan)
            if len(found.starts):
                whole[offset : offset + len(found.starts)] = columns[row]
            whole.flags.writeable = False
            out.append(whole)
        return tuple(out)

    columns = (found.open, found.high, found.low, found.close, found.volume)
    return DensePanel(tuple(symbols), step, starts, *map(widened, columns))


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
