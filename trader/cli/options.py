"""The options every verb shares, spelt once."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

ConfigDir = Annotated[Path, typer.Option("--config-dir", metavar="DIR", help="Folder of the five YAML files.")]
AsJson = Annotated[
    bool,
    typer.Option("--json", help="One JSON document on stdout; logs go to stderr, and so do mistakes, in words."),
]

DEFAULT_CONFIG_DIR = Path("config")


def aside() -> AbstractContextManager[object]:
    """Where a strategy's code runs: what it prints is not our answer."""
    return redirect_stdout(sys.stderr)
