"""Strategies with one fault each, and one without: what the checks must tell apart."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

from trader.loader import load_strategy
from trader.policy import StrategyStanza
from trader.registry import LoadedStrategy

SOUND_FEATURES = 'return pd.DataFrame({"mean": sma(bars["close"], 20)})'
SOUND_PROPOSALS = 'return [self.buy(s) for s in context.symbols if context.features[s]["mean"] > 0]'


def source(
    features: str = SOUND_FEATURES, proposals: str = SOUND_PROPOSALS, warmup_bars: int = 20, extra: str = ""
) -> str:
    """A strategy file `planted.py` whose methods have these bodies."""

    def body(text: str) -> str:
        return indent(dedent(text).strip("\n"), "        ")

    return f"""
import numpy as np
import pandas as pd
from trader.signals import sma
from trader.strategy import Side, Strategy, TradeProposal

class Planted(Strategy):
    timeframe = "1h"
    warmup_bars = {warmup_bars}

    def features(self, bars):
{body(features)}

    def generate_proposals(self, context):
{body(proposals)}

    def buy(self, symbol, notional_pct=2.0):
        return TradeProposal(symbol, Side.BUY, notional_pct, 3.0, 6.0, 0.7)

{indent(dedent(extra), "    ")}
"""


def plant(folder: Path, text: str) -> LoadedStrategy:
    """*text* as `planted.py` in *folder*, loaded and switched on."""
    path = folder / "planted.py"
    path.write_text(text, encoding="utf-8")
    return load_strategy(path, StrategyStanza("planted", enabled=True))


PEEKS = {
    "shift(-1)": ('return pd.DataFrame({"next": bars["close"].shift(-1)})', "next"),
    "shift(-1), filled": ('return pd.DataFrame({"next": bars["close"].shift(-1).ffill()})', "next"),
    "a centred mean": ('return pd.DataFrame({"mid": bars["close"].rolling(5, center=True).mean()})', "mid"),
    "the mean of everything": (
        'return pd.DataFrame({"z": (bars["close"] - bars["close"].mean()) / bars["close"].std()})',
        "z",
    ),
    "the maximum of everything": ('return pd.DataFrame({"top": bars["close"] / bars["close"].max()})', "top"),
    "a rank": ('return pd.DataFrame({"rank": bars["close"].rank(pct=True)})', "rank"),
    "backward fill": (
        'x = bars["close"].where(bars["close"] > bars["open"])\nreturn pd.DataFrame({"up": x.bfill()})',
        "up",
    ),
    "the last bar of all": (
        'return pd.DataFrame({"up": (bars["close"] < bars["close"].iloc[-1]).astype(float)})',
        "up",
    ),
    "one column of two": (
        'return pd.DataFrame({"mean": sma(bars["close"], 20), "gap": bars["open"].shift(-1) / bars["close"]})',
        "gap",
    ),
    "a smoothing both ways": (
        'x = bars["close"].to_numpy()\nreturn pd.DataFrame({"s": np.convolve(x, np.ones(5) / 5, "same")}, bars.index)',
        "s",
    ),
}
"""Features that use the future, and the column that does."""

THIRSTY = {
    "ewm": ('return pd.DataFrame({"ewm": bars["close"].ewm(span=10).mean()})', "ewm"),
    "everything before": ('return pd.DataFrame({"top": bars["close"].cummax()})', "top"),
    "a longer average than it says": ('return pd.DataFrame({"mean": sma(bars["close"], 22)})', "mean"),
    "a running sum": ('return pd.DataFrame({"mean": bars["close"].rolling(20).mean()})', "mean"),
    "a count of bars": ('return pd.DataFrame({"n": np.arange(len(bars), dtype=float)}, index=bars.index)', "n"),
}
"""Features that need more past than `warmup_bars`, and the column that does."""
