"""
Hold while the fast average is above the slow one.

Proposes at the crossings only: a BUY where the fast average rises above the
slow one, and a SELL of all it holds where it falls below.
"""

from __future__ import annotations

from typing import Self

import pandas as pd

from trader.signals import crossing, sma
from trader.strategy import Field, Side, Strategy, StrategyContext, StrategyParams, TradeProposal, model_validator


class SmaCross(Strategy):
    """Hold while the fast average is above the slow one."""

    timeframe = "1h"

    class Params(StrategyParams):
        """How many bars each average has, and how an entry is sized and protected."""

        fast_bars: int = Field(10, ge=2, le=1000)
        slow_bars: int = Field(50, ge=3, le=2000)
        notional_pct: float = Field(5.0, gt=0, le=100)
        stop_loss_pct: float = Field(5.0, gt=0, le=50)
        take_profit_pct: float = Field(15.0, gt=0, le=500)
        conviction: float = Field(0.6, ge=0, le=1)

        @model_validator(mode="after")
        def fast_is_faster(self) -> Self:
            """Two averages of one length never cross."""
            if self.fast_bars >= self.slow_bars:
                raise ValueError(f"fast_bars ({self.fast_bars}) is not below slow_bars ({self.slow_bars})")
            return self

    @property
    def warmup_bars(self) -> int:
        """The slow average of the bar before, which a crossing is measured against."""
        return int(self.params.slow_bars)

    def features(self, bars: pd.DataFrame) -> pd.DataFrame:
        """Both averages, and 1 where the fast one has just risen above the slow one, −1 where it has fallen below."""
        close = bars["close"].to_numpy()
        fast, slow = sma(close, self.params.fast_bars), sma(close, self.params.slow_bars)
        return pd.DataFrame({"fast": fast, "slow": slow, "cross": crossing(fast, slow)}, index=bars.index)

    def screen(self, features: pd.DataFrame) -> pd.Series:
        """Nothing is proposed but at a crossing."""
        return features["cross"].abs() == 1

    def generate_proposals(self, context: StrategyContext) -> list[TradeProposal]:
        """A BUY at an upward crossing, a SELL of everything at a downward one."""
        proposals = []
        for symbol in context.symbols:
            row, held = context.features[symbol], symbol in context.positions
            if row["cross"] == 1 and not held:
                proposals.append(self._buy(symbol))
            elif row["cross"] == -1 and held:
                proposals.append(TradeProposal(symbol, Side.SELL, 100.0, 0.0, 0.0, 1.0, "fast average fell below slow"))
        return proposals

    def _buy(self, symbol: str) -> TradeProposal:
        wish = self.params
        return TradeProposal(
            symbol=symbol,
            side=Side.BUY,
            notional_pct=wish.notional_pct,
            stop_loss_pct=wish.stop_loss_pct,
            take_profit_pct=wish.take_profit_pct,
            conviction=wish.conviction,
            reason="fast average rose above slow",
        )
