"""What the figures show is what the document says, by hand where a figure computes."""

from __future__ import annotations

import copy

import pytest

from tests.reporting.runs import a_run
from trader.reporting import figures, palette, tables
from trader.reporting.document import build_report
from trader.reporting.figures_performance import bin_width

REPORT = build_report(a_run(days=120, trips=60))
SPECS = figures.figure_specs(REPORT)


def trace(spec, name):
    return next(one for one in spec["data"] if one["name"].startswith(name))


def test_there_is_a_figure_for_everything_and_candles_for_every_symbol():
    wanted = {"equity", "against_market", "drawdown", "round_trip_returns", "exposure_over_time", "costs"}
    wanted |= {"refusals_by_reason", "exposure_by_theme", "exposure_by_asset", "exposure_by_strategy"}

    assert set(SPECS) == wanted | {f"candles:{symbol}" for symbol in REPORT["bars"]}


def test_equity_and_drawdown_are_the_very_numbers_of_the_document():
    assert trace(SPECS["equity"], "NLV")["y"] == [point["nlv_usd"] for point in REPORT["equity"]]
    assert trace(SPECS["drawdown"], "drawdown")["y"] == [point["drawdown_pct"] for point in REPORT["equity"]]


def test_against_the_market_starts_at_zero_and_ends_at_the_summary():
    run = trace(SPECS["against_market"], "this run")["y"]

    assert run[0] == 0
    assert run[-1] == pytest.approx(REPORT["summary"]["total_pnl_pct"], abs=1e-3)
    assert trace(SPECS["against_market"], "buy and hold")["y"][-1] == pytest.approx(
        REPORT["summary"]["buy_and_hold_pct"], abs=1e-3
    )


def test_every_fill_and_refusal_is_on_its_candles():
    bought = sum(len(trace(SPECS[f"candles:{symbol}"], "bought")["x"]) for symbol in REPORT["bars"])
    refused = sum(len(trace(SPECS[f"candles:{symbol}"], "refused")["x"]) for symbol in REPORT["bars"])

    assert bought == sum(trade["side"] == "BUY" for trade in REPORT["trades"])
    assert refused == REPORT["rejections"]["events_total"]


def test_a_refusal_stands_at_the_close_its_decision_saw():
    report = copy.deepcopy(REPORT)
    bars = report["bars"]["BTC-USD"]
    event = report["rejections"]["events"][0] | {"symbol": "BTC-USD", "time": bars["start"][5]}
    report["rejections"]["events"] = [event]

    spec = figures.candles(report, "BTC-USD")

    assert trace(spec, "refused")["y"] == [bars["close"][4]]


def test_costs_go_from_before_costs_to_the_result():
    summary = REPORT["summary"]

    steps = SPECS["costs"]["data"][0]["y"]

    assert steps[1:3] == [-round(summary["fees_usd"], 2), -round(summary["slippage_usd"], 2)]
    assert sum(steps[:3]) == pytest.approx(steps[3], abs=0.02)
    assert steps[3] == round(summary["total_pnl_usd"], 2)


def test_refusals_are_counted_by_reason_the_most_frequent_last():
    bars = SPECS["refusals_by_reason"]["data"][0]

    assert dict(zip(bars["y"], bars["x"], strict=True)) == REPORT["rejections"]["by_reason"]
    assert bars["x"] == sorted(bars["x"])


@pytest.mark.parametrize(
    ("values", "width"),
    [((), 1.0), ((0, 30), 1.0), ((0, 31), 2.0), ((-0.3, 0.3), 0.02), ((1, 1), 0.001), ((-1000, 2000), 100.0)],
)
def test_bins_have_a_round_width(values, width):
    assert bin_width(values) == pytest.approx(width)


def test_every_colour_a_figure_names_is_in_both_palettes():
    named = set()

    def collect(spec):
        if isinstance(spec, dict):
            for value in spec.values():
                collect(value)
        elif isinstance(spec, list):
            for value in spec:
                collect(value)
        elif isinstance(spec, str) and spec.startswith("@"):
            named.add(spec)

    collect(SPECS)
    assert named <= set(palette.LIGHT) == set(palette.DARK)
    assert "@" not in str(palette.painted(SPECS["equity"]))


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colours", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["@ink", "@muted", "@gain", "@loss"])
@pytest.mark.parametrize("ground", ["@page", "@panel"])
def test_text_has_contrast_enough(colours, name, ground):
    light, dark = sorted((luminance(colours[name]), luminance(colours[ground])), reverse=True)

    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_a_figure_is_a_plotly_figure_for_a_notebook():
    figure = figures.figure(REPORT, "equity")

    assert type(figure).__module__.startswith("plotly")
    assert figure.data[0].line.color == palette.LIGHT["@nlv"]


def test_months_are_laid_out_by_year_and_compounded():
    report = {
        "monthly_returns_pct": [{"month": "2023-12", "return_pct": 5.0}, {"month": "2024-01", "return_pct": 10.0}]
    }
    report["monthly_returns_pct"].append({"month": "2024-03", "return_pct": -10.0})

    rows = tables.month_rows(report)

    assert [year for year, _, _ in rows] == ["2023", "2024"]
    assert rows[0][1] == [None] * 11 + [5.0]
    assert rows[1][1][:4] == [10.0, None, -10.0, None]
    assert rows[1][2] == pytest.approx(-1.0)


def test_groups_add_up_to_the_whole():
    for key in ("strategy", "symbol", "exit_reason"):
        rows = tables.breakdown(REPORT, key)
        assert sum(row["count"] for row in rows) == len(REPORT["round_trips"])
        assert sum(row["pnl_usd"] for row in rows) == pytest.approx(REPORT["summary"]["total_pnl_usd"], abs=1e-6)
    assert tables.cost_rows(REPORT, "liquidity")[0]["bps"] == pytest.approx(60.0, abs=1e-3)
