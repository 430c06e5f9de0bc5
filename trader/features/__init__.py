"""Where feature rows come from: a window of last bars (live) or whole columns (backtest); equal to the last bit."""

from trader.features.columns import JunkFeatures, history_of
from trader.features.whole import ColumnFeatures, FeaturesFailed
from trader.features.window import WindowFeatures

__all__ = ["ColumnFeatures", "FeaturesFailed", "JunkFeatures", "WindowFeatures", "history_of"]
