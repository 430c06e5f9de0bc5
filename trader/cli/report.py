"""`trader report`: the page of one report, or of several side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from trader.cli.options import DEFAULT_CONFIG_DIR, AsJson, ConfigDir
from trader.errors import TraderError
from trader.reporting.canonical import Json
from trader.reporting.html import render_comparison, render_html
from trader.reporting.store import read_report, write_whole


def command(
    reports: Annotated[list[Path], typer.Argument(metavar="REPORT...", help="One report.json or more, or folders.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Default: report.html (of several: comparison.html) beside the first."),
    ] = None,
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
    as_json: AsJson = False,
) -> None:
    """
    Draw the HTML page of a report; of several, one page that lays them side by side, the first as the measure.

    Example: trader report reports/backtests/a/report.json reports/backtests/b/report.json --out both.html
    """
    named = list(zip(names(reports), map(read_report, reports), strict=True))
    target = out or _folder(reports[0]) / ("report.html" if len(named) == 1 else "comparison.html")
    if target.is_dir():
        raise TraderError(f"--out {target}: is a folder; name the file, for example {target / 'report.html'}")
    page = write_whole(target, _page(named))
    if as_json:
        typer.echo(json.dumps({"html": str(page), "bytes": page.stat().st_size, "reports": [str(r) for r in reports]}))
    else:
        typer.echo(f"{page} ({page.stat().st_size / 1e6:.1f} MB)")


def names(reports: list[Path]) -> list[str]:
    """What to call each report: its folder, or its file where that tells more; numbered where two are alike."""
    plain = [path.stem if path.suffix and path.stem != "report" else _folder(path).resolve().name for path in reports]
    return [f"{name} ({place})" if plain.count(name) > 1 else name for place, name in enumerate(plain, start=1)]


def _page(named: list[tuple[str, Json]]) -> bytes:
    return render_html(named[0][1]) if len(named) == 1 else render_comparison(named)


def _folder(report: Path) -> Path:
    return report if report.is_dir() else report.parent
