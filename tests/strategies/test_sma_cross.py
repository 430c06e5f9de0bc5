"""sma_cross: BUY where the fast average rises above the slow one, SELL all of it where it falls below."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.strategies.asking import asked
from tests.strategies.markets import FOLDER, HOUR, ORIGIN
from trader.features import ColumnFeatures
from trader.loader import StrategyRefused, load_strategy
from trader.market.bars import bars_frame
from trader.model.trading import Side
from trader.policy import StrategyStanza
from trader.registry import LoadedStrategy

UP, DOWN = [10, 10, 10, 10, 9, 9, 12], [10, 10, 10, 10, 11, 11, 8]


def sma_cross(**params: object) -> LoadedStrategy:
    stanza = StrategyStanza("sma_cross", enabled=True, params={"fast_bars": 2, "slow_bars": 4} | params)
    return load_strategy(FOLDER / "sma_cross.py", stanza)


def closing_at(closes: list[float]) -> pd.DataFrame:
    values = np.array(closes, dtype=np.float64)
    starts = ORIGIN + HOUR * np.arange(len(values), dtype=np.int64)
    return bars_frame(starts, np.stack([values, values, values, values, np.ones_like(values)]))


@pytest.mark.parametrize(
    ("closes", "held", "sides"),
    [
        pytest.param(UP, (), [Side.BUY], id="rises above: buy"),
        pytest.param(UP, ("BTC-USD",), [], id="rises above, already held: nothing"),
        pytest.param(DOWN, ("BTC-USD",), [Side.SELL], id="falls below: sell"),
        pytest.param(DOWN, (), [], id="falls below, nothing held: nothing to sell"),
        pytest.param([*UP, 13], (), [], id="above already: no event"),
        pytest.param([*DOWN, 7], ("BTC-USD",), [], id="below already: no event"),
        pytest.param([10, 9, 9, 12], (), [], id="too few bars to know"),
    ],
)
def test_it_proposes_at_the_crossings_only(closes, held, sides):
    loaded, frames = sma_cross(), {"BTC-USD": closing_at(closes)}
    features = ColumnFeatures.build([loaded], {HOUR: frames}.__getitem__)

    proposals = asked(loaded, features, frames, ORIGIN + HOUR * len(closes), held)

    assert [proposal.side for proposal in proposals] == sides
    assert all(proposal.notional_pct == (5.0 if proposal.side is Side.BUY else 100.0) for proposal in proposals)


def test_its_warm_up_follows_its_params():
    assert sma_cross().strategy.warmup_bars == 4
    assert sma_cross(fast_bars=10, slow_bars=50).strategy.warmup_bars == 50


@pytest.mark.req("C1")
@pytest.mark.parametrize(
    ("params", "says"),
    [
        pytest.param({"fast_bars": 1}, "sma_cross.params.fast_bars: 1 is below 2", id="too short"),
        pytest.param(
            {"fast_bars": 4}, r"sma_cross.params: fast_bars \(4\) is not below slow_bars \(4\)", id="no faster"
        ),
        pytest.param({"conviction": 2}, "sma_cross.params.conviction: 2 is above 1", id="too sure"),
        pytest.param({"slow_bar": 9}, "slow_bar: unknown key; did you mean slow_bars", id="a typo"),
    ],
)
def test_params_out_of_bounds_are_a_sentence(params, says):
    with pytest.raises(StrategyRefused, match=says):
        sma_cross(**params)
