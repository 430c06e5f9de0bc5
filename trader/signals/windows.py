"""
Sliding windows whose every value depends on its own window alone, to the last bit.

A window is folded in a tree whose shape is given by its length and by nothing
else, with element-wise additions, products and roots: what was before the
window, how long the column is and where it is cut cannot change a digit.  So
the last rows computed live equal the column computed once over all history.
Work is `n · log2(window)`, memory a few cache-sized chunks beside the result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from trader.model.market import FloatArray

Column = TypeVar("Column", "pd.Series[Any]", FloatArray)

Merge = Callable[[FloatArray, FloatArray, int, int], FloatArray]
"""Joins neighbouring blocks (rows of state, last axis time): left, right, and the bars each covers."""

CHUNK_BARS = 16_384


def values_of(column: pd.Series[Any] | FloatArray) -> FloatArray:
    """*column* as one contiguous float64 array; a view where it is one already."""
    return np.ascontiguousarray(column, dtype=np.float64)


def shaped_like(column: Column, values: FloatArray) -> Column:
    """*values* as the caller's kind: a Series with *column*'s index, or the array."""
    if isinstance(column, pd.Series):
        return pd.Series(values, index=column.index, copy=False)
    return values


def fold(values: FloatArray, window: int, merge: Merge) -> FloatArray:
    """
    The state of every window of *window* bars of *values* (rows of state × bars); NaN until the first is full.

    Blocks of 1, 2, 4 … bars are made by joining neighbours, and a window is the blocks of its length's binary digits.
    """
    if window < 1:
        raise ValueError(f"a window has at least 1 bar, not {window}")
    rows, bars = values.shape
    out = np.full((rows, bars), np.nan)
    with np.errstate(all="ignore"):
        for first in range(0, bars - window + 1, CHUNK_BARS):
            last = min(first + CHUNK_BARS, bars - window + 1)
            out[:, first + window - 1 : last + window - 1] = _fold(values[:, first : last + window - 1], window, merge)
    return out


def _fold(values: FloatArray, window: int, merge: Merge) -> FloatArray:
    count = values.shape[1] - window + 1
    block, size = values, 1
    folded, covered = None, 0
    while True:
        if window & size:
            piece = block[:, covered : covered + count]
            folded = piece if folded is None else merge(folded, piece, covered, size)
            covered += size
        if 2 * size > window:
            break
        block = merge(block[:, :-size], block[:, size:], size, size)
        size *= 2
    assert folded is not None
    return folded


def add(left: FloatArray, right: FloatArray, _left_bars: int, _right_bars: int) -> FloatArray:
    """Sum of two blocks."""
    return left + right


def largest(left: FloatArray, right: FloatArray, _left_bars: int, _right_bars: int) -> FloatArray:
    """Maximum of two blocks."""
    return np.maximum(left, right) + 0.0


def smallest(left: FloatArray, right: FloatArray, _left_bars: int, _right_bars: int) -> FloatArray:
    """Minimum of two blocks."""
    return np.minimum(left, right) + 0.0


def spread(left: FloatArray, right: FloatArray, left_bars: int, right_bars: int) -> FloatArray:
    """Mean and sum of squared deviations of two blocks (Chan): nothing large is ever subtracted from its like."""
    both = left_bars + right_bars
    apart = right[0] - left[0]
    joined = np.empty_like(left)
    joined[0] = left[0] + apart * (right_bars / both)
    joined[1] = left[1] + right[1] + apart * apart * (left_bars * right_bars / both)
    return joined


def deepest_fall(left: FloatArray, right: FloatArray, _left_bars: int, _right_bars: int) -> FloatArray:
    """High, low, deepest fall from a high to a later low (as low / high), and that low; the later of equal falls."""
    across = right[1] / left[0]
    later = np.where(right[2] <= left[2], right[3], left[3])
    joined = np.empty_like(left)
    joined[0] = np.maximum(left[0], right[0])
    joined[1] = np.minimum(left[1], right[1])
    joined[2] = np.minimum(across, np.minimum(left[2], right[2]))
    joined[3] = np.where(across < np.minimum(left[2], right[2]), right[1], later)
    return joined + 0.0
