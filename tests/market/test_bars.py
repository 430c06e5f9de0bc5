"""What a frame of bars may be, and that coarser bars are made exactly."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.market.made_bars import NEW_YEAR, at, made_bars, spoilt
from trader.market.bars import (
    COLUMNS,
    GRANULARITIES,
    BadBars,
    BadGranularity,
    bars_frame,
    block_of,
    epoch_seconds,
    granularity_name,
    parse_granularity,
    resample,
    validate_bars,
)


@pytest.mark.parametrize(("name", "seconds"), [("1m", 60), ("15m", 900), ("1h", 3600), ("6h", 21_600), ("1d", 86_400)])
def test_a_granularity_is_so_many_seconds_and_back(name, seconds):
    assert parse_granularity(name) == seconds
    assert granularity_name(seconds) == name


@pytest.mark.parametrize(("wrong", "meant"), [("1H", "1h"), ("60m", None), ("15min", "15m"), ("3h", None), ("", None)])
def test_an_unknown_granularity_names_those_there_are(wrong, meant):
    with pytest.raises(BadGranularity, match="allowed are 1m 5m 15m 30m 1h 2h 4h 6h 1d") as caught:
        parse_granularity(wrong)

    if meant:
        assert f"did you mean {meant}?" in str(caught.value)


def test_every_granularity_divides_a_day():
    assert all(86_400 % seconds == 0 for seconds in GRANULARITIES.values())


def test_a_canonical_frame_shares_its_memory():
    starts, block = np.arange(3, dtype=np.int64) * 60, np.ones((5, 3))

    frame = bars_frame(starts, block)

    assert str(frame.index.dtype) == "datetime64[s, UTC]"
    assert np.shares_memory(block_of(frame), block)
    assert np.shares_memory(epoch_seconds(frame), frame.index.asi8)


def test_sound_bars_are_passed_in_silence():
    validate_bars(made_bars(48, without=(3, 4)), "lake", "1h")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        pytest.param({"close": math.nan}, "row 7 (2025-01-01T07:00Z): close is nan; wanted a finite number", id="NaN"),
        pytest.param({"high": math.inf}, "high is inf; wanted a finite number", id="infinite"),
        pytest.param({"low": -1.0}, "low is -1.0; a price must be above 0", id="negative price"),
        pytest.param({"open": 0.0, "low": 0.0}, "open is 0.0; a price must be above 0", id="zero price"),
        pytest.param({"low": 1e9}, "low is 1000000000.0; must not be above the bar's high", id="low above high"),
        pytest.param({"open": 1e9}, "open is 1000000000.0; must lie between the bar's low and high", id="open outside"),
        pytest.param({"close": 1e-9}, "close is 1e-09; must lie between the bar's low and high", id="close outside"),
        pytest.param({"volume": -0.5}, "volume is -0.5; must be 0 or more", id="negative volume"),
    ],
)
def test_a_bad_value_is_named_with_row_and_time(values, says):
    with pytest.raises(BadBars) as caught:
        validate_bars(spoilt(made_bars(24), 7, **values), "BTC-USD_1h.parquet", "1h")

    assert says in str(caught.value)
    assert all(line.startswith("BTC-USD_1h.parquet: ") for line in str(caught.value).splitlines())
    assert caught.value.exit_code == 2


def test_all_kinds_of_faults_are_told_at_once_and_the_many_are_counted():
    bars = made_bars(40)
    for row in range(10):
        bars = spoilt(bars, row, volume=-1.0)
    bars = spoilt(bars, 20, close=math.nan)

    with pytest.raises(BadBars) as caught:
        validate_bars(bars, "x", "1h")

    assert len([problem for problem in caught.value.problems if "volume is -1.0" in problem]) == 3
    assert "… and 7 more rows with negative volume (10 in all)" in caught.value.problems
    assert any("close is nan" in problem for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("order", "says"),
    [
        pytest.param([0, 2, 1, 3], "comes after 2025-01-01T02:00Z; starts must be in ascending order", id="unsorted"),
        pytest.param([0, 1, 1, 2], "stands there twice; one bar a start is allowed", id="duplicated"),
    ],
)
def test_times_out_of_order_are_refused(order, says):
    with pytest.raises(BadBars, match=says):
        validate_bars(made_bars(4).iloc[order], "x", "1h")


def test_a_start_off_the_grid_is_refused():
    late = made_bars(4, start=NEW_YEAR + timedelta(minutes=5))

    with pytest.raises(BadBars, match="is not a multiple of 3600 seconds after midnight UTC"):
        validate_bars(late, "x", "1h")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        pytest.param(lambda bars: bars.drop(columns="high"), "columns missing: high; found open, low", id="missing"),
        pytest.param(
            lambda bars: bars.assign(vwap=1.0), "wanted exactly open high low close volume", id="one too many"
        ),
        pytest.param(lambda bars: bars.astype({"volume": "float32"}), "volume is float32; wanted float64", id="type"),
        pytest.param(lambda bars: bars.tz_localize(None), "start has no time zone; wanted UTC", id="naive"),
        pytest.param(lambda bars: bars.tz_convert("Europe/Paris"), "start is in Europe/Paris; wanted UTC", id="zone"),
        pytest.param(lambda bars: bars.reset_index(drop=True), "wanted the bar's start as a UTC timestamp", id="index"),
        pytest.param(lambda bars: bars.iloc[:0], "there is no bar in it", id="empty"),
    ],
)
def test_a_frame_of_another_shape_is_refused(spoil, says):
    with pytest.raises(BadBars, match=says):
        validate_bars(spoil(made_bars(4)), "x", "1h")


def slowly_resampled(bars, step):
    """The definition, one bar at a time."""
    made = {}
    for start, row in zip(epoch_seconds(bars).tolist(), bars.itertuples(index=False), strict=True):
        bucket = start // step * step
        if bucket not in made:
            made[bucket] = list(row)
            continue
        into = made[bucket]
        into[1], into[2], into[3] = max(into[1], row.high), min(into[2], row.low), row.close
        into[4] += row.volume
    return bars_frame(np.array(list(made), np.int64), np.array(list(made.values())).T.copy())


@given(
    places=st.sets(st.integers(0, 3000), min_size=1, max_size=200),
    coarser=st.sampled_from(["5m", "15m", "1h", "4h", "1d"]),
    seed=st.integers(0, 9),
)
def test_resampling_equals_its_definition_to_the_last_bit(places, coarser, seed):
    bars = made_bars(3001, "1m", at(-3), without=sorted(set(range(3001)) - places), seed=seed)

    made = resample(bars, "1m", coarser)

    pd.testing.assert_frame_equal(made, slowly_resampled(bars, parse_granularity(coarser)), check_exact=True)
    validate_bars(made, "made", coarser)


def test_a_bucket_without_a_bar_is_not_invented():
    bars = made_bars(12, "15m", without=(4, 5, 6, 7))

    assert list(resample(bars, "15m", "1h").index.hour) == [0, 2]


@pytest.mark.parametrize(("finer", "coarser"), [("1h", "15m"), ("4h", "6h"), ("15m", "5m")])
def test_what_does_not_divide_cannot_be_made(finer, coarser):
    with pytest.raises(BadGranularity, match=f"{coarser} bars cannot be made from {finer} bars"):
        resample(made_bars(8, finer), finer, coarser)


def test_bars_of_the_same_length_are_left_alone():
    bars = made_bars(5)

    assert resample(bars, "1h", "1h") is bars
    assert list(bars.columns) == list(COLUMNS)
