"""
Every figure of a report, by name.

`figure_specs` draws them from the report document alone; the page paints them
light or dark.  `figure` gives one as a Plotly figure for a notebook.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trader.reporting.canonical import Json
from trader.reporting.figures_market import candles
from trader.reporting.figures_performance import (
    Figure,
    against_market,
    drawdown,
    drawdowns_side_by_side,
    equity,
    returns_side_by_side,
    round_trip_returns,
)
from trader.reporting.figures_risk import (
    costs,
    exposure_against_caps,
    exposure_over_time,
    refusals_by_reason,
    refusals_side_by_side,
)
from trader.reporting.palette import painted

if TYPE_CHECKING:
    from plotly.graph_objects import Figure as PlotlyFigure

__all__ = ["comparison_specs", "figure", "figure_specs"]

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"
AXIS: Json = {
    "gridcolor": "@grid",
    "linecolor": "@rule",
    "zeroline": False,
    "zerolinecolor": "@rule",
    "tickfont": {"color": "@muted"},
    "title": {"font": {"color": "@muted", "size": 12}},
    "automargin": True,
}
LAYOUT: Json = {
    "height": 340,
    "margin": {"l": 56, "r": 14, "t": 34, "b": 26},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "font": {"family": FONT, "size": 12, "color": "@ink"},
    "legend": {
        "orientation": "h",
        "x": 0,
        "y": 1.01,
        "yanchor": "bottom",
        "traceorder": "normal",
        "font": {"size": 12},
    },
    "hoverlabel": {"bgcolor": "@panel", "bordercolor": "@rule", "font": {"color": "@ink", "family": FONT, "size": 12}},
    "dragmode": "zoom",
    "separators": ".,",
}


def figure_specs(report: Json) -> dict[str, Figure]:
    """Every figure that has something to show, ready to draw; candles are `candles:SYMBOL`."""
    groups = ("by_theme", "by_asset", "by_strategy")
    specs = {
        "equity": equity(report),
        "against_market": against_market(report),
        "drawdown": drawdown(report),
        "round_trip_returns": round_trip_returns(report),
        "exposure_over_time": exposure_over_time(report),
        "costs": costs(report),
        "refusals_by_reason": refusals_by_reason(report),
    }
    specs |= {f"exposure_{group}": exposure_against_caps(report, group) for group in groups}
    specs |= {f"candles:{symbol}": candles(report, symbol) for symbol in sorted(report["bars"])}
    return _dressed(specs)


def comparison_specs(reports: Sequence[tuple[str, Json]]) -> dict[str, Figure]:
    """The figures that lay several named reports over one another."""
    return _dressed(
        {
            "returns_side_by_side": returns_side_by_side(reports),
            "drawdowns_side_by_side": drawdowns_side_by_side(reports),
            "refusals_side_by_side": refusals_side_by_side(list(reports)),
        }
    )


def figure(report: Json, name: str) -> PlotlyFigure:
    """The figure *name* as Plotly knows it, in the light colours."""
    from plotly.graph_objects import Figure as PlotlyFigure

    return PlotlyFigure(painted(figure_specs(report)[name]))


def _dressed(specs: dict[str, Figure]) -> dict[str, Figure]:
    return {name: {"data": spec["data"], "layout": _layout(spec)} for name, spec in specs.items() if _shows(spec)}


def _shows(spec: Figure) -> bool:
    return any(len(trace.get("x", ())) > 0 for trace in spec["data"])


def _layout(spec: Figure) -> Json:
    axes = {"xaxis": AXIS | {"type": "date", "showgrid": False}, "yaxis": AXIS}
    layout = merged(merged(LAYOUT, axes), spec["layout"])
    named = [trace for trace in spec["data"] if trace.get("showlegend", True)]
    return layout if len(named) > 1 else merged(layout, {"showlegend": False, "margin": {"t": 12}})


def merged(base: Json, over: Json) -> Json:
    """*over* laid on *base*, mappings inside one another."""
    result: dict[str, Any] = dict(base)
    for key, value in over.items():
        inner = result.get(key)
        result[key] = merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return result
