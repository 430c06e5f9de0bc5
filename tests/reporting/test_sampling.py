"""Fewer points may not hide a peak, a trough, an end or a rare refusal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.reporting.runs import HOUR, START, a_bars
from trader.reporting.sampling import evenly, fair_sample, highest_points, kept_points, merged_candles

walks = arrays(float, st.integers(1, 3000), elements=st.floats(-1e6, 1e6))


@given(walks, st.integers(12, 500))
def test_kept_points_are_few_ordered_and_keep_ends_and_extremes(values, room):
    kept = kept_points(values, room, always=[0, -1])

    assert len(kept) <= max(room, 1)
    assert (np.diff(kept) > 0).all()
    assert {0, len(values) - 1} <= set(kept.tolist())
    assert values[kept].max() == values.max()
    assert values[kept].min() == values.min()


@given(walks, st.integers(5, 200))
def test_the_highest_point_of_every_run_is_kept(values, room):
    kept = highest_points(values, room)

    assert len(kept) <= max(room, 1)
    assert values[kept].max() == values.max()
    assert {0, len(values) - 1} <= set(kept.tolist())


def test_a_short_trace_is_left_alone():
    assert kept_points(np.arange(2000.0)).tolist() == list(range(2000))


def test_merged_candles_keep_open_high_low_close_and_volume():
    bars = a_bars("BTC-USD", 1000, seed=1, missing=(3, 500, 501))

    drawn = merged_candles(bars, 120)

    assert len(drawn) <= 120
    assert drawn.granularity_seconds % HOUR == 0
    assert (drawn.start % drawn.granularity_seconds == 0).all()
    assert drawn.open[0] == bars.open[0]
    assert drawn.close[-1] == bars.close[-1]
    assert drawn.high.max() == bars.high.max()
    assert drawn.low.min() == bars.low.min()
    assert drawn.volume.sum() == pytest.approx(bars.volume.sum())


def test_four_candles_become_two_by_hand():
    bars = a_bars("BTC-USD", 4, seed=1, start=START)

    drawn = merged_candles(bars, 3)

    assert drawn.start.tolist() == [START, START + 2 * HOUR]
    assert drawn.high.tolist() == [bars.high[:2].max(), bars.high[2:].max()]
    assert drawn.open.tolist() == [bars.open[0], bars.open[2]]
    assert drawn.close.tolist() == [bars.close[1], bars.close[3]]


def test_rare_reasons_are_kept_whole_and_common_ones_spread_over_the_run():
    events = [{"risk_reason": "cash" if place % 100 else "cooldown", "place": place} for place in range(5000)]

    sample = fair_sample(events, max_events=1000)

    assert len(sample) == 1000
    assert sum(event["risk_reason"] == "cooldown" for event in sample) == 50
    places = [event["place"] for event in sample]
    assert places == sorted(places)
    assert places[-1] == 4999
    assert max(np.diff(places)) < 15


@given(st.lists(st.sampled_from("abcdef"), max_size=400), st.integers(6, 100))
def test_no_reason_is_lost_and_the_room_is_used(reasons, room):
    sample = fair_sample([{"risk_reason": reason} for reason in reasons], max_events=room)

    assert len(sample) == min(room, len(reasons))
    assert {event["risk_reason"] for event in sample} == set(reasons)


def test_evenly_keeps_the_first_and_the_last():
    assert evenly(list(range(10)), 4) == [0, 3, 6, 9]
    assert evenly([1, 2], 4) == [1, 2]
