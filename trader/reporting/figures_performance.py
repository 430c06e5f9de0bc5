"""
How the money went: NLV, the market beside it, the falls, and what each round trip made.

Each figure is a plain Plotly specification with named colours, a function of
the report document alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from trader.reporting.canonical import Json
from trader.reporting.palette import series_colour

Figure = dict[str, Any]


def line(name: str, x: list[Any], y: list[Any], colour: str, **more: Any) -> Json:
    """One line trace; *more* overrides."""
    style = {"color": colour, "width": 1.8} | {key: more.pop(key) for key in ("width", "dash", "shape") if key in more}
    return {"type": "scatter", "mode": "lines", "name": name, "x": x, "y": y, "line": style} | more


def column(rows: Sequence[Json], key: str) -> list[Any]:
    """One key of every row."""
    return [row[key] for row in rows]


def escaped(text: str) -> str:
    """*text* with nothing Plotly would take for its own markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def equity(report: Json) -> Figure:
    """NLV and cash in USD."""
    rows = report["equity"]
    time = column(rows, "time")
    cash = line("cash", time, column(rows, "cash_usd"), "@hold", width=1, dash="dot", visible="legendonly")
    nlv = line("NLV", time, column(rows, "nlv_usd"), "@nlv", hovertemplate="%{y:$,.2f}")
    layout = {"yaxis": {"tickformat": "$,.0f"}, "hovermode": "x unified"}
    return {"data": [nlv, cash | {"hovertemplate": "%{y:$,.2f}"}], "layout": layout}


def against_market(report: Json) -> Figure:
    """Return in % since the start: the run, BTC, and an equal share of everything bought and held."""
    benchmark = report["benchmark"]
    traces = [line("this run", *_returns(report), "@nlv", width=2.2)]
    for key, name, colour in (("btc", escaped(benchmark["symbol"]), "@btc"), ("buy_and_hold", "buy and hold", "@hold")):
        yardstick = benchmark[key]
        if yardstick["time"]:
            traces.append(line(name, yardstick["time"], yardstick["return_pct"], colour, width=1.3))
    return {"data": [trace | _PCT_HOVER for trace in traces], "layout": _PCT_LAYOUT}


def returns_side_by_side(reports: Sequence[tuple[str, Json]]) -> Figure:
    """Return in % since the start of several reports."""
    traces = [
        line(escaped(name), *_returns(report), series_colour(index), width=2) | _PCT_HOVER
        for index, (name, report) in enumerate(reports)
    ]
    return {"data": traces, "layout": _PCT_LAYOUT}


def drawdown(report: Json) -> Figure:
    """How far NLV is below its highest so far."""
    rows = report["equity"]
    area = line("drawdown", column(rows, "time"), column(rows, "drawdown_pct"), "@loss", width=1.2)
    area |= {"fill": "tozeroy", "fillcolor": "@loss-soft", "showlegend": False} | _PCT_HOVER
    return {"data": [area], "layout": _PCT_LAYOUT | {"height": 240}}


def drawdowns_side_by_side(reports: Sequence[tuple[str, Json]]) -> Figure:
    """Drawdown in % of several reports."""
    traces = [
        line(escaped(name), column(rows, "time"), column(rows, "drawdown_pct"), series_colour(index)) | _PCT_HOVER
        for index, (name, rows) in enumerate((name, report["equity"]) for name, report in reports)
    ]
    return {"data": traces, "layout": _PCT_LAYOUT}


def round_trip_returns(report: Json) -> Figure:
    """How the round trips are spread by their return, winners and losers apart."""
    pnl = [trip["pnl_pct"] for trip in report["round_trips"] if trip["pnl_pct"] is not None]
    width = bin_width(pnl)
    edge = math.floor(min(pnl, default=0.0) / width) * width
    bins = {"start": edge, "end": max(pnl, default=0.0) + width, "size": width}
    lost, won = [value for value in pnl if value < 0], [value for value in pnl if value >= 0]
    traces = [
        {
            "type": "histogram",
            "name": name,
            "x": values,
            "xbins": bins,
            "autobinx": False,
            "marker": {"color": colour, "line": {"color": "@panel", "width": 1}},
            "hovertemplate": "%{x} %: %{y}<extra></extra>",
        }
        for name, colour, values in (("losing", "@loss", lost), ("winning", "@gain", won))
        if values
    ]
    axes = {"xaxis": {"ticksuffix": " %", "zeroline": True, "type": "linear"}, "yaxis": {"rangemode": "tozero"}}
    return {"data": traces, "layout": axes | {"barmode": "overlay"}}


def bin_width(values: Sequence[float]) -> float:
    """A round width (1, 2 or 5 × 10ⁿ) that cuts the range of *values* into at most 30 bins."""
    if not values:
        return 1.0
    wanted = max((max(values) - min(values)) / 30, 1e-3)
    return next(step * 10.0**power for power in range(-3, 6) for step in (1, 2, 5) if step * 10.0**power >= wanted)


def _returns(report: Json) -> tuple[list[str], list[float]]:
    rows = report["equity"]
    cash = report["metadata"]["starting_cash_usd"]
    return column(rows, "time"), [round((row["nlv_usd"] / cash - 1) * 100, 4) for row in rows]


_PCT_HOVER: Json = {"hovertemplate": "%{y:.2f} %"}
_PCT_LAYOUT: Json = {"yaxis": {"ticksuffix": " %", "zeroline": True}, "hovermode": "x unified"}
