"""Bars come into a lake whole, or the lake stays as it was."""

from __future__ import annotations

import errno
import os

import pandas as pd
import pytest

from tests.market.made_bars import at, made_bars, spoilt, stored
from trader.market.bars import BadBars
from trader.market.granularity import BadGranularity
from trader.market.history import BadLake, Lake
from trader.market.lake_import import import_bars
from trader.market.lake_verify import inspect


def a_csv(folder, bars, name="BTC-USD_1h.csv", **renamed):
    path = folder / name
    bars.reset_index().rename(columns=renamed).to_csv(path, index=False)
    return path


@pytest.fixture
def lake(tmp_path):
    return tmp_path / "lake"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}


def test_a_csv_becomes_a_file_of_the_lake(tmp_path, lake):
    bars = made_bars(24, without=(5,))

    done = import_bars(a_csv(tmp_path, bars), lake)

    assert (done.file, done.read, done.added, done.rows) == ("BTC-USD_1h.parquet", 23, 23, 23)
    pd.testing.assert_frame_equal(Lake(lake).load("BTC-USD", "1h"), bars)


def test_epoch_seconds_and_other_names_of_the_time_are_understood(tmp_path, lake):
    bars = made_bars(5)
    frame = bars.reset_index().assign(start=bars.index.asi8).rename(columns={"start": "Time", "open": "Open"})
    frame.to_csv(tmp_path / "download.csv", index=False)

    import_bars(tmp_path / "download.csv", lake, symbol="ETH-USD", granularity="1h", segment="mine")

    assert contents(lake).keys() == {"ETH-USD_1h__mine.parquet"}
    pd.testing.assert_frame_equal(Lake(lake).load("ETH-USD", "1h"), bars)


def test_new_bars_are_merged_and_equal_ones_counted_once(tmp_path, lake):
    bars = made_bars(30)
    import_bars(a_csv(tmp_path, bars.iloc[10:20]), lake)

    done = import_bars(a_csv(tmp_path, bars), lake)
    again = import_bars(a_csv(tmp_path, bars), lake)

    assert (done.added, done.rows, again.added, again.replaced) == (20, 30, 0, 0)
    pd.testing.assert_frame_equal(Lake(lake).load("BTC-USD", "1h"), bars)


def test_bars_that_differ_from_the_lake_are_refused_unless_told_to_win(tmp_path, lake):
    import_bars(a_csv(tmp_path, made_bars(10)), lake)
    before = contents(lake)
    changed = a_csv(tmp_path, spoilt(made_bars(10), 4, volume=77.0))

    with pytest.raises(
        BadBars, match="1 bars differ from those in the lake, the first at 2025-01-01T04:00Z; say --rep"
    ):
        import_bars(changed, lake)
    assert contents(lake) == before

    assert import_bars(changed, lake, replace=True).replaced == 1
    assert Lake(lake).load("BTC-USD", "1h")["volume"].iloc[4] == 77.0


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        pytest.param(lambda bars: bars.iloc[[0, 2, 1]], "starts must be in ascending order", id="unsorted"),
        pytest.param(lambda bars: bars.iloc[[0, 1, 1]], "stands there twice", id="duplicated"),
        pytest.param(lambda bars: spoilt(bars, 1, close=float("nan")), "close is nan", id="NaN"),
        pytest.param(lambda bars: spoilt(bars, 1, low=-1.0), "low is -1.0", id="negative price"),
        pytest.param(lambda bars: bars.drop(columns="low"), "columns missing: low; found start, open", id="columns"),
        pytest.param(lambda bars: bars.iloc[:0], "there is no bar in it", id="empty"),
        pytest.param(lambda bars: bars.tz_localize(None), "has no time zone; wanted UTC, like", id="naive"),
        pytest.param(lambda bars: bars.assign(close="high"), "column close is not made of numbers", id="words"),
    ],
)
def test_bad_bars_are_refused_and_the_lake_is_not_touched(tmp_path, lake, spoil, says):
    stored(lake, "BTC-USD", "1h", made_bars(24))
    before = contents(lake)

    with pytest.raises(BadBars, match=says):
        import_bars(a_csv(tmp_path, spoil(made_bars(24))), lake)

    assert contents(lake) == before


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("bars.csv", BadLake, "say --symbol and --granularity"),
        ("BTC-USD_1h.xlsx", BadLake, "wanted a .csv, .csv.gz or .parquet file"),
        ("nowhere.csv", BadLake, "say --symbol"),
    ],
)
def test_a_source_one_cannot_name_or_read_is_refused(tmp_path, lake, name, kind, says):
    if not name.startswith("nowhere"):
        a_csv(tmp_path, made_bars(3), name)

    with pytest.raises(kind, match=says):
        import_bars(tmp_path / name, lake)

    assert not lake.exists()


def test_a_source_that_is_not_there_or_a_granularity_nobody_knows_is_refused(tmp_path, lake):
    with pytest.raises(BadLake, match="no such file"):
        import_bars(tmp_path / "BTC-USD_1h.csv", lake)
    with pytest.raises(BadGranularity, match="did you mean 1h"):
        import_bars(a_csv(tmp_path, made_bars(3)), lake, symbol="BTC-USD", granularity="1H")
    with pytest.raises(BadLake, match="is no name for a lake's file"):
        import_bars(a_csv(tmp_path, made_bars(3)), lake, symbol="bitcoin", granularity="1h")


def test_a_segment_that_would_overlap_another_is_refused(tmp_path, lake):
    stored(lake, "BTC-USD", "1h", made_bars(24))
    before = contents(lake)

    with pytest.raises(BadLake, match=r"BTC-USD_1h__more\.parquet would overlap BTC-USD_1h\.parquet"):
        import_bars(a_csv(tmp_path, made_bars(24, start=at(20))), lake, segment="more")

    assert contents(lake) == before


def test_a_full_disk_leaves_the_lake_as_it_was(tmp_path, lake, monkeypatch):
    stored(lake, "BTC-USD", "1h", made_bars(48).iloc[:24])
    before = contents(lake)
    source = a_csv(tmp_path, made_bars(48))

    def no_room(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", no_room)

    with pytest.raises(BadLake, match=r"cannot be written \(No space left on device\); the lake is as it was"):
        import_bars(source, lake)
    assert contents(lake) == before, "nor is a half-written file left behind"


def test_inspecting_tells_good_files_from_bad_and_stops_at_none(lake):
    stored(lake, "BTC-USD", "1h", made_bars(24, without=(3, 4)))
    stored(lake, "ETH-USD", "1h", spoilt(made_bars(24), 6, volume=-1.0))
    stored(lake, "SOL-USD", "1h", made_bars(24))
    stored(lake, "SOL-USD", "1h", made_bars(24, start=at(20)), "more")
    (lake / "ADA-USD_1h.parquet").write_bytes(b"junk")

    reports = {report.file.name: report for report in inspect(Lake(lake))}

    assert [name for name, report in reports.items() if not report.problems] == ["BTC-USD_1h.parquet"]
    assert reports["BTC-USD_1h.parquet"].gaps.missing == 2
    assert "volume is -1.0" in reports["ETH-USD_1h.parquet"].problems[0]
    assert "cannot be read as Parquet" in reports["ADA-USD_1h.parquet"].problems[0]
    assert all("overlap" in reports[name].problems[0] for name in ("SOL-USD_1h.parquet", "SOL-USD_1h__more.parquet"))
