"""breakout: BUY a close above the range when volume confirms it, SELL when the close falls out below."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.strategies.asking import asked
from tests.strategies.markets import FOLDER, HOUR, ORIGIN
from trader.features import ColumnFeatures
from trader.loader import load_strategy
from trader.market.bars import bars_frame
from trader.model.trading import Side
from trader.policy import StrategyStanza

PARAMS = {
    "breakout_lookback_bars": 10,
    "breakout_full_break_pct": 4.0,
    "breakout_threshold": 0.5,
    "volume_spike_lookback_bars": 10,
    "volume_spike_full_ratio": 3.0,
    "volume_spike_threshold": 0.5,
    "exit_bars": 5,
}
AT = ORIGIN + HOUR * 21
HELD = ("BTC-USD",)


def breakout(**params: object):
    return load_strategy(FOLDER / "breakout.py", StrategyStanza("breakout", enabled=True, params=PARAMS | params))


def ending_in(close: float, volume: float) -> pd.DataFrame:
    """Twenty quiet hours at 100 on a volume of 10, then one more bar."""
    closes, volumes = np.append(np.full(20, 100.0), close), np.append(np.full(20, 10.0), volume)
    return bars_frame(
        ORIGIN + HOUR * np.arange(21, dtype=np.int64), np.stack([closes, closes, closes, closes, volumes])
    )


@pytest.mark.req("S1")
@pytest.mark.parametrize(
    ("close", "volume", "held", "sides"),
    [
        pytest.param(103, 25, (), [Side.BUY], id="above on volume"),
        pytest.param(102, 20, (), [Side.BUY], id="both exactly at their thresholds"),
        pytest.param(101.9, 25, (), [], id="not far enough above"),
        pytest.param(103, 19.9, (), [], id="not enough volume"),
        pytest.param(103, 25, HELD, [], id="held already"),
        pytest.param(99, 25, HELD, [Side.SELL], id="out of the range below"),
        pytest.param(99, 25, (), [], id="out below with nothing held"),
        pytest.param(100, 25, HELD, [], id="at the edge of the range"),
    ],
)
def test_it_buys_a_confirmed_break_and_sells_what_fell_out(close, volume, held, sides):
    loaded, frames = breakout(), {"BTC-USD": ending_in(close, volume)}
    features = ColumnFeatures.build([loaded], {HOUR: frames}.__getitem__)

    assert [proposal.side for proposal in asked(loaded, features, frames, AT, held)] == sides


@pytest.mark.req("S1")
def test_the_strongest_breaks_are_taken_and_no_more_than_the_cap():
    frames = {f"{name}-USD": ending_in(close, 30) for name, close in zip("ABCD", [102.5, 103.5, 103, 104], strict=True)}
    loaded = breakout(max_triggers_per_cycle=2)
    features = ColumnFeatures.build([loaded], {HOUR: frames}.__getitem__)

    proposals = asked(loaded, features, frames, AT)

    assert [proposal.symbol for proposal in proposals] == ["B-USD", "D-USD"]
    assert proposals[0].conviction < proposals[1].conviction
