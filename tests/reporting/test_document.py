"""The report of a run: to the schema, to the byte, and consistent in itself."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from tests.reporting.runs import HOUR, START, a_bars, a_metadata, a_run, some_rejections
from trader.reporting.canonical import decimal_text, dumps, fingerprint, number, time_text
from trader.reporting.document import build_report
from trader.reporting.price_history import buy_and_hold
from trader.reporting.run import BacktestRun
from trader.reporting.store import schema, validate

RUN = a_run()
REPORT = build_report(RUN)
PRINT_HASH = (
    "import hashlib; from tests.reporting.runs import a_run; from trader.reporting.document import build_report, dumps;"
    "from trader.reporting.html import render_html; report = build_report(a_run());"
    "print(hashlib.sha256(dumps(report)).hexdigest(), hashlib.sha256(render_html(report)).hexdigest())"
)


def an_empty_run(**changes) -> BacktestRun:
    times = np.array([START])
    nothing = BacktestRun(
        metadata=a_metadata(("BTC-USD",), np.array([START, START])),
        times=times,
        nlv=np.array([10_000.0]),
        cash=np.array([10_000.0]),
        fills=[],
        round_trips=[],
        rejections=[],
        bars={},
        decisions=0,
        bar_count=0,
        fees_usd=Decimal(0),
        slippage_usd=Decimal(0),
    )
    return dataclasses.replace(nothing, **changes)


@pytest.mark.slow
@pytest.mark.req("BT2")
def test_the_schema_is_a_schema_and_the_report_keeps_to_it():
    Draft202012Validator.check_schema(schema())
    Draft202012Validator(schema()).validate(REPORT)
    validate(REPORT)


@pytest.mark.slow
@pytest.mark.req("BT2")
@pytest.mark.parametrize("days", [1, 5, 45])
def test_short_and_empty_runs_keep_to_it_too(days):
    Draft202012Validator(schema()).validate(build_report(a_run(days=days + 10, trips=3)))
    report = build_report(an_empty_run())

    Draft202012Validator(schema()).validate(report)
    undefined = ("win_rate_pct", "profit_factor", "sharpe", "sortino", "calmar", "cagr_pct", "volatility_pct")
    assert all(report["summary"][key] is None for key in undefined)


@pytest.mark.slow
@pytest.mark.req("BT1")
def test_the_same_run_gives_the_same_bytes_whatever_the_hash_seed():
    hashes = {
        subprocess.run(
            [sys.executable, "-c", PRINT_HASH],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }

    assert len(hashes) == 1
    assert hashes.pop().split()[0] == hashlib.sha256(dumps(REPORT)).hexdigest()


def test_canonical_bytes_are_sorted_utf8_and_end_with_a_newline():
    assert dumps({"b": 0.1, "a": "é"}) == '{"a":"é","b":0.1}\n'.encode()
    with pytest.raises(ValueError, match="JSON compliant"):
        dumps({"a": float("nan")})


@pytest.mark.req("BT2")
def test_the_summary_agrees_with_the_series_and_lists():
    summary, pnl = REPORT["summary"], [Decimal(trip["pnl_usd"]) for trip in REPORT["round_trips"]]

    assert summary["total_trades"] == len(REPORT["round_trips"])
    assert summary["total_pnl_usd"] == pytest.approx(float(sum(pnl)), abs=1e-6), "all positions are closed"
    assert summary["final_nlv_usd"] == REPORT["equity"][-1]["nlv_usd"]
    assert summary["max_drawdown_pct"] == -min(point["drawdown_pct"] for point in REPORT["equity"])
    assert summary["fees_usd"] == pytest.approx(sum(float(trade["fee_usd"]) for trade in REPORT["trades"]))
    assert summary["win_rate_pct"] == pytest.approx(100 * sum(value > 0 for value in pnl) / len(pnl))
    assert summary["buy_and_hold_pct"] == pytest.approx(REPORT["benchmark"]["buy_and_hold"]["return_pct"][-1], abs=1e-4)


def test_max_drawdown_can_be_recomputed_from_the_thinned_equity():
    nlv = np.array([point["nlv_usd"] for point in REPORT["equity"]])

    fallen = (1 - nlv / np.maximum.accumulate(nlv)).max() * 100

    assert len(RUN.times) > len(nlv)
    assert fallen == pytest.approx(REPORT["summary"]["max_drawdown_pct"], abs=1e-6)


def test_no_trace_has_more_points_than_stated():
    room = REPORT["sampling"]["max_points_per_trace"]
    traces = [REPORT["equity"], REPORT["benchmark"]["btc"]["time"], REPORT["exposure"]["time"]]
    traces += [bars["start"] for bars in REPORT["bars"].values()]

    assert all(0 < len(trace) <= room for trace in traces)
    assert all(len(one["pct"]) == len(REPORT["exposure"]["time"]) for one in REPORT["exposure"]["by_theme"].values())


def test_exposure_is_drawn_at_instants_so_that_parts_add_up_and_the_peak_is_there():
    exposure = REPORT["exposure"]
    stacked = np.sum([trace["pct"] for trace in exposure["by_theme"].values()], axis=0)

    assert stacked == pytest.approx(np.array(exposure["total"]["pct"]), abs=0.01)
    assert stacked.max() == pytest.approx(exposure["total"]["peak_pct"], abs=0.01)
    assert exposure["by_theme"]["LAYER1"]["cap_pct"] == 10.0


@pytest.mark.req("BT2")
def test_refusals_are_counted_whole_and_sampled_beyond_the_stated_number():
    events = some_rejections(("BTC-USD", "ETH-USD"), 5000, 7000, seed=3)

    rejections = build_report(an_empty_run(rejections=events))["rejections"]

    assert rejections["events_total"] == sum(rejections["by_reason"].values()) == 7000
    assert sum(rejections["by_strategy"].values()) == 7000
    assert len(rejections["events"]) == 2000
    assert {event["risk_reason"] for event in rejections["events"]} == set(rejections["by_reason"])
    assert rejections["by_strategy_and_reason"]["breakout"]["cooldown"] > 0


def test_the_fingerprint_is_equal_only_where_every_fill_is():
    trades = REPORT["trades"]

    assert REPORT["fingerprint"] == fingerprint([dict(reversed(list(trade.items()))) for trade in trades])
    assert REPORT["fingerprint"] != fingerprint([*trades[:-1], trades[-1] | {"price": "1"}])
    assert REPORT["fingerprint"] != fingerprint(trades[::-1])


def test_buying_and_holding_by_hand():
    bars = {symbol: a_bars(symbol, 10, seed=2) for symbol in ("BTC-USD", "ETH-USD")}
    late = a_bars("SOL-USD", 4, seed=2, start=START + 6 * HOUR)
    times = START + HOUR * np.arange(11)

    growth = buy_and_hold(bars | {"SOL-USD": late}, times)

    parts = [one.close[-1] / one.open[0] for one in (*bars.values(), late)]
    assert growth[0] == 1.0
    assert growth[-1] == pytest.approx(sum(parts) / 3)
    assert growth[3] == pytest.approx((sum(one.close[2] / one.open[0] for one in bars.values()) + 1) / 3)


def test_bars_before_the_start_are_not_drawn_and_missing_ones_are_counted():
    start = START + 24 * HOUR
    run = a_run(days=20, trips=3, start=datetime.fromtimestamp(start, UTC))

    report = build_report(run)

    assert report["bars"]["BTC-USD"]["first"] == time_text(start)
    assert report["bars"]["BTC-USD"]["bars"] == 19 * 24
    assert report["bars"]["DOGE-USD"]["missing_bars"] == 4
    assert report["bars"]["BTC-USD"]["missing_bars"] == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1E-8"), "0.00000001"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1.500"), "1.5"),
        (Decimal("-0.00"), "0"),
        ("12.0", "12"),
        (7, "7"),
    ],
)
def test_amounts_are_plain_decimal_strings(value, text):
    assert decimal_text(value) == text


def test_amounts_that_are_none_are_refused():
    with pytest.raises(ValueError, match="not an amount"):
        decimal_text(Decimal("NaN"))


def test_times_are_utc_whatever_they_come_as():
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    abroad = noon.astimezone(timezone(timedelta(hours=5)))

    assert {time_text(one) for one in (noon, abroad, int(noon.timestamp()), "2024-05-01T12:00:00Z")} == {
        "2024-05-01T12:00:00Z"
    }
    assert time_text(noon + timedelta(milliseconds=250)) == "2024-05-01T12:00:00.25Z"


def test_what_has_no_number_is_null():
    assert [number(value) for value in (float("nan"), float("inf"), None, -0.0, Decimal("1.123456789"))] == [
        None,
        None,
        None,
        0.0,
        1.12345679,
    ]
