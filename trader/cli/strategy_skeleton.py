"""What a new strategy begins as: small, working, and passing every check, so that each change can be tried at once."""

from __future__ import annotations

STRATEGY = '''"""
What @CLASS@ buys, and when it leaves, in one sentence a trader would say.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from trader.signals import change_pct, crossing
from trader.strategy import Field, Side, Strategy, StrategyContext, StrategyParams, TradeProposal


class @CLASS@(Strategy):
    """Buy when the close has risen far enough over the lookback, leave when it has risen no more."""

    timeframe = "1h"

    class Params(StrategyParams):
        """Every number you may want to try; strategies.yaml can set each of them."""

        lookback_bars: int = Field(24, ge=1, le=2000)
        rise_pct: float = Field(3.0, gt=0, le=100)
        notional_pct: float = Field(3.0, gt=0, le=100)
        stop_loss_pct: float = Field(4.0, gt=0, le=50)
        take_profit_pct: float = Field(8.0, gt=0, le=500)
        conviction: float = Field(0.6, ge=0, le=1)

    @property
    def warmup_bars(self) -> int:
        """Bars before the one that is asked about: the lookback, and one more to see a crossing."""
        return int(self.params.lookback_bars) + 1

    def features(self, bars: pd.DataFrame) -> pd.DataFrame:
        """Causal columns, float64, one row a bar; NaN until warm."""
        change = change_pct(bars["close"].to_numpy(), self.params.lookback_bars)
        return pd.DataFrame(
            {
                "change_pct": change,
                "rise": crossing(change, np.full_like(change, self.params.rise_pct)),
                "fade": crossing(change, np.zeros_like(change)),
            },
            index=bars.index,
        )

    def screen(self, features: pd.DataFrame) -> pd.Series:
        """True wherever something could be proposed, whatever is held."""
        return (features["rise"] == 1) | (features["fade"] == -1)

    def generate_proposals(self, context: StrategyContext) -> list[TradeProposal]:
        """A BUY where the rise has just become far enough, a SELL of everything where it is over."""
        proposals = []
        for symbol in context.symbols:
            row, held = context.features[symbol], symbol in context.positions
            if row["rise"] == 1 and not held:
                proposals.append(self._buy(symbol, row["change_pct"]))
            elif row["fade"] == -1 and held:
                proposals.append(TradeProposal(symbol, Side.SELL, 100.0, 0.0, 0.0, 1.0, "the rise is over"))
        return proposals

    def _buy(self, symbol: str, change: float) -> TradeProposal:
        wish = self.params
        return TradeProposal(
            symbol=symbol,
            side=Side.BUY,
            notional_pct=wish.notional_pct,
            stop_loss_pct=wish.stop_loss_pct,
            take_profit_pct=wish.take_profit_pct,
            conviction=wish.conviction,
            reason=f"rose {change:.1f} %",
        )
'''

TEST = '''"""@NAME@: what it proposes, on bars drawn by hand; what holds for every strategy is tested elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from tests.strategies.asking import asked
from tests.strategies.markets import FOLDER, HOUR, ORIGIN
from trader.features import ColumnFeatures
from trader.loader import load_strategy
from trader.market.bars import bars_frame
from trader.model.trading import Side
from trader.policy import StrategyStanza

PARAMS = {"lookback_bars": 3, "rise_pct": 5.0}


@pytest.mark.parametrize(
    ("closes", "held", "sides"),
    [
        pytest.param([100, 100, 100, 100, 106], (), [Side.BUY], id="has just risen far enough"),
        pytest.param([100, 100, 100, 100, 104], (), [], id="not far enough"),
        pytest.param([100, 100, 100, 100, 106], ("BTC-USD",), [], id="held already"),
        pytest.param([100, 100, 100, 106, 98], ("BTC-USD",), [Side.SELL], id="the rise is over"),
    ],
)
def test_it_buys_a_rise_and_sells_when_it_is_over(closes, held, sides):
    loaded = load_strategy(FOLDER / "@NAME@.py", StrategyStanza("@NAME@", enabled=True, params=PARAMS))
    values = np.array(closes, dtype=np.float64)
    starts = ORIGIN + HOUR * np.arange(len(values), dtype=np.int64)
    frames = {"BTC-USD": bars_frame(starts, np.stack([values, values, values, values, np.ones_like(values)]))}
    features = ColumnFeatures.build([loaded], {HOUR: frames}.__getitem__)

    proposals = asked(loaded, features, frames, ORIGIN + HOUR * len(closes), held)

    assert [proposal.side for proposal in proposals] == sides
'''

STANZA = """
@NAME@:
  enabled: false
  priority: 100
  budget:
    max_at_risk_pct: 5
    max_trades_per_cycle: 2
  params: {}
"""


def skeleton(name: str, class_name: str) -> str:
    """The strategy file."""
    return STRATEGY.replace("@CLASS@", class_name).replace("@NAME@", name)


def test_of(name: str) -> str:
    """Its test."""
    return TEST.replace("@NAME@", name)


def stanza_of(name: str) -> str:
    """Its stanza in strategies.yaml."""
    return STANZA.replace("@NAME@", name)
