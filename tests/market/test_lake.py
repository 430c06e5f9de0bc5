"""What is read from a lake, and what is said instead of guessing."""

from __future__ import annotations

import json
from decimal import Decimal

import pandas as pd
import pytest

from tests.market.made_bars import at, made_bars, spoilt, stored
from trader.errors import TraderError
from trader.market.bars import BadBars, resample
from trader.market.history import BadLake, Lake, NoBars, load_panel
from trader.market.symbols import UnknownSymbol


@pytest.fixture
def lake(tmp_path):
    """BTC at 1h and 15m, ETH at 1m with gaps, SOL in two segments, DOGE coarse, and another venue."""
    stored(tmp_path, "BTC-USD", "1h", made_bars(48))
    stored(tmp_path, "BTC-USD", "15m", made_bars(96, "15m", at(36)))
    stored(tmp_path, "ETH-USD", "1m", made_bars(600, "1m", without=range(100, 190)))
    stored(tmp_path, "SOL-USD", "1h", made_bars(10, "1h", at(14)))
    stored(tmp_path, "SOL-USD", "1h", made_bars(12), "first")
    stored(tmp_path, "DOGE-USD", "6h", made_bars(8, "6h"))
    stored(tmp_path, "BTC-USDT", "1h", made_bars(48))
    (tmp_path / "notes.parquet").write_bytes(b"not bars, and not named like bars")
    return Lake(tmp_path)


def test_a_lake_knows_its_symbols_and_granularities_in_order(lake):
    assert lake.symbols() == ("BTC-USD", "BTC-USDT", "DOGE-USD", "ETH-USD", "SOL-USD")
    assert lake.granularities("BTC-USD") == ("15m", "1h")
    assert lake.offering("1h") == ("BTC-USD", "ETH-USD", "SOL-USD")
    assert lake.offering("1d") == ("BTC-USD", "DOGE-USD", "ETH-USD", "SOL-USD")


def test_bars_come_back_as_they_were_stored(lake):
    pd.testing.assert_frame_equal(lake.load("BTC-USD", "1h"), made_bars(48), check_exact=True)


def test_start_is_inside_and_end_is_not(lake):
    bars = lake.load("BTC-USD", "1h", at(3), at(6))

    assert list(bars.index.hour) == [3, 4, 5]


def test_finer_bars_are_made_into_coarser_where_there_are_no_native_ones(lake):
    bars = lake.load("ETH-USD", "15m")

    assert len(bars) == 35, "40 quarters, five of them without a bar"
    pd.testing.assert_frame_equal(
        bars, resample(made_bars(600, "1m", without=range(100, 190)), "1m", "15m"), check_exact=True
    )


def test_native_bars_win_while_they_have_any_and_else_the_finer_that_cover_most(tmp_path):
    stored(tmp_path, "BTC-USD", "1h", made_bars(48))
    stored(tmp_path, "BTC-USD", "15m", made_bars(400, "15m"))
    stored(tmp_path, "BTC-USD", "1m", made_bars(120, "1m", at(50)))
    lake = Lake(tmp_path)

    sources = {
        (granularity, start): lake.load_panel(["BTC-USD"], granularity, at(start), at(start + 10)).sources["BTC-USD"]
        for granularity, start in [("1h", 0), ("1h", 60), ("2h", 0), ("5m", 50)]
    }

    assert sources == {
        ("1h", 0): "BTC-USD_1h.parquet",
        ("1h", 60): "BTC-USD_15m.parquet, made into 1h",
        ("2h", 0): "BTC-USD_15m.parquet, made into 2h",
        ("5m", 50): "BTC-USD_1m.parquet, made into 5m",
    }


def test_a_bucket_in_which_the_recording_begins_or_ends_is_left_out(tmp_path):
    stored(tmp_path, "BTC-USD", "15m", made_bars(18, "15m", at(0.5)))

    bars = Lake(tmp_path).load("BTC-USD", "1h")

    assert list(bars.index.hour) == [1, 2, 3, 4], "half of hour 0 was never recorded"


def test_a_bucket_that_two_segments_make_together_is_whole(tmp_path):
    bars = made_bars(16, "15m")
    stored(tmp_path, "BTC-USD", "15m", bars.iloc[:6])
    stored(tmp_path, "BTC-USD", "15m", bars.iloc[6:], "later")

    pd.testing.assert_frame_equal(Lake(tmp_path).load("BTC-USD", "1h"), resample(bars, "15m", "1h"))


def test_segments_follow_one_another_in_time(lake):
    bars = lake.load("SOL-USD", "1h")

    assert list(bars.index.hour) == [*range(12), *range(14, 24)]
    assert bars.index.is_monotonic_increasing


def test_segments_that_overlap_are_an_error_that_names_both(tmp_path):
    stored(tmp_path, "SOL-USD", "1h", made_bars(10))
    stored(tmp_path, "SOL-USD", "1h", made_bars(10, start=at(9)), "later")

    with pytest.raises(
        BadLake,
        match=r"SOL-USD_1h\.parquet and SOL-USD_1h__later\.parquet overlap from 2025-01-01T09:00Z to 2025-01-01T10:00Z",
    ):
        Lake(tmp_path).load("SOL-USD", "1h")


def test_grade_b_is_used_only_when_named_and_then_said(tmp_path):
    stored(tmp_path, "BTC-USD", "1h", made_bars(24, start=at(24)))
    stored(tmp_path, "BTC-USD", "1h", made_bars(24), "legacy")
    stored(tmp_path, "BTC-USD", "1h", made_bars(24, start=at(-24)), "copied")
    (tmp_path / "manifest.json").write_text(
        json.dumps({"files": [{"file": "BTC-USD_1h__copied.parquet", "quality_grade": "B"}]})
    )
    lake = Lake(tmp_path)

    assert len(lake.load("BTC-USD", "1h")) == 24
    assert len(lake.load("BTC-USD", "1h", segments=["legacy"])) == 48
    named = lake.load_panel(["BTC-USD"], "1h", segments=["legacy", "copied"])

    assert named.bars == 72
    assert any("BTC-USD_1h__legacy.parquet is of grade B" in warning for warning in named.warnings)
    with pytest.raises(BadLake, match="no segment legcy; it has copied, legacy"):
        lake.load("BTC-USD", "1h", segments=["legcy"])


def test_a_symbol_of_grade_b_alone_says_so(tmp_path):
    stored(tmp_path, "BTC-USD", "1h", made_bars(24), "legacy")

    with pytest.raises(NoBars, match="1h from 2025-01-01T00:00Z to 2025-01-02T00:00Z, grade B, only when named"):
        Lake(tmp_path).load("BTC-USD", "1h")


@pytest.mark.parametrize(
    ("ask", "kind", "says"),
    [
        pytest.param(lambda k: k.load("BTC-UDS", "1h"), UnknownSymbol, "did you mean BTC-USD?", id="typo"),
        pytest.param(lambda k: k.load("btc-usd", "1h"), UnknownSymbol, "did you mean BTC-USD?", id="lower case"),
        pytest.param(lambda k: k.load("PEPE-USD", "1h"), UnknownSymbol, "It has BTC-USD, BTC-USDT, DO", id="unknown"),
        pytest.param(
            lambda k: k.load("DOGE-USD", "1h"),
            NoBars,
            "DOGE-USD: no 1h bars, and none finer to make them of; the lake has 6h from",
            id="coarser only",
        ),
        pytest.param(lambda k: k.load("BTC-USD", "1h", at(5), at(5)), BadLake, "is not before end", id="empty span"),
        pytest.param(lambda k: k.load("BTC-USD", "1h", at(5), at(3)), BadLake, "is not before end", id="backwards"),
        pytest.param(lambda k: k.load("BTC-USD", "1h", at(5.1), at(5.9)), BadLake, "no whole bar of 1h", id="no bar"),
        pytest.param(
            lambda k: k.load("BTC-USD", "1h", at(1).replace(tzinfo=None)), BadLake, "has no time zone", id="naive"
        ),
        pytest.param(
            lambda k: k.load_panel(["BTC-USD", "ETH-USD"], "1h", at(30), at(40)),
            NoBars,
            "ETH-USD: no 1h bar from 2025-01-02T06:00Z to 2025-01-02T16:00Z; the lake has 1m from",
            id="nothing in the span",
        ),
        pytest.param(
            lambda k: k.load_panel((), "1h", at(800), at(900)),
            NoBars,
            "no 1h bar from 2025-02-03T08:00Z to 2025-02-07T12:00Z; the lake has such bars from 2025-01-01T00:00Z to",
            id="no symbol has any in the span",
        ),
        pytest.param(
            lambda k: k.load_panel((), "1h", at(800)), NoBars, "no 1h bar from 2025-02-03T08:00Z; the", id="none later"
        ),
        pytest.param(
            lambda k: k.load_panel((), "1h", None, at(-9)),
            NoBars,
            "no 1h bar before 2024-12-31T15:00Z",
            id="none earlier",
        ),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence_with_exit_code_2(lake, ask, kind, says):
    with pytest.raises(kind) as caught:
        ask(lake)

    assert says in str(caught.value)
    assert isinstance(caught.value, TraderError)
    assert caught.value.exit_code == 2


def test_a_folder_that_is_not_there_and_one_that_is_empty_are_told_apart(tmp_path):
    with pytest.raises(BadLake, match="no such folder; a lake is a folder of"):
        Lake(tmp_path / "nowhere")
    for ask in (lambda: Lake(tmp_path).load("BTC-USD", "1h"), lambda: load_panel(tmp_path, None, "1h")):
        with pytest.raises(NoBars, match="no bars here, the lake is empty; `trader data import` brings some in"):
            ask()


def test_a_folder_of_misnamed_files_is_not_called_empty(tmp_path):
    for name in ("btc", "eth", "sol", "ada", "xrp", "doge"):
        (tmp_path / f"{name}.parquet").write_bytes(b"")

    with pytest.raises(NoBars) as caught:
        load_panel(tmp_path, None, "1h")

    assert "ada.parquet, btc.parquet, doge.parquet, eth.parquet and 2 more" in str(caught.value)
    assert "wanted <symbol>_<granularity>[__<segment>].parquet, like BTC-USD_1h.parquet" in str(caught.value)
    assert "empty" not in str(caught.value)


def test_a_lake_of_other_granularities_grades_and_venues_says_what_it_has(tmp_path):
    stored(tmp_path, "DOGE-USD", "6h", made_bars(8, "6h"))
    stored(tmp_path, "BTC-USDT", "1h", made_bars(8))

    with pytest.raises(NoBars, match=r"no 1h bars.*only when named.*has BTC-USDT_1h.parquet, DOGE-USD_6h.parquet"):
        load_panel(tmp_path, None, "1h")


def test_a_panel_says_what_is_missing(lake):
    panel = lake.load_panel(["BTC-USD", "SOL-USD", "ETH-USD"], "1h", at(-2), at(26))

    assert panel.symbols == ("BTC-USD", "ETH-USD", "SOL-USD")
    gaps = panel.gaps["SOL-USD"]
    assert (gaps.expected, gaps.missing, gaps.runs, gaps.largest) == (28, 6, 3, 2)
    assert (gaps.first, gaps.last) == (at(0), at(23))
    assert (gaps.late_seconds, gaps.early_seconds) == (2 * 3600, 2 * 3600)
    assert "SOL-USD: the first bar is at 2025-01-01T00:00Z, 2 h after the start" in panel.warnings
    assert "ETH-USD: the last bar is at 2025-01-01T09:00Z, 16 h before the end" in panel.warnings


def test_the_warm_up_comes_before_the_start_and_is_not_counted_as_a_gap(lake):
    panel = lake.load_panel(["BTC-USD"], "1h", at(10), at(20), warmup_bars=4)

    assert (panel.start, panel.end) == (at(10), at(20))
    assert panel.frames["BTC-USD"].index[0] == at(6)
    assert panel.gaps["BTC-USD"].expected == 10
    assert panel.warnings == ()


def test_without_dates_the_panel_spans_all_there_is(lake):
    panel = lake.load_panel(None, "1h")

    assert panel.symbols == ("BTC-USD", "ETH-USD", "SOL-USD")
    assert (panel.start, panel.end) == (at(0), at(48))


def test_another_venue_is_for_backtests_and_says_so(lake):
    panel = lake.load_panel(["BTC-USDT"], "1h")

    assert panel.warnings == (
        "BTC-USDT: quoted in USDT, so from another venue than Coinbase; good for a backtest only",
    )


@pytest.mark.parametrize(
    ("bars", "says"),
    [
        pytest.param(made_bars(4).iloc[[0, 2, 1, 3]], "row 2 (2025-01-01T01:00Z): comes after", id="unsorted"),
        pytest.param(made_bars(4).iloc[[0, 1, 1, 3]], "stands there twice", id="duplicated"),
        pytest.param(spoilt(made_bars(4), 2, close=float("nan")), "row 2 (2025-01-01T02:00Z): close is nan", id="NaN"),
        pytest.param(spoilt(made_bars(4), 2, low=-3.0), "low is -3.0; a price must be above 0", id="negative"),
        pytest.param(made_bars(4, start=at(0.5)), "is not a multiple of 3600 seconds", id="misaligned"),
    ],
)
def test_a_bad_file_is_refused_with_its_name_row_and_value(tmp_path, bars, says):
    stored(tmp_path, "BTC-USD", "1h", bars)

    with pytest.raises(BadBars) as caught:
        Lake(tmp_path).load("BTC-USD", "1h")

    assert str(caught.value).startswith("BTC-USD_1h.parquet: ")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        pytest.param(["start", "open", "high", "low", "close"], "columns missing: volume", id="no volume"),
        pytest.param(["start", "open", "high", "low", "close", "naive"], "columns missing: volume", id="renamed"),
    ],
)
def test_a_file_with_other_columns_is_refused(tmp_path, columns, says):
    frame = made_bars(4).reset_index().assign(naive=1.0)
    frame[columns].to_parquet(tmp_path / "BTC-USD_1h.parquet")

    with pytest.raises(BadBars, match=says):
        Lake(tmp_path).load("BTC-USD", "1h")


def test_a_file_without_a_time_zone_or_of_another_kind_is_refused(tmp_path):
    made_bars(4).tz_localize(None).reset_index().to_parquet(tmp_path / "BTC-USD_1h.parquet")
    (tmp_path / "ETH-USD_1h.parquet").write_bytes(b"PAR1 but no more")
    lake = Lake(tmp_path)

    with pytest.raises(BadBars, match="column start has no time zone; wanted UTC"):
        lake.load("BTC-USD", "1h")
    with pytest.raises(BadBars, match="cannot be read as Parquet"):
        lake.load("ETH-USD", "1h")


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_any_unit_of_time_is_read_alike(tmp_path, unit):
    bars = made_bars(4)
    bars.set_axis(bars.index.as_unit(unit)).reset_index().to_parquet(tmp_path / "BTC-USD_1h.parquet")

    pd.testing.assert_frame_equal(Lake(tmp_path).load("BTC-USD", "1h"), bars)


def test_products_come_from_the_file_beside_the_bars_and_else_from_defaults_one_can_predict(lake):
    described = {"BTC-USD": {"quote_increment": "0.5", "base_min_size": "0.001", "tier": "tier1"}}
    (lake.path / "products.json").write_text(json.dumps(described))
    panel = Lake(lake.path).load_panel(["BTC-USD", "ETH-USD"], "1h")

    assert panel.products["BTC-USD"].quote_increment == Decimal("0.5")
    assert panel.products["BTC-USD"].base_min_size == Decimal("0.001")
    assert panel.products["ETH-USD"].quote_increment == Decimal("0.001")
    assert panel.tiers == {"BTC-USD": "tier1"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is not JSON"),
        ("[1]", "wanted one object, symbol to fields"),
        ('{"BTC-USD": {"qoute_increment": "1"}}', "BTC-USD: unknown field qoute_increment; allowed are base_increment"),
        ('{"BTC-USD": {"quote_increment": "-1"}}', "quote_increment is '-1'; wanted a number above 0"),
        ('{"BTC-USD": {"quote_increment": "NaN"}}', "quote_increment is 'NaN'; wanted a number above 0"),
        ('{"BTC-USD": {"quote_increment": "cent"}}', "quote_increment is 'cent'; wanted a number above 0"),
    ],
)
def test_a_broken_products_file_is_an_error_that_names_it(lake, content, says):
    (lake.path / "products.json").write_text(content)

    with pytest.raises(BadLake) as caught:
        Lake(lake.path).load_panel(["BTC-USD"], "1h")

    assert "products.json: " in str(caught.value)
    assert says in str(caught.value)


def test_every_mistake_of_a_products_file_is_told_at_once(lake):
    rows = {"BTC-USD": {"qoute": 1, "base_increment": "-1", "quote_min_usd": 0}, "SOL-USD": {"base_min_size": "x"}}
    (lake.path / "products.json").write_text(json.dumps(rows))

    with pytest.raises(BadLake) as caught:
        Lake(lake.path).load_panel(["BTC-USD"], "1h")

    lines = [line.removeprefix(f"{lake.path}/products.json: ") for line in str(caught.value).splitlines()]
    assert [line.split(";")[0] for line in lines] == [
        "BTC-USD: unknown field qoute",
        "BTC-USD: base_increment is '-1'",
        "BTC-USD: quote_min_usd is 0",
        "SOL-USD: base_min_size is 'x'",
    ]


@pytest.mark.parametrize(
    ("price", "increment"),
    [(42_000, "0.01"), (80, "0.001"), (6.2, "0.0001"), (0.62, "0.00001"), (0.000012, "0.000000001")],
)
def test_the_default_price_increment_follows_the_price(price, increment):
    from trader.market.products import DEFAULTS

    assert DEFAULTS.quote_increment(price) == min(Decimal("0.01"), Decimal(increment))


def test_a_broken_manifest_is_an_error_that_names_it(tmp_path):
    (tmp_path / "manifest.json").write_text("{nonsense")

    with pytest.raises(BadLake, match="cannot be read as a manifest"):
        Lake(tmp_path)


@pytest.mark.req("BT1")
@pytest.mark.parametrize("start", [None, at(24), at(2)])
def test_a_price_increment_nobody_described_does_not_depend_on_what_comes_later(tmp_path, start):
    bars = made_bars(96)
    calm, wild = bars.iloc[:36] / 1000, bars.iloc[36:] * 1000
    stored(tmp_path, "NEW-USD", "1h", pd.concat([calm, wild]))
    lake = Lake(tmp_path)

    short, long = (lake.load_panel(["NEW-USD"], "1h", start, end, 4).products for end in (at(30), at(96)))

    assert short == long
    assert long["NEW-USD"].quote_increment == Decimal("0.00001")


@pytest.mark.req("BT1")
def test_that_increment_is_of_the_last_close_before_the_start(tmp_path):
    """The negative control: had it looked at the first bar, or past the start, it would be another one."""
    bars = made_bars(48)
    stored(tmp_path, "NEW-USD", "1h", pd.concat([bars.iloc[:12] * 1000, bars.iloc[12:24] / 1000, bars.iloc[24:]]))

    panel = Lake(tmp_path).load_panel(["NEW-USD"], "1h", at(24), at(48), 24)

    assert panel.products["NEW-USD"].quote_increment == Decimal("0.00001")
