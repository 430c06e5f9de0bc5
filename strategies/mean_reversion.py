"""
Buy a close that has just fallen far below its mean, unless the market crashes; leave when it is back at the mean.

"Far" is a number of standard deviations: full_sigmas × threshold, from
signals.yaml unless this strategy's params say otherwise.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from trader.signals import crossing, fires, lag, ramp, strongest, zscore
from trader.strategy import Field, Regime, Side, Strategy, StrategyContext, StrategyParams, TradeProposal


class MeanReversion(Strategy):
    """Buy a close far below its mean, leave at the mean."""

    timeframe = "1h"

    class Params(StrategyParams):
        """The trigger, and how an entry is sized and protected."""

        mean_reversion_lookback_bars: int = Field(48, ge=2, le=2000)
        mean_reversion_full_sigmas: float = Field(3.0, gt=0, le=20)
        mean_reversion_threshold: float = Field(0.7, gt=0, le=1)
        max_triggers_per_cycle: int = Field(5, ge=1, le=1000)
        notional_pct: float = Field(3.0, gt=0, le=100)
        stop_loss_pct: float = Field(4.0, gt=0, le=50)
        take_profit_pct: float = Field(8.0, gt=0, le=500)

    @property
    def warmup_bars(self) -> int:
        """The window of the mean one bar ago, which tells a fall that has just become far from one that is."""
        return int(self.params.mean_reversion_lookback_bars)

    def features(self, bars: pd.DataFrame) -> pd.DataFrame:
        """The score of the fall, 1 where it has just become far enough, and 1 where the close is back at its mean."""
        close, ask = bars["close"].to_numpy(), self.params
        deviations = zscore(close, ask.mean_reversion_lookback_bars)
        score = ramp(deviations, 0.0, -ask.mean_reversion_full_sigmas)
        before = lag(score)
        is_far, was_far = fires(score, ask.mean_reversion_threshold), fires(before, ask.mean_reversion_threshold)
        return pd.DataFrame(
            {
                "score": score,
                "fell_far": np.where(np.isnan(before), np.nan, is_far & ~was_far),
                "back": crossing(deviations, np.zeros_like(deviations)),
            },
            index=bars.index,
        )

    def screen(self, features: pd.DataFrame) -> pd.Series:
        """The bar on which the fall became far enough, or on which the mean was crossed from below."""
        return (features["fell_far"] == 1) | (features["back"] == 1)

    def generate_proposals(self, context: StrategyContext) -> list[TradeProposal]:
        """A BUY at each of the farthest fresh falls outside a crash, a SELL of everything back at its mean."""
        rows, held = context.features, context.positions
        scores = {
            symbol: rows[symbol]["score"]
            for symbol in context.symbols
            if symbol not in held and rows[symbol]["fell_far"] == 1 and context.regime is not Regime.CRASH
        }
        chosen = strongest(scores, self.params.mean_reversion_threshold, self.params.max_triggers_per_cycle)
        back = [symbol for symbol in context.symbols if symbol in held and rows[symbol]["back"] == 1]
        return [self._buy(symbol, scores[symbol]) for symbol in chosen] + [
            TradeProposal(symbol, Side.SELL, 100.0, 0.0, 0.0, 1.0, "close is back at its mean") for symbol in back
        ]

    def _buy(self, symbol: str, score: float) -> TradeProposal:
        wish = self.params
        return TradeProposal(
            symbol=symbol,
            side=Side.BUY,
            notional_pct=wish.notional_pct,
            stop_loss_pct=wish.stop_loss_pct,
            take_profit_pct=wish.take_profit_pct,
            conviction=0.4 + score / 2,
            reason=f"fell far below its mean, score {score:.2f}",
        )
