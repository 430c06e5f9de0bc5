"""
`app.yaml`: how this installation runs; nothing in it changes a decision but the seed and the starting cash.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from trader.config.stanza import Stanza
from trader.config.values import Amount, Choice, Count, Real, Switch, Text

_FOLDER = {"what": "a folder", "shape": r"[^\s\x00-\x1f][^\x00-\x1f]{0,399}", "says": "the path of a folder"}


_FILE = r"[^\s\x00-\x1f][^\x00-\x1f]{0,399}"


class Paths(Stanza):
    """Where things are written."""

    var: Annotated[str, Text(**_FOLDER, default="var")]
    reports: Annotated[str, Text(**_FOLDER, default="reports")]


class Log(Stanza):
    """What is logged."""

    level: Annotated[str, Choice(words=("debug", "info", "warning", "error"), default="info")]


class Coinbase(Stanza):
    """The venue, or the simulated one; evidence and arming are bound to *rest_host*."""

    rest_host: Annotated[
        str,
        Text(
            what="a host",
            shape=r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:[0-9]{1,5})?",
            says="a host or host:port, without https://",
            default="api.coinbase.com",
        ),
    ]
    ws_url: Annotated[
        str,
        Text(
            what="a WebSocket address",
            shape=r"wss://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:[0-9]{1,5})?(/[^\s]{0,200})?",
            says="wss:// and a host",
            default="wss://advanced-trade-ws.coinbase.com",
        ),
    ]
    ca_file: Annotated[str | None, Text(what="a file", shape=_FILE, says="the path of a file", optional=True)]
    key_file: Annotated[str | None, Text(what="a file", shape=_FILE, says="the path of a file", optional=True)]
    fee_margin_bps: Annotated[Decimal, Amount(at_least="0", at_most="1000", unit="bps", default="5")]
    preview: Annotated[bool, Switch(default=True)]


class Exchange(Stanza):
    """Where orders go in live mode, and prices come from on the Coinbase feed."""

    coinbase: Coinbase


class Live(Stanza):
    """Whether live mode may be asked for at all."""

    enabled: Annotated[bool, Switch(default=False)]


class AppYaml(Stanza):
    """The whole of `app.yaml`."""

    mode: Annotated[
        str,
        Choice(
            words=("dry_run", "paper", "live"),
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
    exchange: Exchange
    live: Live
    log: Log
