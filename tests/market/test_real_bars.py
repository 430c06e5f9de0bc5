"""Every real file goes through the lake, and is found to be what its manifest says."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from trader.market.bars import epoch_seconds, resample, validate_bars
from trader.market.history import Lake, NoBars
from trader.market.lake_verify import inspect
from trader.market.panel import dense

PANEL = (
    "1INCH ADA ALGO ANKR AUDIO AVAX AXS BAT BCH BTC CHZ CVC DASH DOGE DOT ETH FET GLM HNT KNC LINK LRC MANA OCEAN "
    "SAND SHIB SOL STORJ XLM XRP YFI ZRX"
)


def day(year, month, number=1, hour=0):
    return datetime(year, month, number, hour, tzinfo=UTC)


@pytest.mark.slow
def test_every_file_is_sound_and_has_the_bars_and_gaps_the_manifest_counts(candles):
    manifest = {row["file"]: row for row in json.loads((candles / "manifest.json").read_text())["files"]}

    reports = {report.file.name: report for report in inspect(Lake(candles))}

    assert reports.keys() == manifest.keys()
    assert [name for name, report in reports.items() if report.problems] == []
    for name, report in reports.items():
        told = manifest[name]
        assert (report.rows, report.gaps.missing) == (told["rows"], told["missing_bars"]), name
        assert report.first.isoformat() == told["first"].replace("Z", "+00:00"), name
        assert report.file.grade == told["quality_grade"], name


@pytest.mark.slow
def test_every_symbol_loads_at_every_granularity_it_can_be_made_in(candles):
    lake = Lake(candles)
    loaded = 0
    for symbol in lake.symbols():
        for granularity in lake.granularities(symbol):
            bars = lake.load(symbol, granularity)
            validate_bars(bars, symbol, granularity)
            loaded += len(bars)

    assert loaded > 2_000_000


def test_legacy_hours_come_only_when_named(candles):
    lake = Lake(candles)

    assert lake.load("BTC-USD", "1h").index[0] == day(2020, 1)
    assert lake.load("BTC-USD", "1h", segments=["legacy"]).index[0] == day(2017, 7, 1, 11)
    with pytest.raises(NoBars, match="grade B, only when named"):
        lake.load_panel(["BTC-USD"], "1h", day(2018, 1), day(2018, 2))


def test_the_quarter_hours_of_2023_and_2024_are_two_segments_with_a_hole_between(candles):
    panel = Lake(candles).load_panel(["BTC-USD"], "15m", day(2023, 11), day(2024, 5))

    assert panel.sources["BTC-USD"] == "BTC-USD_15m__2023.parquet + BTC-USD_15m.parquet"
    assert panel.gaps["BTC-USD"].largest * 900 > 149 * 86_400


def test_hours_made_of_quarters_are_nearly_the_venues_own(candles):
    """Coinbase's granularities disagree with one another now and then; ours is exact, theirs is close."""
    lake = Lake(candles)
    made = resample(lake.load("BTC-USD", "15m", day(2024, 5), day(2025, 6)), "15m", "1h")
    native = lake.load("BTC-USD", "1h", day(2024, 5), day(2025, 6))

    both = made.join(native, suffixes=("", "_native"), how="inner")
    assert len(both) == len(native)
    assert (both["close"] == both["close_native"]).mean() > 0.995
    assert (both["high"] == both["high_native"]).mean() > 0.99


def test_a_violent_hour_is_kept_as_it_was(candles):
    bars = Lake(candles).load("ADA-USD", "1h", day(2025, 3, 2, 15), day(2025, 3, 2, 16))

    assert bars["close"].iloc[0] / bars["open"].iloc[0] > 1.4


def test_the_panel_of_2025_has_32_products_on_one_grid(candles):
    symbols = [f"{name}-USD" for name in PANEL.split()]

    panel = Lake(candles).load_panel(symbols, "1h", day(2025, 1), day(2025, 7))
    grid = dense(panel)

    assert len(grid.symbols) == 32
    assert panel.bars > 138_000
    assert len(grid.starts) == 181 * 24
    missing = {symbol: gaps.missing for symbol, gaps in panel.gaps.items() if gaps.missing}
    assert missing["KNC-USD"] == 107
    assert missing["YFI-USD"] == 1
    for row, symbol in enumerate(grid.symbols):
        assert np.isfinite(grid.close[row]).sum() == len(panel.frames[symbol])


def test_a_minute_without_a_trade_stays_missing(candles):
    bars = Lake(candles).load("OCEAN-USD", "1m")
    grid = np.diff(epoch_seconds(bars)) // 60

    assert 1 - len(bars) / grid.sum() > 0.8
    assert set(bars.columns) == {"open", "high", "low", "close", "volume"}


def test_native_hours_are_used_for_what_the_quarter_hours_do_not_reach(candles):
    panel = Lake(candles).load_panel(["ADA-USD", "BTC-USD"], "4h", day(2024, 5), day(2025, 6, 30))

    assert panel.sources["ADA-USD"].startswith("ADA-USD_15m.parquet, made into 4h")
    assert panel.gaps["ADA-USD"].missing == 0
