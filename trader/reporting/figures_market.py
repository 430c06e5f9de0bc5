"""
The market and what we did in it: candles, fills and refusals of one symbol.

A plain Plotly specification with named colours, a function of the report
document alone.  A refusal is drawn at the close the decision saw.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from trader.model.market import DAY_SECONDS
from trader.reporting.canonical import Json, epoch_seconds
from trader.reporting.figures_performance import Figure, escaped
from trader.reporting.sampling import MAX_POINTS, evenly

ZOOMS = ((1, "day", 1), (7, "day", 7), (30, "month", 1), (91, "month", 3), (182, "month", 6), (365, "year", 1))


def candles(report: Json, symbol: str) -> Figure:
    """Candles of *symbol* with fills (▲ bought, ▼ sold) and refusals (×)."""
    bars = report["bars"][symbol]
    body: Json = {
        "type": "candlestick",
        "name": escaped(symbol),
        "x": bars["start"],
        **{key: bars[key] for key in ("open", "high", "low", "close")},
        "increasing": {"line": {"color": "@candle-up", "width": 1}, "fillcolor": "@candle-up"},
        "decreasing": {"line": {"color": "@candle-down", "width": 1}, "fillcolor": "@candle-down"},
        "showlegend": False,
    }
    fills = [trade for trade in report["trades"] if trade["symbol"] == symbol]
    traces = [
        body,
        _refusals(report, symbol),
        _fills("bought", "triangle-up", "@gain", [fill for fill in fills if fill["side"] == "BUY"]),
        _fills("sold", "triangle-down", "@loss", [fill for fill in fills if fill["side"] == "SELL"]),
    ]
    x_axis: Json = {"rangeslider": {"visible": False}, "type": "date", "rangeselector": _zooms(bars["start"])}
    layout = {"xaxis": x_axis, "yaxis": {"tickformat": ",~g"}, "hovermode": "closest", "height": 460}
    return {"data": [trace for trace in traces if trace["x"]], "layout": layout}


def _fills(name: str, shape: str, colour: str, fills: list[Json]) -> Json:
    drawn = evenly(fills, MAX_POINTS)
    hover = [
        f"{name} {fill['size']} at {fill['price']}<br>fee ${float(fill['fee_usd']):,.2f} {fill['liquidity'].lower()}"
        f"<br>{escaped(fill['strategy'])}: {escaped(fill['reason'])}"
        for fill in drawn
    ]
    marker = {"symbol": shape, "size": 10, "color": colour, "line": {"color": "@panel", "width": 1}}
    return _marks(name, len(fills), [fill["time"] for fill in drawn], [float(f["price"]) for f in drawn], hover, marker)


def _refusals(report: Json, symbol: str) -> Json:
    bars = report["bars"][symbol]
    ends = [epoch_seconds(start) + bars["candle_seconds"] for start in bars["start"]]
    events = [event for event in report["rejections"]["events"] if event["symbol"] == symbol]
    placed = [(event, bisect_right(ends, epoch_seconds(event["time"])) - 1) for event in evenly(events, MAX_POINTS)]
    seen = [(event, bars["close"][position]) for event, position in placed if position >= 0]
    hover = [
        f"refused: {escaped(event['risk_reason'])}<br>{event['observed']} against {event['limit']}"
        f"<br>{escaped(event['strategy'])}"
        for event, _ in seen
    ]
    marker = {"symbol": "x-thin-open", "size": 7, "color": "@refused", "line": {"color": "@refused", "width": 1.5}}
    times = [event["time"] for event, _ in seen]
    return _marks("refused", len(seen), times, [close for _, close in seen], hover, marker)


def _marks(name: str, count: int, x: list[Any], y: list[Any], hover: list[str], marker: Json) -> Json:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"{name} ({count:,})",
        "x": x,
        "y": y,
        "text": hover,
        "marker": marker,
        "hovertemplate": "%{text}<br>%{x|%Y-%m-%d %H:%M}<extra></extra>",
    }


def _zooms(starts: list[str]) -> Json:
    days = (epoch_seconds(starts[-1]) - epoch_seconds(starts[0])) / DAY_SECONDS if starts else 0
    steps = [(count, step, f"{count}{step[0]}") for span, step, count in ZOOMS if span < days * 0.7][-3:]
    buttons: list[Json] = [
        {"count": count, "step": step, "label": label, "stepmode": "backward"} for count, step, label in steps
    ]
    look = {"bgcolor": "@grid", "activecolor": "@rule", "borderwidth": 0, "font": {"color": "@ink", "size": 11}}
    return {"buttons": [*buttons, {"step": "all", "label": "all"}], "x": 1, "xanchor": "right", "y": 1.01} | look
