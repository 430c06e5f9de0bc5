"""
Many symbols' last rows from one computation, where it shows itself to be what each alone would give.

A row depends on its own window alone, so windows laid end to end give the same
last rows as windows one by one, at a fraction of the calls.  That is not
believed but shown, every time: laid forwards and backwards, every symbol after
another neighbour, all rows must agree to the last bit, and those of the
cheapest and the dearest symbol must agree with the symbol alone.  Times are
left out of the frame, so code that asks for them fails here.  Whatever fails or
differs, nothing is taken, and each symbol is computed by itself.  (Running sums
may agree by chance and differ alone in their last digit; `check warmup` refuses them.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from trader.features.columns import Features, features_of
from trader.market.bars import COLUMNS
from trader.model.market import Bars, FloatArray
from trader.registry import Failure, LoadedStrategy, attempt

SYMBOLS_MIN = 5
_COLUMNS = pd.Index(COLUMNS)


def last_rows(
    loaded: LoadedStrategy, windows: Sequence[Bars], frame: Callable[[Bars], pd.DataFrame]
) -> list[Features] | None:
    """The last row of each of *windows* (all of one length), or None where it cannot be shown; *frame* makes one's."""
    if len(windows) < SYMBOLS_MIN:
        return None
    length = len(windows[0])
    forwards = _laid_out(loaded, windows)
    backwards = None if forwards is None else _laid_out(loaded, windows[::-1])
    if forwards is None or backwards is None or forwards.names != backwards.names:
        return None
    rows = forwards.block[length - 1 :: length]
    if not same_bits(rows, backwards.block[length - 1 :: length][::-1]):
        return None
    closes = [window.close.item(-1) for window in windows]
    for each in {int(np.argmin(closes)), int(np.argmax(closes))}:
        alone = features_of(loaded.strategy, frame(windows[each]))
        if alone.names != forwards.names or not same_bits(rows[each], alone.block[-1]):
            return None
    return [Features(forwards.names, row[None], forwards.frame) for row in rows]


def _laid_out(loaded: LoadedStrategy, windows: Sequence[Bars]) -> Features | None:
    block = np.stack([np.concatenate([getattr(window, name) for window in windows]) for name in COLUMNS])
    block.flags.writeable = False
    bars = pd.DataFrame(block.T, columns=_COLUMNS, copy=False)
    module = type(loaded.strategy).__module__
    made = attempt(loaded.stanza.name, module, lambda: features_of(loaded.strategy, bars))
    return None if isinstance(made, Failure) else made


def same_bits(left: FloatArray, right: FloatArray) -> bool:
    """Equal to the last bit; any NaN equals any other."""
    left, right = np.ascontiguousarray(left), np.ascontiguousarray(right)
    equal = left.view(np.int64) == right.view(np.int64)
    return bool(equal.all() or (equal | (np.isnan(left) & np.isnan(right))).all())
