"""
`app.yaml`: how this installation runs; nothing in it changes a decision but the seed and the starting cash.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from trader.config.stanza import Stanza
from trader.config.values import Amount, Choice, Count, Real, Text

_FOLDER = {"what": "a folder", "shape": r"[^\s\x00-\x1f][^\x00-\x1f]{0,399}", "says": "the path of a folder"}


class Paths(Stanza):
    """Where things are written."""

    var: Annotated[str, Text(**_FOLDER, default="var")]
    reports: Annotated[str, Text(**_FOLDER, default="reports")]


class Log(Stanza):
    """What is logged."""

    level: Annotated[str, Choice(words=("debug", "info", "warning", "error"), default="info")]


class AppYaml(Stanza):
    """The whole of `app.yaml`."""

    mode: Annotated[
        str,
        Choice(
            words=("dry_run", "paper"),
            refused={"live": "is not there yet: no order leaves this machine"},
            default="dry_run",
        ),
    ]
    account: Annotated[
        str,
        Text(
            what="an account name",
            shape=r"[a-z0-9][a-z0-9_-]{0,31}",
            says="small letters, digits, - and _",
            default="main",
        ),
    ]
    paths: Paths
    interval_seconds: Annotated[int, Count(at_least="1", at_most="86400", unit="seconds", default="900")]
    cycle_deadline_seconds: Annotated[float, Real(above="0", at_most="3600", unit="seconds", default="120")]
    strategy_timeout_seconds: Annotated[float, Real(above="0", at_most="300", unit="seconds", default="5")]
    seed: Annotated[int, Count(at_least="0", at_most="4294967295", default="7")]
    starting_cash_usd: Annotated[Decimal, Amount(above="0", at_most="1000000000", unit="USD", default="10000")]
    log: Log
