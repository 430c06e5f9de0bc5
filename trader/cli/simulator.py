"""
`trader simulator`: the loopback Coinbase, for as long as it is wanted.

It listens on 127.0.0.1 alone, makes a key and a certificate authority of its
own, says where they lie, and leaves nothing open when it ends.
"""

from __future__ import annotations

import gc
import json
import signal
import tempfile
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from trader.cli.options import DEFAULT_CONFIG_DIR, AsJson, ConfigDir
from trader.errors import TraderError
from trader.simulator.bounds import BadSettings
from trader.simulator.fault_file import load_faults
from trader.simulator.keys import SCOPES, new_key
from trader.simulator.numbers import stamp
from trader.simulator.rehearsal import Rehearsal, rehearse
from trader.simulator.settings import VenueSettings, unknown_names
from trader.simulator.sources import BarSource, LakeSource, SampleSource


class Market(StrEnum):
    """Where prices come from."""

    SAMPLE = "sample"
    LAKE = "lake"


class NoLake(TraderError):
    """`--market lake` without a lake, or a lake without it."""


def command(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the API; 0 takes one that is free.")] = 0,
    admin_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the director's desk.")] = 0,
    market: Annotated[Market, typer.Option(help="The built-in market, or a lake.")] = Market.SAMPLE,
    data: Annotated[Path | None, typer.Option(metavar="DIR", envvar="TRADER_DATA", help="The lake.")] = None,
    granularity: Annotated[str, typer.Option(metavar="G", help="Bars of the lake to use.")] = "1m",
    start: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The venue's first day, UTC; today by default.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0, max=100_000, help="Times real time; 0 waits for the desk.")] = 1.0,
    faults: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What goes wrong: JSON, docs/SIMULATOR.md.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=4294967295, help="Of the market, the names and the chances.")] = 0,
    cash: Annotated[int, typer.Option(min=0, metavar="USD", help="What the account starts with.")] = 10_000,
    scopes: Annotated[
        str, typer.Option(metavar="A,B", help="What the key may do: view, trade, transfer; view alone only looks.")
    ] = "view,trade",
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
    as_json: AsJson = False,
) -> None:
    """
    A loopback Coinbase Advanced Trade to rehearse LIVE against; Ctrl-C ends it.

    It needs no configuration: --config-dir is taken, as by every verb, and not read.

    Example: trader simulator --port 8443 --faults storm.json
    """
    source_of_data = context.get_parameter_source("data")
    if market is Market.SAMPLE and source_of_data is not None and source_of_data.name == "COMMANDLINE":
        raise NoLake(f"simulator: --data {data} is not used by the built-in market; add --market lake to trade on it")
    plan = load_faults(faults) if faults else []
    key = new_key(scopes=read_scopes(scopes))
    source, first = open_market(market, data, granularity, seed, start)
    until = threading.Event()

    def leave(number: int, frame: FrameType | None) -> None:
        until.set()

    for number in (signal.SIGINT, signal.SIGTERM):  # before the folder is made, so that it is always taken away
        signal.signal(number, leave)
    with tempfile.TemporaryDirectory(prefix="trader-simulator-") as folder:
        made = rehearse(
            Path(folder), source=source, settings=VenueSettings(seed=seed), deposits={"USD": Decimal(cash)},
            start=first, speed=speed, faults=plan, port=port, admin_port=admin_port, key=key,
        )  # fmt: skip
        gc.collect()
        gc.freeze()  # what is there by now stays: no search through it while a call waits
        where = facts(made)
        if not where["priced"]:
            raise NoLake(
                f"simulator: nothing traded in the days before {where['now']}; choose a --start the lake has bars for"
            )
        with made.simulator:
            typer.echo(json.dumps(where, sort_keys=True) if as_json else in_words(where))
            until.wait()


def read_scopes(text: str) -> frozenset[str]:
    """What a key may do, of a list with commas."""
    asked = frozenset(word.strip() for word in text.split(",") if word.strip())
    known = f"wanted some of {', '.join(sorted(SCOPES))}"
    if not asked:
        raise BadSettings(f"simulator: --scopes is empty; {known}")
    if unknown := unknown_names(asked, SCOPES):
        raise BadSettings(f"simulator: --scopes {text}: {'; '.join(unknown)} {known}")
    return asked


def open_market(
    market: Market, data: Path | None, granularity: str, seed: int, start: datetime | None
) -> tuple[BarSource, datetime | None]:
    """The bars, and when the venue's time begins: now, unless told; a lake begins where it has a day of bars behind."""
    first = start.replace(tzinfo=UTC) if start else None
    if market is Market.SAMPLE:
        return SampleSource(seed), first
    if data is None:
        raise NoLake("simulator: --market lake wants --data DIR (or TRADER_DATA): a folder of Parquet bars")
    lake = LakeSource(data, granularity)
    begins = first or min(lake.start + timedelta(days=1), lake.end)
    if not lake.start <= begins <= lake.end:
        raise NoLake(
            f"simulator: --start {begins:%Y-%m-%d} is outside the lake, whose {granularity} bars reach from "
            f"{lake.start:%Y-%m-%d} to {lake.end:%Y-%m-%d}; choose a day between"
        )
    return lake, begins


def facts(made: Rehearsal) -> dict[str, Any]:
    """Where everything is, and what time it is there."""
    simulator = made.simulator
    station = simulator.station
    return {
        "now": stamp(station.venue.now, 0),
        "speed": station.clock.speed,
        "products": list(station.venue.listings),
        "priced": [row.product_id for row in station.venue.listings.values() if station.venue.depth(row)],
        "base_url": simulator.base_url,
        "ws_url": f"wss://{simulator.base_url}/",
        "ca_file": str(simulator.papers.ca_file),
        "key_file": str(made.key_file),
        "scopes": sorted(made.key.scopes),
        "admin_url": simulator.admin_url,
    }


def in_words(where: Mapping[str, Any]) -> str:
    """The same, to be read."""
    may = " and ".join(where["scopes"])
    pace = f"{where['speed']:g} times real time" if where["speed"] else "standing still until the desk steps it"
    return "\n".join(
        [
            "The simulated Coinbase is open; Ctrl-C closes it.",
            f"  REST base URL  {where['base_url']}",
            f"  WebSocket      {where['ws_url']}",
            f"  CA file        {where['ca_file']}",
            f"  API key file   {where['key_file']}   (may {may}; made for this run, worth nothing elsewhere)",
            f"  Admin          {where['admin_url']}",
            f"  Market         {len(where['products'])} products, {len(where['priced'])} of them with a price",
            f"  Time           {where['now']}, {pace}",
        ]
    )
