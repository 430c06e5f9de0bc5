"""
Buy a close above the recent range when volume confirms it; leave when the close falls out of a shorter range below.

How far above the range and how much volume count as strong is said in
signals.yaml, unless this strategy's params say otherwise.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from trader.signals import breakout, fires, prior_min, strongest, volume_spike
from trader.strategy import Field, Side, Strategy, StrategyContext, StrategyParams, TradeProposal


class Breakout(Strategy):
    """Buy a close above the recent range when volume confirms it."""

    timeframe = "1h"

    class Params(StrategyParams):
        """The two triggers, the exit range, and how an entry is sized and protected."""

        breakout_lookback_bars: int = Field(48, ge=2, le=2000)
        breakout_full_break_pct: float = Field(2.0, gt=0, le=1000)
        breakout_threshold: float = Field(0.3, gt=0, le=1)
        volume_spike_lookback_bars: int = Field(48, ge=2, le=2000)
        volume_spike_full_ratio: float = Field(4.0, gt=1, le=1000)
        volume_spike_threshold: float = Field(0.4, gt=0, le=1)
        exit_bars: int = Field(24, ge=2, le=2000)
        max_triggers_per_cycle: int = Field(5, ge=1, le=1000)
        notional_pct: float = Field(4.0, gt=0, le=100)
        stop_loss_pct: float = Field(4.0, gt=0, le=50)
        take_profit_pct: float = Field(12.0, gt=0, le=500)

    @property
    def warmup_bars(self) -> int:
        """The longest range that a bar is measured against."""
        ask = self.params
        return int(max(ask.breakout_lookback_bars, ask.volume_spike_lookback_bars, ask.exit_bars))

    def features(self, bars: pd.DataFrame) -> pd.DataFrame:
        """Scores of the break and of the volume behind it, and 1 where the close is below the exit range."""
        close, high = bars["close"].to_numpy(), bars["high"].to_numpy()
        ask = self.params
        floor = prior_min(bars["low"].to_numpy(), ask.exit_bars)
        return pd.DataFrame(
            {
                "breakout": breakout(close, high, ask.breakout_lookback_bars, ask.breakout_full_break_pct),
                "volume": volume_spike(
                    bars["volume"].to_numpy(), ask.volume_spike_lookback_bars, ask.volume_spike_full_ratio
                ),
                "floor": floor,
                "fell_out": (close < floor).astype(float),
            },
            index=bars.index,
        )

    def screen(self, features: pd.DataFrame) -> pd.Series:
        """A confirmed break, or a close below the exit range."""
        return self._confirmed(features["breakout"], features["volume"]) | (features["fell_out"] == 1)

    def generate_proposals(self, context: StrategyContext) -> list[TradeProposal]:
        """A BUY at each of the strongest confirmed breaks, a SELL of everything that fell out of its range."""
        rows = context.features
        scores = {
            symbol: min(rows[symbol]["breakout"], rows[symbol]["volume"])
            for symbol in context.symbols
            if symbol not in context.positions and self._confirmed(rows[symbol]["breakout"], rows[symbol]["volume"])
        }
        chosen = strongest(scores, 0.0, self.params.max_triggers_per_cycle)
        fallen = [s for s in context.symbols if s in context.positions and rows[s]["fell_out"] == 1]
        return [self._buy(symbol, scores[symbol]) for symbol in chosen] + [
            TradeProposal(symbol, Side.SELL, 100.0, 0.0, 0.0, 1.0, "close fell below the exit range")
            for symbol in fallen
        ]

    def _confirmed(self, break_score: Any, volume_score: Any) -> Any:
        """Both triggers fire: of columns a column, of numbers a bool."""
        return fires(break_score, self.params.breakout_threshold) & fires(
            volume_score, self.params.volume_spike_threshold
        )

    def _buy(self, symbol: str, score: float) -> TradeProposal:
        wish = self.params
        return TradeProposal(
            symbol=symbol,
            side=Side.BUY,
            notional_pct=wish.notional_pct,
            stop_loss_pct=wish.stop_loss_pct,
            take_profit_pct=wish.take_profit_pct,
            conviction=0.5 + score / 2,
            reason=f"broke out on volume, score {score:.2f}",
        )
