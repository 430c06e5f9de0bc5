"""`trader backtest`: history through the decision path of live, and a report of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer

from trader.cli.options import DEFAULT_CONFIG_DIR, AsJson, ConfigDir, aside
from trader.errors import TraderError

SYMBOLS_SHOWN = 6


class BadOption(TraderError):
    """An option's value cannot be read."""


Data = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="A lake, like var/lake; default TRADER_DATA, else the built-in market."),
]
Start = Annotated[str | None, typer.Option(metavar="T", help="First day, 00:00 UTC, like 2025-01-31.")]
End = Annotated[str | None, typer.Option(metavar="T", help="Day after the last, 00:00 UTC.")]
Granularity = Annotated[str | None, typer.Option(metavar="G", help="1m 5m 15m 30m 1h 2h 4h 6h 1d.")]
Symbols = Annotated[str | None, typer.Option(metavar="A,B", help="Symbols to trade; default all there are.")]
Segments = Annotated[str | None, typer.Option(metavar="a,b", help="Segments of grade B in the lake to use as well.")]
Strategies = Annotated[str | None, typer.Option(metavar="a,b", help="Strategies to run, enabled or not.")]
StrategiesDir = Annotated[Path, typer.Option(metavar="DIR", help="Folder of the strategy files.")]
Cash = Annotated[str | None, typer.Option(metavar="USD", help="Starting cash; default that of app.yaml.")]
Seed = Annotated[int | None, typer.Option(metavar="N", help="Seed of the built-in market and of strategies.")]
Overrides = Annotated[list[str] | None, typer.Option("--set", metavar="FILE.KEY=VALUE", help="Override one key.")]


def command(
    data: Data = None,
    start: Start = None,
    end: End = None,
    granularity: Granularity = None,
    symbols: Symbols = None,
    segments: Segments = None,
    strategies: Strategies = None,
    strategies_dir: StrategiesDir = Path("strategies"),
    cash: Cash = None,
    seed: Seed = None,
    overrides: Overrides = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where the report goes.")] = None,
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
    as_json: AsJson = False,
) -> None:
    """
    Run strategies over history with the risk, sizing and fills of live; write report.json and report.html.

    Example: trader backtest --strategies sma_cross --start 2025-01-01 --end 2025-02-01
    """
    from trader.app import Asked, backtest_job, data_folder
    from trader.backtest.run import backtest
    from trader.market.choose import Wanted
    from trader.reporting.document import build_report
    from trader.reporting.html import render_html
    from trader.reporting.store import write_report, write_whole

    asked = Asked(config_dir, overrides or (), names(strategies), strategies_dir)
    span = day(start, "--start"), day(end, "--end")
    wanted = Wanted(data_folder(data), symbols_in(symbols), granularity, *span, segments=names(segments) or ())
    folder = out or Path("reports/backtests") / "+".join(names(strategies) or ("enabled",))
    with aside():
        job = backtest_job(asked, wanted, money(cash), seed)
        report = build_report(backtest(job))
    page = render_html(report)
    write_whole(folder / "report.html", page)  # the larger file first: where it does not fit, nothing is left behind
    write_report(folder, report)
    say(folder, report, as_json)
    if report["metadata"]["failures"]:
        raise typer.Exit(1)


def names(given: str | None) -> tuple[str, ...] | None:
    """`A,B` as names; None where nothing was given."""
    if given is None:
        return None
    return tuple(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))


def symbols_in(given: str | None) -> tuple[str, ...] | None:
    """`A,B` of `--symbols`; None where it was not given, and an error where it names nothing: that is not "all"."""
    found = names(given)
    if found == ():
        raise BadOption("--symbols: names none; write it like BTC-USD,ETH-USD, or leave it out for all there are")
    return found


def day(given: str | None, option: str) -> datetime | None:
    """`2025-01-31` (00:00) or `2025-01-31T12:00` as UTC."""
    if given is None:
        return None
    try:
        time = datetime.fromisoformat(given)
    except ValueError as error:
        raise BadOption(f"{option} {given}: not a date; write it like 2025-01-31, or 2025-01-31T12:00 (UTC)") from error
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def money(given: str | None) -> Decimal | None:
    """`--cash` as an exact positive amount."""
    if given is None:
        return None
    try:
        amount = Decimal(given.replace("_", "").replace(",", ""))
    except InvalidOperation as error:
        raise BadOption(f"--cash {given}: not an amount of USD, like 10000") from error
    if not amount.is_finite() or not 0 < amount <= 1_000_000_000:
        raise BadOption(f"--cash {given}: must be above 0 and at most 1000000000 USD")
    return amount


def say(folder: Path, report: dict[str, Any], as_json: bool) -> None:
    """Whose bars they were, the headline figures, and where the report is."""
    summary, metadata = report["summary"], report["metadata"]
    if as_json:
        paths = {"report": str(folder / "report.json"), "html": str(folder / "report.html")}
        found = {**paths, "data_source": metadata["data_source"], "summary": summary}
        typer.echo(json.dumps({**found, "fingerprint": report["fingerprint"]}, sort_keys=True))
        return
    for warning in metadata.get("warnings", []):
        typer.echo(f"note: {warning}", err=True)
    typer.echo(_bars(metadata))
    typer.echo(
        f"{summary['total_trades']} round trips over {summary['bars']} bars: "
        f"{summary['total_pnl_usd']:+,.2f} USD ({summary['total_pnl_pct']:+.2f} %), "
        f"deepest drawdown {summary['max_drawdown_pct'] or 0:.2f} %, fees {summary['fees_usd']:,.2f} USD"
    )
    refused = sorted(report["rejections"]["by_reason"].items(), key=lambda item: -item[1])
    typer.echo("refused or trimmed: " + (", ".join(f"{reason} {count}" for reason, count in refused) or "nothing"))
    typer.echo(f"report: {folder / 'report.html'}")


def _bars(metadata: dict[str, Any]) -> str:
    symbols = metadata["symbols"]
    which = ", ".join(symbols) if len(symbols) <= SYMBOLS_SHOWN else f"{len(symbols)} symbols"
    span = f"{metadata['start'][:10]} to {metadata['end'][:10]}"
    return f"on {metadata['data_source']}: {metadata['granularity']} bars of {which}, {span}"
