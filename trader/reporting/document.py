"""
A run becomes `report.json`.

`build_report` is a pure function: the same run gives the same document and, by
`dumps`, the same bytes.  The series are thinned out for drawing, the summary is
computed before that, from everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from trader.model.market import Bars, FloatArray
from trader.reporting import metrics
from trader.reporting.canonical import (
    Json,
    decimal_text,
    dumps,
    epoch_seconds,
    fingerprint,
    number,
    numbers,
    plain,
    time_text,
    times_text,
)
from trader.reporting.price_history import (
    benchmark_document,
    buy_and_hold,
    candle_documents,
    from_first_known,
    within,
)
from trader.reporting.refusals import rejection_document
from trader.reporting.run import BacktestRun, Caps, ExposureTrace, Series
from trader.reporting.sampling import MAX_EVENTS, MAX_POINTS, highest_points, kept_points

__all__ = ["BacktestRun", "ExposureTrace", "build_report", "dumps", "fingerprint"]

SCHEMA_VERSION = 1
FILL_AMOUNTS = ("size", "price", "notional_usd", "fee_usd")
FILL_TEXTS = ("symbol", "side", "liquidity", "strategy", "reason", "client_order_id")
TRIP_AMOUNTS = ("size", "entry_price", "exit_price", "pnl_usd", "fees_usd")
TRIP_TEXTS = ("symbol", "strategy", "exit_reason")
TRIP_NUMBERS = ("pnl_pct", "mae_pct", "mfe_pct")


def build_report(run: BacktestRun) -> Json:
    """The report document of *run*, ready for `dumps`, `validate` and `render_html`."""
    trades = [trade(fill) for fill in run.fills]
    bars = _bars_of_the_run(run)
    held = buy_and_hold(bars, run.times)
    return {
        "schema_version": SCHEMA_VERSION,
        "metadata": plain(run.metadata),
        "summary": _summary(run, held),
        "trades": trades,
        "round_trips": [_round_trip(trip) for trip in run.round_trips],
        "equity": _equity(run),
        "monthly_returns_pct": _monthly_returns(run),
        "exposure": _exposure(run.exposure),
        "rejections": rejection_document(run.rejections),
        "bars": candle_documents(bars),
        "benchmark": {
            "symbol": run.benchmark_symbol,
            "btc": benchmark_document(_btc_growth(run, bars), run.times),
            "buy_and_hold": benchmark_document(held, run.times),
        },
        "sampling": _sampling(run),
        "fingerprint": fingerprint(trades),
    }


def _summary(run: BacktestRun, held: FloatArray) -> Json:
    cash = float(run.metadata["starting_cash_usd"])
    final = float(run.nlv[-1]) if len(run.nlv) else cash
    returns = metrics.daily_returns(run.times, run.nlv)
    drawdown, growth = metrics.max_drawdown_pct(run.nlv), metrics.cagr_pct(run.times, run.nlv)
    pnl_usd = [float(trip["pnl_usd"]) for trip in run.round_trips]
    figures: dict[str, float | None] = {
        "win_rate_pct": metrics.win_rate_pct(pnl_usd),
        "total_pnl_usd": final - cash,
        "total_pnl_pct": (final / cash - 1.0) * 100.0 if cash > 0 else None,
        "max_drawdown_pct": drawdown,
        "profit_factor": metrics.profit_factor(pnl_usd),
        "sharpe": metrics.sharpe(returns),
        "sortino": metrics.sortino(returns),
        "calmar": metrics.calmar(growth, drawdown),
        "cagr_pct": growth,
        "volatility_pct": metrics.volatility_pct(returns),
        "exposure_avg_pct": metrics.exposure_avg_pct(run.nlv, run.cash),
        "turnover": metrics.turnover([float(fill["notional_usd"]) for fill in run.fills], run.nlv),
        "fees_usd": float(run.fees_usd),
        "slippage_usd": float(run.slippage_usd),
        "final_nlv_usd": final,
        "buy_and_hold_pct": (float(held[-1]) - 1.0) * 100.0 if len(held) else None,
    }
    counts = {"total_trades": len(run.round_trips), "bars": run.bar_count, "decisions": run.decisions}
    return {name: number(value) for name, value in figures.items()} | counts


def trade(fill: Mapping[str, Any]) -> Json:
    """One entry of `trades`, over which the fingerprint is taken."""
    texts = {key: str(fill[key]) for key in FILL_TEXTS}
    return {"time": time_text(fill["time"])} | texts | {key: decimal_text(fill[key]) for key in FILL_AMOUNTS}


def _round_trip(trip: Mapping[str, Any]) -> Json:
    return (
        {key: time_text(trip[key]) for key in ("entry_time", "exit_time")}
        | {key: str(trip[key]) for key in TRIP_TEXTS}
        | {key: decimal_text(trip[key]) for key in TRIP_AMOUNTS}
        | {key: number(trip[key]) for key in TRIP_NUMBERS}
    )


def _equity(run: BacktestRun) -> list[Json]:
    drawdown = metrics.drawdown_pct(run.nlv)
    always = [0, -1]
    if len(drawdown):
        trough = int(drawdown.argmin())
        always += [trough, int(run.nlv[: trough + 1].argmax())]
    kept = kept_points(run.nlv, always=always)
    columns = (times_text(run.times[kept]), numbers(run.nlv[kept]), numbers(run.cash[kept]), numbers(drawdown[kept]))
    names = ("time", "nlv_usd", "cash_usd", "drawdown_pct")
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _monthly_returns(run: BacktestRun) -> list[Json]:
    months = metrics.monthly_returns_pct(run.times, run.nlv)
    return [{"month": month, "return_pct": number(value, 4)} for month, value in months]


def _exposure(trace: ExposureTrace) -> Json:
    finest = trace.by_asset or trace.by_theme or trace.by_strategy
    total = np.sum([finest[name] for name in sorted(finest)], axis=0) if finest else np.empty(0)
    kept = highest_points(total)

    def one(values: FloatArray, cap: float | None) -> Json:
        return {
            "cap_pct": number(cap),
            "average_pct": number(float(values.mean()), 4) if len(values) else None,
            "peak_pct": number(float(values.max()), 4) if len(values) else None,
            "pct": numbers(values[kept], 3),
        }

    def group(series: Series, caps: Caps) -> Json:
        return {name: one(series[name], caps.get(name)) for name in sorted(series)}

    return {
        "time": times_text(trace.times[kept]),
        "by_asset": group(trace.by_asset, trace.asset_caps_pct),
        "by_theme": group(trace.by_theme, trace.theme_caps_pct),
        "by_strategy": group(trace.by_strategy, trace.strategy_caps_pct),
        "total": one(total, trace.total_cap_pct),
    }


def _bars_of_the_run(run: BacktestRun) -> dict[str, Bars]:
    start, end = (epoch_seconds(time_text(run.metadata[key])) for key in ("start", "end"))
    return {symbol: within(run.bars[symbol], start, end) for symbol in sorted(run.bars)}


def _btc_growth(run: BacktestRun, bars: Mapping[str, Bars]) -> FloatArray:
    if run.benchmark_close is not None:
        return from_first_known(run.benchmark_close)
    if run.benchmark_symbol in bars:
        return buy_and_hold({run.benchmark_symbol: bars[run.benchmark_symbol]}, run.times)
    return np.full(len(run.times), np.nan)


def _sampling(run: BacktestRun) -> Json:
    return {
        "max_points_per_trace": MAX_POINTS,
        "instants": len(run.times),
        "equity": "first, last, lowest and highest NLV of equal runs, and the deepest drawdown with its peak",
        "benchmark": "first, last, lowest and highest of equal runs",
        "exposure": "the instant of the highest total of equal runs; averages and peaks are of all instants",
        "bars": "candles merged over whole multiples of the granularity, see candle_seconds",
        "max_rejection_events": MAX_EVENTS,
        "rejection_events": "beyond the maximum: rare reasons whole, common ones spread evenly over the run",
    }
