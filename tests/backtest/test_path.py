"""The bounds of a stretch of intervals bound it, and are tight enough to be of use."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.backtest.path import BLOCK, Path


def bars(count: int, seed: int, missing_share: float) -> Path:
    """A random walk with bars missing; the first mark may be unknown."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, count)))
    low, high = close * (1 - rng.random(count) / 50), close * (1 + rng.random(count) / 50)
    missing = rng.random(count) < missing_share
    low[missing] = high[missing] = close[missing] = np.nan
    known = np.maximum.accumulate(np.where(missing, -1, np.arange(count)))
    return Path(np.where(known < 0, np.nan, close[known]), low, high)


@given(st.integers(1, 5 * BLOCK), st.integers(0, 10_000), st.sampled_from([0.0, 0.3, 0.9, 1.0]), st.data())
def test_nothing_in_a_stretch_lies_outside_its_bounds(count, seed, missing_share, data):
    path = bars(count, seed, missing_share)
    since = data.draw(st.integers(0, count - 1))
    until = data.draw(st.integers(since + 1, count))

    least, most, bounded = path.bounds(since, until)

    assert bounded >= until
    seen = np.concatenate([column[since : min(bounded, count)] for column in (path.marks, path.lows, path.highs)])
    assert not (seen < least).any() and not (seen > most).any()


def test_bounds_are_those_of_the_blocks_and_no_wider():
    path = bars(4 * BLOCK, 7, 0.1)

    least, most, bounded = path.bounds(BLOCK + 3, 2 * BLOCK + 1)

    assert bounded == 3 * BLOCK
    assert least == np.nanmin(path.lows[BLOCK:bounded])
    assert most == np.nanmax(path.highs[BLOCK:bounded])


@pytest.mark.parametrize("since", [0, BLOCK])
def test_where_nothing_is_known_nothing_is_bounded(since: int):
    nothing = np.full(3 * BLOCK, np.nan)

    assert Path(nothing, nothing, nothing).bounds(since, since + 5)[:2] == (-math.inf, math.inf)
