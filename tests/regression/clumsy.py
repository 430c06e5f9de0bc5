"""
Wish for what risk must refuse.

No strategy anybody would run: it is there so that the regression baseline
exercises every rule, also those a well-behaved strategy never meets.
"""

from __future__ import annotations

import pandas as pd

from trader.strategy import Side, Strategy, StrategyContext, TradeProposal


class Clumsy(Strategy):
    """One faulty wish a day, each kind in its turn, and a sound one that gives it something to hold."""

    timeframe = "1h"
    warmup_bars = 2

    def features(self, bars: pd.DataFrame) -> pd.DataFrame:
        """Nothing but the close."""
        return bars[["close"]]

    def generate_proposals(self, context: StrategyContext) -> list[TradeProposal]:
        """At 06:00 a faulty wish, at 12:00 a sound one, later more of the same, at midnight an end of it."""
        if context.as_of.hour == 6:
            return [self._faulty(context.symbols[0], context.as_of.day % 4)]
        if context.as_of.hour == 12:
            return [TradeProposal(symbol, Side.BUY, 0.4, 5.0, 15.0, 0.9, "sound") for symbol in context.symbols[-3:]]
        if context.as_of.hour > 12:
            held = [symbol for symbol in context.symbols if symbol in context.positions]
            return [TradeProposal(symbol, Side.BUY, 0.2, 5.0, 15.0, 0.9, "more") for symbol in held]
        if context.as_of.hour == 0:
            held = [symbol for symbol in context.symbols if symbol in context.positions]
            return [TradeProposal(symbol, Side.SELL, 100.0, 0.0, 0.0, 0.9, "done") for symbol in held]
        return []

    def _faulty(self, symbol: str, kind: int) -> TradeProposal:
        faults = (
            TradeProposal(symbol, Side.BUY, 1.0, float("nan"), 15.0, 0.9, "no stop"),
            TradeProposal(symbol, Side.SELL, 100.0, 0.0, 0.0, 0.9, "nothing held"),
            TradeProposal(symbol, Side.BUY, 1.0, 0.1, 15.0, 0.9, "a stop within the noise"),
            TradeProposal(symbol, Side.BUY, 1.0, 5.0, 15.0, 0.1, "no conviction"),
        )
        return faults[kind]
