"""The grid a backtest walks on shows what there is, and costs no copy where there is no gap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.market.made_bars import at, made_bars, spoilt
from trader.market.bars import block_of, epoch_seconds
from trader.market.panel import Panel, dense


def a_panel(granularity="1h", **frames):
    return Panel({f"{name}-USD": frame for name, frame in frames.items()}, granularity, at(0), at(48))


@pytest.mark.req("BT1")
def test_the_data_hash_is_equal_exactly_when_every_bar_is(tmp_path):
    bars = made_bars(24)
    one = a_panel(BTC=bars, ETH=made_bars(24, seed=2))

    same = a_panel(ETH=made_bars(24, seed=2), BTC=bars.copy())
    others = [
        a_panel(BTC=bars),
        a_panel(BTC=made_bars(24, seed=2), ETH=bars),
        a_panel(BTC=made_bars(24, without=(23,)), ETH=made_bars(24, seed=2)),
        a_panel(BTC=spoilt(bars, 7, volume=bars["volume"].iloc[7] * (1 + 1e-15)), ETH=made_bars(24, seed=2)),
        a_panel("15m", BTC=bars, ETH=made_bars(24, seed=2)),
        a_panel(BTC=made_bars(24, start=at(1)), ETH=made_bars(24, seed=2)),
    ]

    assert same.data_hash == one.data_hash
    assert len({one.data_hash, *(panel.data_hash for panel in others)}) == len(others) + 1


def test_a_panel_is_frozen_and_in_order():
    panel = a_panel(SOL=made_bars(3), BTC=made_bars(3))

    assert panel.symbols == ("BTC-USD", "SOL-USD")
    assert panel.bars == 6
    with pytest.raises(TypeError):
        panel.frames["ETH-USD"] = made_bars(3)


@given(
    btc=st.sets(st.integers(0, 60), min_size=1),
    eth=st.sets(st.integers(0, 60), min_size=1),
)
def test_the_grid_has_each_bar_at_its_place_and_nothing_elsewhere(btc, eth):
    everything = set(range(61))
    frames = {
        "BTC": made_bars(61, without=sorted(everything - btc)),
        "ETH": made_bars(61, without=sorted(everything - eth), seed=2),
    }
    grid = dense(a_panel(**frames))

    first, last = min(btc | eth), max(btc | eth)
    assert len(grid.starts) == last - first + 1
    assert np.all(np.diff(grid.starts) == 3600)
    for row, (frame, places) in enumerate(zip(frames.values(), (btc, eth), strict=True)):
        at_bar = np.isin(grid.starts, epoch_seconds(frame))
        assert at_bar.sum() == len(places)
        for column, values in zip(
            (grid.open, grid.high, grid.low, grid.close, grid.volume), block_of(frame), strict=True
        ):
            np.testing.assert_array_equal(column[row][at_bar], values)
            assert np.isnan(column[row][~at_bar]).all()


def test_marks_carry_the_last_close_forward_and_invent_none_before_the_first():
    grid = dense(a_panel(BTC=made_bars(6, without=(2, 3)), ETH=made_bars(3, start=at(3), seed=2)))
    close = grid.close[0]

    np.testing.assert_array_equal(grid.marks[0], [close[0], close[1], close[1], close[1], close[4], close[5]])
    assert np.isnan(grid.marks[1][:3]).all()
    assert np.isnan(grid.close[0][2]), "the bars themselves keep their gaps"


def test_a_symbol_without_gaps_is_not_copied_and_nothing_can_be_written():
    bars = made_bars(50)
    grid = dense(a_panel(BTC=bars))

    assert all(np.shares_memory(column[0], block_of(bars)) for column in (grid.open, grid.close, grid.volume))
    assert grid.marks[0] is grid.close[0]
    for array in (grid.starts, grid.open[0], grid.marks[0]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_a_symbol_without_any_bar_is_all_missing():
    grid = dense(a_panel(BTC=made_bars(5), ETH=made_bars(5).iloc[:0]))

    assert np.isnan(grid.close[1]).all()
    assert np.isnan(grid.marks[1]).all()
