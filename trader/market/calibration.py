"""
How close the built-in market comes to the measured one, in numbers.

Both are measured by the very same function; the figure of a group is the median
over its products (and, for the built-in market, over seeds and spans as long as
the real one).  `print_table` writes what docs/MARKET.md shows.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from trader.market.facts import Facts, measure, names
from trader.market.history import Lake
from trader.market.sample import PRODUCTS, SampleMarket

Figures = Mapping[str, float]
"""Fact (and `spread_bps`) to value."""

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "tier 1": ("BTC-USD", "ETH-USD"),
    "tier 2": ("SOL-USD", "XRP-USD", "ADA-USD", "DOGE-USD", "LINK-USD", "AVAX-USD", "MATIC-USD"),
    "tier 3, active": ("UNI-USD", "AAVE-USD"),
    "tier 3, thin": ("CHZ-USD", "OCEAN-USD"),
}
"""Products with real 1-minute bars, by how much is traded."""

SPAN: Final = timedelta(days=40)
"""As long as the real 1-minute bars of late 2023."""
SAMPLES: Final = tuple((seed, datetime(year, 1, 1, tzinfo=UTC)) for seed in (0, 1) for year in (2020, 2022, 2024))
BARS_OF_BTC: Final = {"CHZ-USD": "1h", "OCEAN-USD": "1h"}
"""Products whose real 1-minute bars are of a time without 1-minute bars of BTC."""

BANDS: Final[Mapping[str, tuple[float, float]]] = {
    "vol_pct": (0.7, 1.4),
    "kurtosis_1m": (0.15, 4.0),
    "kurtosis_1h": (0.1, 1.5),
    "acf_abs_1": (0.35, 1.3),
    "acf_abs_60": (0.45, 1.3),
    "corr_btc_1h": (0.85, 1.2),
    "zero_return_pct": (0.5, 1.7),
    "missing_pct": (0.75, 1.5),
    "missing_run_mean": (0.9, 1.1),
    "flat_pct": (0.75, 1.35),
    "range_bps": (0.6, 1.3),
    "corr_volume_abs": (0.5, 1.35),
    "volume_log_std": (0.85, 1.15),
    "volume_usd_median": (0.7, 1.4),
}
"""Built-in over real, for each fact: what the tests hold the generator to.  Kurtosis hangs on a few real bars."""
MISSING_FLOOR: Final = 0.1
"""Where real bars have (next to) none, in per cent or minutes, a ratio says nothing: the built-in has none either."""

Source = Callable[[str], Sequence[Figures]]


def real_figures(candles: Path) -> dict[str, Figures]:
    """Group to figures of the bars in *candles* (spreads from the sister folder where it is)."""
    lake = Lake(candles)
    spreads = _edge_spreads(candles.parent / "microstructure" / "spread_proxy_edge_estimates.csv")

    def of(symbol: str) -> list[Figures]:
        bars = lake.load(symbol, "1m")
        btc = lake.load("BTC-USD", "1m")
        figures = _figures(measure(bars, btc), spreads.get(symbol, float("nan")))
        if symbol in BARS_OF_BTC:
            figures["corr_btc_1h"] = _correlation_of_hours(lake, symbol, bars.index[0], bars.index[-1])
        return [figures]

    return _medians(of)


def sample_figures(samples: Sequence[tuple[int, datetime]] = SAMPLES, span: timedelta = SPAN) -> dict[str, Figures]:
    """Group to figures of the built-in market over *samples* (seed, start)."""
    wanted = [symbol for group in GROUPS.values() for symbol in group]
    panels = [SampleMarket(seed).frames(wanted, start, start + span) for seed, start in samples]

    def of(symbol: str) -> list[Figures]:
        spread = PRODUCTS[symbol].spread_bps
        return [_figures(measure(frames[symbol], frames["BTC-USD"]), spread) for frames in panels]

    return _medians(of)


def distances(real: Mapping[str, Figures], made: Mapping[str, Figures]) -> list[str]:
    """The facts of *made* that lie outside their band, in words; none when the market is close enough."""
    far = []
    for group, figures in real.items():
        for fact, (low, high) in BANDS.items():
            wanted, found = figures[fact], made[group][fact]
            if wanted < MISSING_FLOOR and fact in ("missing_pct", "missing_run_mean", "flat_pct"):
                ok = found < MISSING_FLOOR
            else:
                ok = low * wanted <= found <= high * wanted
            if not ok:
                far.append(f"{fact} of {group}: {found:.4g}, real {wanted:.4g}, wanted {low} to {high} of it")
    return far


def table(real: Mapping[str, Figures], made: Mapping[str, Figures]) -> str:
    """Markdown: one row a fact, for each group real, built-in and their ratio."""
    groups = list(real)
    lines = [
        "| fact | " + " | ".join(f"{group}: real | built-in | ratio" for group in groups) + " |",
        "| --- |" + " ---: | ---: | ---: |" * len(groups),
    ]
    for fact in (*names(), "spread_bps"):
        cells = [_cell(real[group][fact], made[group][fact]) for group in groups]
        lines.append(f"| {fact} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def print_table(candles: Path) -> None:
    """Measure both and print; takes some seconds."""
    print(table(real_figures(candles), sample_figures()))


def _figures(facts: Facts, spread_bps: float) -> dict[str, float]:
    return {**{name: getattr(facts, name) for name in names()}, "spread_bps": spread_bps}


def _medians(of: Source) -> dict[str, Figures]:
    out: dict[str, Figures] = {}
    for group, symbols in GROUPS.items():
        found = [figures for symbol in symbols for figures in of(symbol)]
        out[group] = {fact: _median([figures[fact] for figures in found]) for fact in (*names(), "spread_bps")}
    return out


def _median(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.median(known)) if known else float("nan")


def _cell(real: float, made: float) -> str:
    ratio = f"{made / real:.2f}" if np.isfinite(real) and np.isfinite(made) and abs(real) > 1e-9 else "–"
    return f"{_short(real)} | {_short(made)} | {ratio}"


def _short(value: float) -> str:
    if not np.isfinite(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _correlation_of_hours(lake: Lake, symbol: str, first: pd.Timestamp, last: pd.Timestamp) -> float:
    start, end = first.floor("1h").to_pydatetime(), last.floor("1h").to_pydatetime()
    closes = [lake.load(name, "1h", start, end)["close"] for name in (symbol, "BTC-USD")]
    returns = [np.log(close).diff() for close in closes]
    return float(returns[0].corr(returns[1]))


def _edge_spreads(path: Path) -> dict[str, float]:
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {row["product"]: float(row["edge_bps_median"]) for row in csv.DictReader(file)}
