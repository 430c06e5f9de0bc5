"""What a notebook imports: bars, a strategy's features, and backtests that know how to show themselves."""

from trader.research.backtests import backtest
from trader.research.bars import features, load_bars
from trader.research.result import BacktestResult

__all__ = ["BacktestResult", "backtest", "features", "load_bars"]
