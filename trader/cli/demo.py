"""
The whole path on the built-in market, in one command: a backtest, its report, then paper cycles through papermill.

It runs the very verbs a user would type and believes none of them: it looks at what they left behind, and a demo
without a fill, or with a cycle missing, is a failure.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from trader.cli.options import AsJson, ConfigDir
from trader.config import Config, load_config
from trader.errors import TraderError

ACCOUNT = "demo"
BACKTEST_OPTIONS = ("--start", "2025-01-01", "--end", "2025-02-15")
PAPER_OPTIONS = (
    "--mode",
    "paper",
    "--feed",
    "sample",
    "--granularity",
    "1h",
    "--start",
    "2025-01-01",
    "--speed",
    "max",
)

RunVerb = Callable[[list[str]], int]


class DemoFailed(TraderError):
    """A step of the demo did not leave what it should."""

    exit_code = 1


def command(
    cycles: Annotated[int, typer.Option(min=1, max=1000, help="Paper cycles to run.")] = 10,
    config_dir: ConfigDir = Path("config/demo"),
    as_json: AsJson = False,
) -> None:
    """
    Backtest, HTML report and paper cycles on the built-in market; exit 1 when nothing was traded.

    Example: trader demo
    """
    config = load_config(config_dir)
    began = time.monotonic()
    made = play(config, config_dir, cycles, run_verb)
    made["seconds"] = round(time.monotonic() - began, 1)
    typer.echo(json.dumps(made, sort_keys=True) if as_json else where_to_look(made))


def run_verb(arguments: list[str]) -> int:
    """`trader …` in a process of its own, as a user would; what it says goes to stderr, and `--json` stays clean."""
    typer.echo(f"$ trader {' '.join(arguments)}", err=True)
    return subprocess.run([sys.executable, "-m", "trader.cli", *arguments], stdout=2, check=False).returncode


def play(config: Config, config_dir: Path, cycles: int, run: RunVerb) -> dict[str, object]:
    """Both halves, each looked at afterwards; raises `DemoFailed` where one left too little."""
    if config.app.account != ACCOUNT:
        raise DemoFailed(
            f"{config_dir}/app.yaml: account: {config.app.account}; a demo starts from an empty journal each time, "
            f"so it only runs on an account called {ACCOUNT}"
        )
    reports = Path(config.app.paths.reports)
    return {
        **play_backtest(reports / "backtests" / ACCOUNT, config_dir, run),
        **play_paper(Path(config.app.paths.var), reports / "cycles", config_dir, cycles, run),
    }


def play_backtest(out: Path, config_dir: Path, run: RunVerb) -> dict[str, object]:
    """A backtest and its report in *out*."""
    shutil.rmtree(out, ignore_errors=True)
    step(run, ["backtest", "--config-dir", str(config_dir), *BACKTEST_OPTIONS, "--out", str(out)])

    page, document = out / "report.html", out / "report.json"
    missing = [path.name for path in (page, document) if not path.is_file()]
    if missing:
        raise DemoFailed(f"the backtest left no {' and no '.join(missing)} in {out}")
    report = json.loads(document.read_text(encoding="utf-8"))
    if not report["trades"]:
        raise DemoFailed(f"the backtest traded nothing; {page} says what was refused, and why")
    return {
        "report": str(page),
        "backtest_fills": len(report["trades"]),
        "round_trips": report["summary"]["total_trades"],
        "pnl_pct": report["summary"]["total_pnl_pct"],
    }


def play_paper(var: Path, notebooks: Path, config_dir: Path, cycles: int, run: RunVerb) -> dict[str, object]:
    """*cycles* paper cycles from an empty journal."""
    from trader.model.events import OrderFilled
    from trader.state.journal import journal_path
    from trader.state.view import JournalView

    journal = journal_path(var, "paper", ACCOUNT)
    shutil.rmtree(journal.parent, ignore_errors=True)
    for record in notebooks.rglob(f"*-paper-{ACCOUNT}*.ipynb"):
        record.unlink()
    before = set(notebooks.rglob("*.ipynb"))
    step(run, ["run", "--config-dir", str(config_dir), *PAPER_OPTIONS, "--cycles", str(cycles)])

    executed = sorted(set(notebooks.rglob("*.ipynb")) - before)
    if len(executed) != cycles:
        raise DemoFailed(f"{cycles} paper cycles were asked for, {len(executed)} executed notebooks are in {notebooks}")
    if not journal.is_file():
        raise DemoFailed(f"the paper run left no journal at {journal}")
    with JournalView(journal, mode="paper", account=ACCOUNT) as view:
        fills = sum(isinstance(event, OrderFilled) for event in view.replay())
    if not fills:
        raise DemoFailed(
            f"the paper run filled nothing; the notebooks in {executed[0].parent} say what was refused, and why"
        )
    return {"cycles": len(executed), "last_cycle": str(executed[-1]), "paper_fills": fills, "journal": str(journal)}


def step(run: RunVerb, arguments: list[str]) -> None:
    """Run one verb; anything but 0 ends the demo."""
    code = run(arguments)
    if code:
        raise DemoFailed(f"trader {arguments[0]} left with {code}; what it said is above")


def where_to_look(made: dict[str, object]) -> str:
    """What there is to see, for a person."""
    return "\n".join(
        [
            "",
            f"backtest: {made['backtest_fills']} fills, {made['round_trips']} round trips, {made['pnl_pct']:.2f} %",
            f"  the report       {made['report']}",
            f"paper: {made['cycles']} cycles, {made['paper_fills']} fills",
            f"  the last cycle   {made['last_cycle']}",
            f"  the journal      {made['journal']}",
            f"done in {made['seconds']} s",
        ]
    )
