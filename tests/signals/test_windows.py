"""Every signal depends on its window alone, to the last bit, and means what its name says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.signals.columns import EVERY_SIGNAL, columns, hostile, ordinary, same_bits
from trader import signals
from trader.signals import windows

lengths = st.integers(1, 40)


@pytest.mark.req("S1")
@pytest.mark.parametrize("name", EVERY_SIGNAL)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_whole_column_equals_every_tail_window_to_the_last_bit(name, data):
    signal, needed = EVERY_SIGNAL[name]
    values, n = data.draw(columns(hostile)), data.draw(lengths)
    whole = signal(values, n)
    now = data.draw(st.integers(0, len(values) - 1))

    window = values[max(0, now + 1 - needed(n)) : now + 1]

    assert same_bits(signal(window, n)[-1:], whole[now : now + 1])


@pytest.mark.req("S1")
@pytest.mark.parametrize("name", EVERY_SIGNAL)
@given(values=columns(ordinary), n=lengths, now=st.integers(0, 119))
@settings(max_examples=40, deadline=None)
def test_cutting_off_the_future_changes_nothing(name, values, n, now):
    signal, _ = EVERY_SIGNAL[name]
    until_now = values[: now + 1]

    assert same_bits(signal(values, n)[: len(until_now)], signal(until_now, n))


@pytest.mark.parametrize("name", EVERY_SIGNAL)
@pytest.mark.parametrize("n", [1, 2, 7, 8, 31])
def test_a_signal_is_unknown_until_its_window_is_full_and_known_from_then_on(name, n):
    signal, needed = EVERY_SIGNAL[name]
    values = np.random.default_rng(n).uniform(90, 110, 80)

    known = ~np.isnan(signal(values, n))

    assert not known[: needed(n) - 1].any()
    assert known[needed(n) - 1 :].all()


@pytest.mark.parametrize("bars", [1, 2, 3, 10, 50, 127, 128, 1000])
def test_the_averages_are_those_of_pandas_and_the_deviations_those_of_numpy(bars):
    values = np.random.default_rng(bars).normal(0, 1, 3000).cumsum() + 500
    reference = pd.Series(values).rolling(bars)

    np.testing.assert_allclose(signals.sma(values, bars), reference.mean(), rtol=1e-11)
    np.testing.assert_array_equal(signals.rolling_max(values, bars), reference.max())
    np.testing.assert_array_equal(signals.rolling_min(values, bars), reference.min())
    if bars > 1:
        each_window = np.lib.stride_tricks.sliding_window_view(values, bars)
        np.testing.assert_allclose(
            signals.rolling_std(values, bars)[bars - 1 :], each_window.std(axis=1, ddof=1), rtol=1e-9
        )


def test_a_deviation_survives_a_price_a_billion_times_as_large():
    values = 1e9 + np.random.default_rng(0).normal(0, 1e-3, 500)
    exact = [np.std((values[i - 49 : i + 1] - 1e9), ddof=1) for i in range(49, 500)]

    np.testing.assert_allclose(signals.rolling_std(values, 50)[49:], exact, rtol=1e-4)


@given(values=columns(ordinary, bars_max=300), chunk=st.integers(1, 400), bars=st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_where_the_work_is_cut_into_chunks_changes_nothing(values, chunk, bars):
    whole = signals.zscore(values, bars + 1)
    usual = windows.CHUNK_BARS
    try:
        windows.CHUNK_BARS = chunk
        assert same_bits(signals.zscore(values, bars + 1), whole)
    finally:
        windows.CHUNK_BARS = usual


def test_a_running_sum_would_not_pass():
    """The negative control: pandas carries the past along, and the tail window tells."""
    values = np.random.default_rng(1).uniform(0.01, 1e6, 4000)
    whole = pd.Series(values).rolling(20).mean().to_numpy()
    tails = np.array([pd.Series(values[i - 19 : i + 1]).rolling(20).mean().iloc[-1] for i in range(3000, 4000)])

    assert not same_bits(whole[3000:], tails)


def test_a_series_gives_a_series_with_its_index_and_an_array_an_array():
    series = pd.Series([1.0, 2.0, 3.0], index=pd.date_range("2025-01-01", periods=3, tz="UTC"))

    assert signals.sma(series, 2).index is series.index
    assert isinstance(signals.sma(series.to_numpy(), 2), np.ndarray)


def test_a_strided_column_gives_the_digits_of_a_contiguous_one():
    block = np.random.default_rng(3).uniform(1, 2, (200, 5))

    assert same_bits(signals.zscore(block[:, 2], 20), signals.zscore(block[:, 2].copy(), 20))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        pytest.param(lambda x: signals.sma(x, 0), "at least 1 bar", id="no window"),
        pytest.param(lambda x: signals.rolling_std(x, 1), "at least 2 bars", id="deviation of one"),
        pytest.param(lambda x: signals.lag(x, -1), "looks back", id="a look ahead"),
        pytest.param(lambda x: signals.ramp(x, 2.0, 2.0), "two ends", id="a ramp without length"),
    ],
)
def test_a_length_that_makes_no_sense_is_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call(np.ones(5))
