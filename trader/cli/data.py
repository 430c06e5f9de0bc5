"""
`trader data`: bring bars in, say what there is, and prove that it is sound.

Exit codes: 0 done or sound, 1 a file of the lake is bad, 2 wrong usage or data, 5 the exchange does not answer.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trader.cli.options import DEFAULT_CONFIG_DIR, AsJson, ConfigDir

if TYPE_CHECKING:
    from trader.market.lake_verify import FileReport

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Bars in, out and proved sound: the Parquet lake.")

DEFAULT_LAKE = Path("var/lake")

DataDir = Annotated[
    Path, typer.Option("--data", metavar="DIR", envvar="TRADER_DATA", help="Folder of the lake.", show_envvar=True)
]
Symbols = Annotated[str | None, typer.Option("--symbols", metavar="A,B", help="Only these symbols.")]


@app.command("list", epilog="Example: trader data list --data ../shared/data/candles --symbols BTC-USD")
def list_command(
    data: DataDir = DEFAULT_LAKE,
    symbols: Symbols = None,
    as_json: AsJson = False,
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
) -> None:
    """What the lake has: a line for each file, with its gaps."""
    reports = _reports(data, symbols)
    if as_json:
        print(_document(data, reports))
        return
    for line in _lines(reports):
        print(line)


@app.command(epilog="Example: trader data verify --data var/lake")
def verify(
    data: DataDir = DEFAULT_LAKE,
    symbols: Symbols = None,
    as_json: AsJson = False,
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
) -> None:
    """Gaps, order, duplicates, alignment and OHLC sanity of every file; exit 1 when one is bad."""
    reports = _reports(data, symbols)
    bad = [report for report in reports if report.problems]
    if as_json:
        print(_document(data, reports))
    else:
        for report in bad:
            for problem in report.problems:
                print(f"{report.file.name}: {problem}")
        gaps = sum(report.gaps.missing for report in reports if report.gaps)
        print(f"{len(reports)} files, {len(bad)} bad; {gaps:,} missing bars (nobody traded, or an outage)")
    if bad:
        raise typer.Exit(1)


@app.command("import", epilog="Example: trader data import BTC-USD_1h.csv --data var/lake")
def import_command(
    sources: Annotated[list[Path], typer.Argument(metavar="FILE…", help="CSV or Parquet files of bars.")],
    data: DataDir = DEFAULT_LAKE,
    symbol: Annotated[str, typer.Option(help="Where the file's name does not say it, like BTC-USD.")] = "",
    granularity: Annotated[str, typer.Option(help="Where the file's name does not say it, like 1h.")] = "",
    segment: Annotated[str, typer.Option(help="Put the bars in a file of their own under this name.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="New bars win over different ones in the lake.")] = False,
    as_json: AsJson = False,
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
) -> None:
    """Merge bars into the lake; a bad source is refused and changes nothing."""
    from dataclasses import asdict

    from trader.market.lake_import import import_bars

    rows = []
    for source in sources:
        done = import_bars(
            source, data, symbol=symbol or None, granularity=granularity or None, segment=segment, replace=replace
        )
        rows.append(asdict(done))
        if not as_json:
            print(f"{done.file}: {done.read:,} bars read, {done.added:,} added, {done.rows:,} in the lake")
    if as_json:
        print(json.dumps({"lake": str(data), "imported": rows}, indent=2, sort_keys=True))


@app.command(epilog="Example: trader data download --symbols BTC-USD,ETH-USD --granularity 1m --start 2025-01-01")
def download(
    symbols: Annotated[str, typer.Option("--symbols", metavar="A,B", help="Products to download.")],
    start: Annotated[str, typer.Option(metavar="T", help="First day, 00:00 UTC, like 2025-01-31, or an instant.")],
    end: Annotated[str | None, typer.Option(metavar="T", help="The bar to end before; default now.")] = None,
    granularity: Annotated[str, typer.Option(metavar="G", help="1m 5m 15m 30m 1h 2h 4h 6h 1d.")] = "1m",
    data: DataDir = DEFAULT_LAKE,
    host: Annotated[str, typer.Option(metavar="HOST", help="Where the API is, like the simulator's.")] = "",
    ca_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Trust these certificates alone.")] = None,
    as_json: AsJson = False,
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
) -> None:
    """Coinbase's public candles into the lake; again, it goes on where it was.  Needs no key.  5: no answer."""
    from dataclasses import asdict

    from trader.cli.backtest import day, names
    from trader.cli.progress import watching
    from trader.coinbase.trust import REST_HOST
    from trader.market.coinbase_rest import PublicRest
    from trader.market.download import download as fetch

    since = day(start, "--start")
    assert since is not None, "--start is required"
    rest = PublicRest.at(host or REST_HOST, ca_file)
    try:
        with watching(quiet=as_json) as watcher:
            done = fetch(rest, data, names(symbols) or (), granularity, since, day(end, "--end"), watcher)
    finally:
        rest.close()
    if as_json:
        print(json.dumps({"lake": str(data), "downloaded": [asdict(row) for row in done]}, default=_iso, indent=2))


def _iso(time: datetime) -> str:
    return time.isoformat()


def _reports(data: Path, symbols: str | None) -> list[FileReport]:
    from trader.cli.backtest import symbols_in
    from trader.market.history import Lake, NoBars
    from trader.market.lake_files import no_bars_here
    from trader.market.lake_verify import inspect
    from trader.market.symbols import unknown_symbol

    lake = Lake(data)
    wanted = symbols_in(symbols) or ()
    if not lake.files:
        raise NoBars(no_bars_here(data))
    for name in wanted:
        if name not in lake.symbols():
            raise unknown_symbol(name, lake.symbols(), str(data))
    return inspect(lake, wanted)


def _row(report: FileReport) -> dict[str, Any]:
    file, gaps = report.file, report.gaps
    return {
        "file": file.name,
        "symbol": file.symbol,
        "granularity": file.granularity,
        "segment": file.segment or None,
        "grade": file.grade,
        "rows": report.rows,
        "first": report.first.isoformat() if report.first else None,
        "last": report.last.isoformat() if report.last else None,
        "missing_bars": gaps.missing if gaps else None,
        "gap_runs": gaps.runs if gaps else None,
        "largest_gap_bars": gaps.largest if gaps else None,
        "problems": list(report.problems),
    }


def _document(data: Path, reports: list[FileReport]) -> str:
    bad = sum(1 for report in reports if report.problems)
    rows = [_row(report) for report in reports]
    return json.dumps({"lake": str(data), "files": rows, "bad_files": bad}, indent=2, sort_keys=True)


def _lines(reports: list[FileReport]) -> list[str]:
    lines = [f"{'file':<34} {'grade':<5} {'bars':>9}  {'first':<17} {'last':<17} {'missing':>8} (runs, largest)"]
    for report in reports:
        if report.problems or report.gaps is None or report.first is None or report.last is None:
            lines.append(f"{report.file.name:<34} bad: {'; '.join(report.problems)}")
            continue
        gaps = report.gaps
        lines.append(
            f"{report.file.name:<34} {report.file.grade:<5} {report.rows:>9,}  {report.first:%Y-%m-%dT%H:%MZ} "
            f"{report.last:%Y-%m-%dT%H:%MZ} {gaps.missing:>8,} ({gaps.runs:,}, {gaps.largest:,})"
        )
    return lines
