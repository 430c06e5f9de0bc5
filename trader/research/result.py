"""
A finished backtest that knows how to show itself.

Everything shown comes from the report document, which `save` writes as it is.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trader.config.home import home
from trader.errors import TraderError
from trader.gateway.shown import Shown, Table, columns, text
from trader.reporting import tables
from trader.reporting import wording as w
from trader.reporting.canonical import Json

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

CONTRACT = ("total_trades", "total_pnl_usd", "total_pnl_pct", "max_drawdown_pct", "win_rate_pct", "fees_usd", "bars")


class NoSuchFigure(TraderError):
    """The report has no figure of this name."""


class BacktestResult:
    """The report of one backtest: `summary`, `figure`, `tearsheet`, `objections`, `answer`, `save`."""

    def __init__(self, report: Json) -> None:
        self.report = report

    @property
    def summary(self) -> dict[str, Any]:
        """The headline figures by name, as in `report.json`."""
        return dict(self.report["summary"])

    @property
    def figures(self) -> tuple[str, ...]:
        """The names `figure` knows."""
        from trader.reporting.figures import figure_specs

        return tuple(figure_specs(self.report))

    def figure(self, name: str = "equity") -> Figure:
        """One figure of the report, for the notebook to draw."""
        import plotly.io

        from trader.reporting.figures import figure

        if name not in self.figures:
            raise NoSuchFigure(f"there is no figure {name!r}; there are {', '.join(self.figures)}")
        plotly.io.renderers.default = "plotly_mimetype"
        return figure(self.report, name)

    def tearsheet(self) -> Shown:
        """Every headline figure with what it means, and what each strategy and symbol brought."""
        figures = tables.summary_figures(self.report).values()
        rows = [(text(one.label), text(one.printed, one.tone), text(one.meaning, "quiet")) for one in figures]
        by = (self._brought(key, heading) for key, heading in (("strategy", "By strategy"), ("symbol", "By symbol")))
        return Shown((Table(self._title(), columns("", ">", "~"), rows), *by))

    def _brought(self, key: str, heading: str) -> Table:
        rows = [
            (text(row["name"]), text(row["count"]), text(w.pct(row["win_rate_pct"], digits=0)),
             text(w.usd(row["pnl_usd"], signed=True), w.tone(row["pnl_usd"])), text(w.usd(row["fees_usd"])))
            for row in tables.breakdown(self.report, key)
        ]  # fmt: skip
        heads = columns("", ">Round trips", ">Win rate", ">PnL", ">Fees")
        return Table(heading, heads, rows, "" if rows else "no round trip was closed")

    def objections(self) -> Shown:
        """Why proposals were refused or trimmed."""
        return Shown((self._objections(),))

    def _objections(self) -> Table:
        counts = sorted(self.report["rejections"]["by_reason"].items(), key=lambda item: (-item[1], item[0]))
        rows = [
            (text(w.REASONS.get(reason, reason)), text(f"{count:,}"), text(reason, "quiet")) for reason, count in counts
        ]
        note = "" if rows else "nothing was refused or trimmed"
        return Table("Refused or trimmed", columns("Because", ">Times", ""), rows, note)

    def answer(self) -> str:
        """Was it worth it, in a sentence or two; also when it was not."""
        summary, meta = self.report["summary"], self.report["metadata"]
        made, held = summary["total_pnl_pct"], summary["buy_and_hold_pct"]
        if not summary["total_trades"]:
            return (
                f"No: {', '.join(meta['strategies'])} closed not a single trade; see objections() for what was refused."
            )
        verdict = "No" if made is None or made <= 0 else "Yes, and" if held is None or made > held else "Yes, but"
        drawdown = summary["max_drawdown_pct"] or 0.0
        trips = w.plural(summary["total_trades"], "round trip")
        return (
            f"{verdict}: {', '.join(meta['strategies'])} made {w.pct(made, signed=True)} in {trips}, "
            f"{w.usd(summary['fees_usd'])} of fees paid, with a deepest drawdown of {w.pct(abs(drawdown))}; "
            f"holding the symbols in equal shares made {w.pct(held, signed=True)}. "
            f"One span proves little: compare others before believing it."
        )

    def contract(self) -> str:
        """The headline figures in canonical text, to the cent."""
        kept = {name: self.report["summary"][name] for name in CONTRACT}
        rounded = {name: round(value, 2) if isinstance(value, float) else value for name, value in kept.items()}
        return json.dumps({**rounded, "fills": len(self.report["trades"])}, indent=1, sort_keys=True)

    def save(self, folder: str | Path | None = None) -> Path:
        """Write `report.json` and `report.html` (by default under reports/backtests/); gives the page."""
        from trader.reporting.html import render_html
        from trader.reporting.store import write_report, write_whole

        target = Path(folder) if folder else home() / "reports/backtests" / str(self.report["metadata"]["name"])
        write_report(target, self.report)
        return write_whole(target / "report.html", render_html(self.report))

    def _title(self) -> str:
        meta = self.report["metadata"]
        span = f"{w.day(meta['start'])} to {w.day(meta['end'])}"
        return f"{', '.join(meta['strategies'])} · {meta['granularity']} bars · {span}"

    def __repr__(self) -> str:
        return repr(self.tearsheet())

    def _repr_html_(self) -> str:
        return self.tearsheet()._repr_html_()
