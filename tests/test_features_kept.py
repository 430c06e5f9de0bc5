"""A long history in stretches, and rows let go that no walk will look at: what is asked for stays the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies.markets import EVERY_STRATEGY, HOUR, ORIGIN, a_market, name_of
from tests.test_features import Makes, at, average, columns, loaded
from trader.features.columns import Features, JunkFeatures, features_of, screen_of
from trader.features.stretches import features_in_stretches
from trader.strategy import Strategy


def same_in_stretches(strategy: Strategy, bars: pd.DataFrame, stretch_bars: int) -> None:
    parts, whole = features_in_stretches(strategy, bars, stretch_bars), features_of(strategy, bars)

    assert parts.names == whole.names and parts.frame.index.equals(whole.frame.index)
    assert _bits(parts) == _bits(whole)
    screens = [screen_of(strategy, features) for features in (parts, whole)]
    assert (screens[0] is None and screens[1] is None) or np.array_equal(*screens)


def _bits(features: Features) -> bytes:
    """Of the values; one NaN is like another."""
    return np.ascontiguousarray(np.where(np.isnan(features.block), np.nan, features.block)).tobytes()


@pytest.mark.req("STR1")
@pytest.mark.parametrize("strategy", EVERY_STRATEGY, ids=name_of)
@given(seed=st.integers(0, 1_000), missing=st.sampled_from([0.0, 0.15]), stretch=st.integers(1, 150))
@settings(max_examples=15, deadline=None)
def test_stretches_give_what_the_whole_gives_to_the_last_bit(strategy, seed, missing, stretch):
    same_in_stretches(strategy.strategy, a_market(seed, 310, missing), stretch)


def test_features_that_remember_more_than_their_window_are_seen_to():
    remembers = Makes(lambda bars: pd.DataFrame({"sum": bars["close"].cumsum()}))

    with pytest.raises(AssertionError):
        same_in_stretches(remembers, a_market(1, 310), 100)


def test_columns_that_change_on_the_way_are_a_sentence():
    odd = Makes(lambda bars: average(bars).rename(columns={"mean": str(len(bars))}))

    with pytest.raises(JunkFeatures, match=r"features has columns \['100'\] at first and \['105'\] later"):
        features_in_stretches(odd, a_market(1, 310), 100)


@given(
    seed=st.integers(0, 1_000),
    missing=st.sampled_from([0.0, 0.2]),
    kept=st.sets(st.integers(1, 100), min_size=1, max_size=20),
    asked=st.lists(st.integers(0, 19), max_size=30),
)
@settings(max_examples=60, deadline=None)
def test_rows_that_were_kept_are_what_they_were(seed, missing, kept, asked):
    frame, hours = a_market(seed, 100, missing), sorted(kept)
    whole, few = columns(loaded(), X=frame), columns(loaded(), X=frame)

    few.keep(ORIGIN + HOUR * np.array(hours, dtype=np.int64))

    for hour in (hours[i] for i in asked if i < len(hours)):
        rows = [source.rows("alpha", ("X",), at(hour)) for source in (whole, few)]
        assert {s: dict(row) for s, row in rows[0].items()} == {s: dict(row) for s, row in rows[1].items()}


def test_a_row_that_was_let_go_is_not_taken_for_one_that_never_was():
    few = columns(loaded(), X=a_market(1, 100).drop(a_market(1, 100).index[40]))
    few.keep(ORIGIN + HOUR * np.array([20, 60], dtype=np.int64))

    assert few.rows("alpha", ("X",), at(60)) and few.rows("alpha", ("X",), at(20))
    assert not few.rows("alpha", ("X",), at(41)), "nothing traded"
    with pytest.raises(AssertionError, match=r"X: the row of .* was let go"):
        few.rows("alpha", ("X",), at(30))
