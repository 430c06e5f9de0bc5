"""`trader arm`, `kill`, `resume` and `reconcile`: what only a person may do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from trader.cli.options import DEFAULT_CONFIG_DIR, AsJson, ConfigDir

if TYPE_CHECKING:
    from trader.config import Config

Mode = Annotated[str | None, typer.Option(metavar="MODE", help="dry_run, paper or live; default: app.yaml.")]
Overrides = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="As for trader run.")]
Reason = Annotated[str, typer.Argument(metavar="REASON", help="Why, in a few words; it stands in the record.")]
Acknowledge = Annotated[str, typer.Option(metavar="REASON", help="The reason of the kill, word for word.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only look: nothing is recorded.")]
Claims = Annotated[
    list[str] | None,
    typer.Option("--claim", metavar="ORDER_ID", help="An order that is not ours, or balances: known to you."),
]


def arm(config_dir: ConfigDir = DEFAULT_CONFIG_DIR, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """
    Arm the live account for eight hours, after you have typed what it is for; a change of configuration voids it.

    Rehearsals only, so far: the host must be this machine's simulator.  Example: trader arm --config-dir rehearsal
    """
    from trader.running.operating import arm as armed
    from trader.running.operating import phrase

    config = _config(config_dir, "live", overrides)
    wanted = phrase(config)
    typed = typer.prompt(f"Type  {wanted}  to arm", default="", show_default=False, err=as_json)
    record = armed(config, typed)
    if as_json:
        typer.echo(json.dumps({"host": record.bound.host, "scope": record.bound.scope, "until": record.expires_at}))
    else:
        typer.echo(f"armed: {wanted}, until {record.expires_at}")


def kill(
    reason: Reason, config_dir: ConfigDir = DEFAULT_CONFIG_DIR, overrides: Overrides = None, as_json: AsJson = False
) -> None:
    """
    Stop everything: no order leaves any more, what works is cancelled, and only `trader resume` lifts it.

    Where its flag cannot be written it says NOT KILLED (exit 2), and how else to kill.

    Example: trader kill "prices look wrong"
    """
    from trader.running.operating import kill as pressed

    path = pressed(_config(config_dir, None, overrides), reason)
    typer.echo(json.dumps({"flag": str(path), "reason": reason}) if as_json else f"killed; the flag is {path}")


def resume(
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
    mode: Mode = None,
    overrides: Overrides = None,
    acknowledge: Acknowledge = "",
    as_json: AsJson = False,
) -> None:
    """
    Let a stopped account trade again; after a kill its reason must be typed out.  The run itself must not be running.

    Example: trader resume --mode paper --acknowledge "prices look wrong (ada)"
    """
    from trader.running.operating import resume as resumed

    was = resumed(_config(config_dir, mode, overrides), acknowledge)
    typer.echo(json.dumps({"was": was.value, "state": "active"}) if as_json else f"active again; it was {was.value}")


def reconcile(
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
    overrides: Overrides = None,
    dry_run: DryRun = False,
    claim: Claims = None,
    as_json: AsJson = False,
) -> None:
    """
    Hold the live account's books against the exchange: orders, fills, balances; exit 1 where they differ.

    Example: trader reconcile --dry-run
    """
    from trader.running.operating import reconcile as reconciled
    from trader.running.venue import connected, key_of, settings_of

    config = _config(config_dir, "live", overrides)
    settings = settings_of(config)
    wire = connected(settings, key_of(settings), read_only=True)
    found = reconciled(config, wire, dry_run=dry_run, claims=tuple(claim or ()))
    differing = [f"{one.currency}: {one.ours:f} here, {one.theirs:f} there" for one in found.differences]
    if as_json:
        said = {"agrees": found.agrees, "strangers": list(found.strangers), "differences": differing}
        typer.echo(json.dumps({**said, "unknown": list(found.unknown)}))
    elif found.agrees:
        typer.echo(f"{wire.host}: books and exchange agree")
    else:
        lines = [f"not ours: {one}; claim it with --claim" for one in found.strangers]
        lines += [f"outcome unknown: {one}; looked for again with every cycle" for one in found.unknown]
        typer.echo("\n".join([*lines, *differing]))
    if not found.agrees:
        raise typer.Exit(1)


def _config(config_dir: ConfigDir, mode: str | None, overrides: list[str] | None) -> Config:
    from trader.config import load_config

    named = [] if mode is None else [f"app.mode={mode}"]
    return load_config(config_dir, (*(overrides or ()), *named))
