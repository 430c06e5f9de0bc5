"""Markets for strategies to be tried on: walks with calm, storms, jumps, gaps and dull hours, from a seed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from trader.loader import discover, load_strategy
from trader.market.bars import bars_frame
from trader.policy import StrategyStanza
from trader.registry import LoadedStrategy

HOUR = 3_600
ORIGIN = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp())
FOLDER = Path(__file__).resolve().parents[2] / "strategies"


def a_market(seed: int, bars: int = 400, missing: float = 0.0, step: int = HOUR) -> pd.DataFrame:
    """*bars* bars of one symbol; a share *missing* of them never traded."""
    rng = np.random.default_rng(seed)
    storm = np.exp(0.8 * np.sin(np.arange(bars) / rng.uniform(5, 60)) + 0.3 * rng.normal(size=bars))
    moves = rng.standard_t(4, bars) * 0.006 * storm
    moves[rng.random(bars) < 0.05] = 0.0
    close = 100 * np.exp(np.cumsum(moves))
    opened = np.concatenate([[100.0], close[:-1]])
    wick = np.abs(rng.normal(0, 0.004, (2, bars))) * storm
    high, low = np.maximum(opened, close) * (1 + wick[0]), np.minimum(opened, close) * (1 - wick[1])
    volume = np.round(rng.lognormal(3, 1, bars) * (1 + 50 * np.abs(moves)), 4) * (rng.random(bars) > 0.02)
    starts = ORIGIN + step * np.arange(bars, dtype=np.int64)
    kept = rng.random(bars) >= missing
    return bars_frame(starts[kept].copy(), np.stack([opened, high, low, close, volume])[:, kept].copy())


markets = st.builds(a_market, st.integers(0, 10_000), st.integers(120, 400), st.sampled_from([0.0, 0.1]))


def every_strategy() -> list[LoadedStrategy]:
    """Every strategy file of the house, with its own defaults, switched on."""
    return [load_strategy(path, StrategyStanza(name, enabled=True)) for name, path in discover(FOLDER).items()]


EVERY_STRATEGY = every_strategy()


def name_of(loaded: LoadedStrategy) -> str:
    return loaded.stanza.name
