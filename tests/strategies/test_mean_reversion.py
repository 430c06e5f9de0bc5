"""mean_reversion: BUY a fresh far fall outside a crash, SELL back at the mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.strategies.asking import asked
from tests.strategies.markets import FOLDER, HOUR, ORIGIN
from trader.features import ColumnFeatures
from trader.loader import load_strategy
from trader.market.bars import bars_frame
from trader.model.market import Regime
from trader.model.trading import Side
from trader.policy import StrategyStanza

PARAMS = {"mean_reversion_lookback_bars": 10, "mean_reversion_full_sigmas": 3.0, "mean_reversion_threshold": 0.6}
HELD = ("BTC-USD",)


def mean_reversion(**params: object):
    stanza = StrategyStanza("mean_reversion", enabled=True, params=PARAMS | params)
    return load_strategy(FOLDER / "mean_reversion.py", stanza)


def ending_in(*last: float) -> pd.DataFrame:
    closes = np.array([100.0, 101.0] * 10 + list(last))
    starts = ORIGIN + HOUR * np.arange(len(closes), dtype=np.int64)
    return bars_frame(starts, np.stack([closes, closes, closes, closes, np.ones_like(closes)]))


@pytest.mark.req("S1")
@pytest.mark.parametrize(
    ("last", "held", "regime", "sides"),
    [
        pytest.param([95], (), Regime.CHOP, [Side.BUY], id="far below its mean"),
        pytest.param([95], (), Regime.CRASH, [], id="far below, in a crash"),
        pytest.param([95], HELD, Regime.CHOP, [], id="held already"),
        pytest.param([99.5], (), Regime.CHOP, [], id="not far enough"),
        pytest.param([93, 90], (), Regime.CHOP, [], id="far below already: no event"),
        pytest.param([95, 101], HELD, Regime.CHOP, [Side.SELL], id="back at its mean"),
        pytest.param([95, 101], HELD, Regime.CRASH, [Side.SELL], id="back at its mean, in a crash"),
        pytest.param([95, 101], (), Regime.CHOP, [], id="back with nothing held"),
        pytest.param([95, 101, 102], HELD, Regime.CHOP, [], id="back already: no event"),
    ],
)
def test_it_buys_a_fresh_far_fall_and_sells_at_the_mean(last, held, regime, sides):
    loaded, frames = mean_reversion(), {"BTC-USD": ending_in(*last)}
    features = ColumnFeatures.build([loaded], {HOUR: frames}.__getitem__)

    proposals = asked(loaded, features, frames, ORIGIN + HOUR * (20 + len(last)), held, regime)

    assert [proposal.side for proposal in proposals] == sides


@pytest.mark.req("S1")
def test_the_farthest_falls_are_taken_and_no_more_than_the_cap():
    frames = {f"{name}-USD": ending_in(close) for name, close in zip("ABCD", [97, 99, 96, 98.9], strict=True)}
    loaded = mean_reversion(max_triggers_per_cycle=2)
    features = ColumnFeatures.build([loaded], {HOUR: frames}.__getitem__)

    assert [p.symbol for p in asked(loaded, features, frames, ORIGIN + HOUR * 21)] == ["A-USD", "C-USD"]
