"""`trader rtm`: write the traceability matrix, and say no when a requirement is neither proved nor excused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from trader.cli.options import DEFAULT_CONFIG_DIR, AsJson, ConfigDir
from trader.ops import traceability
from trader.reporting.store import write_whole


def command(
    requirements: Annotated[Path, typer.Option(help="The list of IDs.")] = Path("tests/requirements.toml"),
    record: Annotated[Path, typer.Option(help="What the test run recorded.")] = traceability.RECORD,
    out: Annotated[Path, typer.Option(help="Folder for rtm.md and rtm.json.")] = Path("reports"),
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
    as_json: AsJson = False,
) -> None:
    """
    Requirements, the tests that name them, their last result; exit 1 when one is red.

    Example: make test && trader rtm --json
    """
    listed = traceability.read_requirements(requirements)
    root = requirements.resolve().parent.parent
    rows = traceability.judge(listed, traceability.read_outcomes(record).values(), root)
    code_now = traceability.code_hash(root)
    document = json.dumps(traceability.as_document(rows, code_now), indent=1, sort_keys=True) + "\n"

    write_whole(out / "rtm.json", document.encode())
    write_whole(out / "rtm.md", traceability.as_markdown(rows, code_now).encode())

    red = [row for row in rows if row.status == "red"]
    if as_json:
        typer.echo(document, nl=False)
    else:
        for row in red:
            typer.echo(f"{row.requirement}: red, {row.why}")
        green = sum(row.status == "green" for row in rows)
        typer.echo(f"{green} green, {len(red)} red, {len(rows) - green - len(red)} not yet: {out / 'rtm.md'}")
    if red:
        raise typer.Exit(1)
