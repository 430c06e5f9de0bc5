"""
What was at stake, what it was allowed to be, what it cost, and what was refused.

Each figure is a plain Plotly specification with named colours, a function of
the report document alone.
"""

from __future__ import annotations

from trader.reporting.canonical import Json
from trader.reporting.figures_performance import Figure, escaped, line
from trader.reporting.palette import series_colour

BAR_PX = 26


def exposure_over_time(report: Json) -> Figure:
    """Exposure by theme, stacked, under the total cap."""
    exposure = report["exposure"]
    time = exposure["time"]
    traces = []
    for index, (theme, trace) in enumerate(sorted(exposure["by_theme"].items())):
        area = line(escaped(theme), time, trace["pct"], series_colour(index), width=0.6, shape="hv")
        traces.append(area | {"stackgroup": "themes", "hovertemplate": "%{y:.2f} %"})
    cap = exposure["total"]["cap_pct"]
    if cap is not None and time:
        limit = line("total cap", [time[0], time[-1]], [cap, cap], "@cap", width=1.4, dash="dash")
        traces.append(limit | {"hovertemplate": "%{y:.2f} %"})
    layout = {"yaxis": {"ticksuffix": " %", "rangemode": "tozero"}, "hovermode": "x unified"}
    return {"data": traces, "layout": layout}


def exposure_against_caps(report: Json, group: str) -> Figure:
    """Of each asset, theme or strategy (*group*): average and peak exposure, and the cap as a mark."""
    traces: dict[str, Json] = report["exposure"][group]
    names = sorted(traces, key=lambda name: (traces[name]["peak_pct"] or 0, name))
    capped = [name for name in names if traces[name]["cap_pct"] is not None]

    def bars(label: str, key: str, colour: str, width: float) -> Json:
        values = [traces[name][key] for name in names]
        shape = {"type": "bar", "orientation": "h", "width": width, "marker": {"color": colour}}
        hover = f"{label} %{{x:.2f}} %<extra>%{{y}}</extra>"
        return shape | {"name": label, "x": values, "y": [escaped(name) for name in names], "hovertemplate": hover}

    cap = {
        "type": "scatter",
        "mode": "markers",
        "name": "cap",
        "x": [traces[name]["cap_pct"] for name in capped],
        "y": [escaped(name) for name in capped],
        "marker": {"symbol": "line-ns-open", "size": 17, "color": "@cap", "line": {"width": 2, "color": "@cap"}},
        "hovertemplate": "cap %{x:.2f} %<extra>%{y}</extra>",
    }
    data = [bars("peak", "peak_pct", "@nlv-soft", 0.62), bars("average", "average_pct", "@nlv", 0.3)]
    return {"data": [*data, cap] if capped else data, "layout": _lying(len(names), suffix=" %")}


def costs(report: Json) -> Figure:
    """From the result before costs to the result: a waterfall of fees and slippage."""
    summary = report["summary"]
    net, fees, slippage = summary["total_pnl_usd"], summary["fees_usd"], summary["slippage_usd"]
    steps = [net + fees + slippage, -fees, -slippage, net]
    waterfall = {
        "type": "waterfall",
        "x": ["before costs", "fees", "slippage", "result"],
        "measure": ["absolute", "relative", "relative", "total"],
        "y": [round(step, 2) for step in steps],
        "text": [f"{'−' if step < 0 else ''}${abs(step):,.2f}" for step in steps],
        "textposition": "outside",
        "cliponaxis": False,
        "connector": {"line": {"color": "@rule", "width": 1}},
        "increasing": {"marker": {"color": "@gain"}},
        "decreasing": {"marker": {"color": "@loss"}},
        "totals": {"marker": {"color": "@nlv"}},
        "hovertemplate": "%{x}: %{text}<extra></extra>",
        "showlegend": False,
    }
    axis = {"tickformat": "$,.0f", "zeroline": True}
    return {"data": [waterfall], "layout": {"xaxis": {"type": "category"}, "yaxis": axis}}


def refusals_by_reason(report: Json) -> Figure:
    """How often each rule objected, the most frequent on top."""
    by_reason: dict[str, int] = report["rejections"]["by_reason"]
    reasons = sorted(by_reason, key=lambda reason: (by_reason[reason], reason))
    return _refusals(reasons, [("refusals", by_reason, "@refused")])


def refusals_side_by_side(reports: list[tuple[str, Json]]) -> Figure:
    """How often each rule objected, in several reports."""
    counts = [(name, report["rejections"]["by_reason"]) for name, report in reports]
    reasons = sorted({reason for _, by_reason in counts for reason in by_reason}, reverse=True)
    return _refusals(reasons, [(name, by_reason, series_colour(i)) for i, (name, by_reason) in enumerate(counts)])


def _refusals(reasons: list[str], groups: list[tuple[str, dict[str, int], str]]) -> Figure:
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": escaped(name),
            "x": [by_reason.get(reason, 0) for reason in reasons],
            "y": [escaped(reason) for reason in reasons],
            "text": [f"{by_reason.get(reason, 0):,}" for reason in reasons],
            "textposition": "outside",
            "cliponaxis": False,
            "marker": {"color": colour},
            "hovertemplate": "%{y}: %{x:,}<extra></extra>",
            "showlegend": len(groups) > 1,
        }
        for name, by_reason, colour in groups
    ]
    longest = max((count for _, by_reason, _ in groups for count in by_reason.values()), default=0)
    room = {"xaxis": {"type": "linear", "range": [0, longest * 1.14]}, "bargap": 0.35}
    return {"data": traces, "layout": _lying(len(reasons) * len(groups)) | room}


def _lying(rows: int, suffix: str = "") -> Json:
    return {
        "height": 74 + BAR_PX * max(1, rows),
        "barmode": "group" if not suffix else "overlay",
        "xaxis": {"type": "linear", "ticksuffix": suffix, "rangemode": "tozero"},
        "yaxis": {"type": "category", "automargin": True, "showgrid": False, "dtick": 1},
        "hovermode": "closest",
    }
