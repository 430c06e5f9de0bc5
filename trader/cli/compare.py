"""`trader compare`: the regression gate between a baseline and a report."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated

import typer

from trader.backtest.compare import MIN_ROUND_TRIPS, Change, Comparison, compare, read_baseline
from trader.cli.options import DEFAULT_CONFIG_DIR, AsJson, ConfigDir
from trader.errors import TraderError
from trader.reporting import wording as w
from trader.reporting.store import read_report

HEAD = ("measure", "baseline", "now", "difference", "")
LABELS = {
    "total_pnl_usd": "total PnL",
    "max_drawdown_pct": "max drawdown",
    "total_trades": "round trips",
    "win_rate_pct": "win rate",
    "profit_factor": "profit factor",
}


def command(
    baseline: Annotated[Path, typer.Argument(metavar="BASELINE", help="A committed baseline, or a report.json.")],
    report: Annotated[Path, typer.Argument(metavar="REPORT", help="The report.json to judge, or its folder.")],
    tolerance_pct: Annotated[
        float, typer.Option(help="How far a measure may move, in % of the baseline's value.")
    ] = 2.0,
    min_round_trips: Annotated[int, typer.Option(min=1, help="A baseline with fewer is an error.")] = MIN_ROUND_TRIPS,
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
    as_json: AsJson = False,
) -> None:
    """
    Hold a report against a baseline: exit 0 all within tolerance, 1 something moved, 2 there is nothing to compare.

    Example: trader compare reports/baseline/baseline.json reports/backtests/demo/report.json --tolerance-pct 2
    """
    if not math.isfinite(tolerance_pct) or tolerance_pct < 0:
        raise TraderError(f"--tolerance-pct: {tolerance_pct} is not a percentage; 0 or more is, 2 is usual")
    comparison = compare(read_baseline(baseline, min_round_trips), read_report(report), tolerance_pct)
    if as_json:
        typer.echo(json.dumps(comparison.as_document(), sort_keys=True))
    else:
        typer.echo(as_text(comparison))
    if not comparison.passed:
        raise typer.Exit(1)


def as_text(comparison: Comparison) -> str:
    """The table and the verdict."""
    rows = [HEAD, *map(_row, comparison.changes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:4], widths[1:4], strict=True)),
                row[4],
            ]
        ).rstrip()
        for row in rows
    ]
    lines += [f"silent: {rule} refused in the baseline and no more" for rule in comparison.silent_rules]
    if comparison.different_inputs:
        lines.append(f"not the same in both: {', '.join(comparison.different_inputs)}")
    verdict = "pass" if comparison.passed else "FAIL"
    fills = "every fill is equal" if comparison.same_fills else "the fills differ"
    return "\n".join([*lines, f"{verdict}: tolerance ± {comparison.tolerance_pct:g} %; {fills}"])


def _row(change: Change) -> tuple[str, ...]:
    difference = "" if change.difference_pct is None else f"{change.difference_pct:+.2f} %".replace("-", "−")
    shown = (w.plain_number(change.baseline), w.plain_number(change.now))
    return (LABELS[change.measure], *shown, difference, "ok" if change.passed else "MOVED")
