"""
`trader audit verify` and `trader audit show`: is the record what was written, and why was each order made.

Reads the journal of one mode and account; changes nothing, running or not.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from trader.cli.audit_text import as_document, listed, told
from trader.cli.options import DEFAULT_CONFIG_DIR, AsJson, ConfigDir
from trader.errors import TraderError
from trader.state.journal import JournalView, NotInJournal, journal_path
from trader.state.journal import verify as verify_journal
from trader.state.trail import Trail, trails

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Check the record, or show why each order was made.\n\nExample: trader audit verify --mode paper",
)

Mode = Annotated[str | None, typer.Option(metavar="MODE", help="dry_run, paper or live; default: app.yaml.")]
Account = Annotated[str | None, typer.Option(metavar="NAME", help="Default: app.yaml.")]
Var = Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of the journals; default: app.yaml, paths.var.")]
OrderId = Annotated[str | None, typer.Argument(metavar="[ORDER_ID]", help="Ours or the exchange's; none lists them.")]


class BadName(TraderError):
    """No mode, or no account, is called this; nothing is looked for under it."""


class UnknownOrder(TraderError):
    """No such order in the journal."""


@app.command()
def verify(
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
    mode: Mode = None,
    account: Account = None,
    var: Var = None,
    as_json: AsJson = False,
) -> None:
    """
    Check every record, the chain, the published head and every snapshot; exit 1 when anything is not as written.

    Example: trader audit verify --mode paper --account main
    """
    report = verify_journal(_journal(config_dir, mode, account, var))
    if as_json:
        _say({**asdict(report), "sound": not report.damage})
    elif report.damage:
        typer.echo(report.damage)
    else:
        typer.echo(
            f"{report.path}: sound; {report.records} records and {report.snapshots} snapshots, "
            f"head {report.head[:16]} published at record {report.published_seq}"
        )
    if report.damage:
        raise typer.Exit(1)


@app.command()
def show(
    order_id: OrderId = None,
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
    mode: Mode = None,
    account: Account = None,
    var: Var = None,
    as_json: AsJson = False,
) -> None:
    """
    Show one order's chain: proposal, verdict with every objection, intent, order, fills, profit; or list all orders.

    Exit 1 when a chain has a gap.  Example: trader audit show t247-BTC-USD-1714521600-3f2a
    """
    path = _journal(config_dir, mode, account, var)
    with JournalView(path) as view:
        found = trails(view.replay())
    chosen = list(found.values()) if order_id is None else [_one(found, order_id, path)]
    if as_json:
        _say([as_document(trail) for trail in chosen])
    elif order_id is None:
        typer.echo(listed(chosen))
    else:
        typer.echo(told(chosen[0]))
    if any(trail.gaps() for trail in chosen):
        raise typer.Exit(1)


def _journal(config_dir: Path, mode: str | None, account: str | None, var: Path | None) -> Path:
    mode = None if mode is None else _named("mode", mode.lower().replace("-", "_"))
    account = None if account is None else _named("account", account)
    if mode is None or account is None or var is None:
        from trader.config import load_config

        config = load_config(config_dir).app
        mode = config.mode if mode is None else mode
        account = config.account if account is None else account
        var = Path(config.paths.var) if var is None else var
    path = journal_path(var, mode, account)
    if not path.parent.is_dir():
        kept = sorted(journal.parent.name for journal in var.glob("*/state.sqlite"))
        raise NotInJournal(f"{path}: there is no journal here; in {var} there is {', '.join(kept) or 'none'}")
    return path


def _named(key: str, given: str) -> str:
    """*given* as `app.yaml` takes it for *key*: it becomes part of a path."""
    from pydantic_core import PydanticCustomError

    from trader.config.app_yaml import AppYaml
    from trader.config.values import Checked

    kind = next(each for each in AppYaml.model_fields[key].metadata if isinstance(each, Checked))
    try:
        return str(kind.check(given))
    except PydanticCustomError as error:
        raise BadName(f"--{key}: {error.message()}") from None


def _one(found: dict[str, Trail], order_id: str, path: Path) -> Trail:
    for trail in found.values():
        if order_id in (trail.client_order_id, trail.order_id):
            return trail
    near = [key for key in found if order_id in key]
    hint = f"; did you mean {near[0]}?" if near else "; trader audit show lists them"
    raise UnknownOrder(f"{path}: no order {order_id}{hint}")


def _say(document: Any) -> None:
    typer.echo(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False))
