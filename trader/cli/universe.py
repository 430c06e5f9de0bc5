"""`trader universe explain`: who is in, who is out, and why, with the numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trader.cli.backtest import Data, Granularity, Overrides, Seed, Symbols, day, symbols_in
from trader.cli.options import DEFAULT_CONFIG_DIR, AsJson, ConfigDir

if TYPE_CHECKING:
    from trader.model.market import Membership

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Who may be traded, and why.\n\nExample: trader universe explain --at 2025-01-31",
)
HISTORY = timedelta(days=7)
"""How far before the instant the hysteresis is followed."""


@app.callback()
def universe() -> None:
    """Who may be traded, and why."""


@dataclass(frozen=True, slots=True)
class Explained:
    """The memberships at one instant, and the regime."""

    at: datetime
    regime: str
    rows: tuple[dict[str, Any], ...]


@app.command()
def explain(
    at: Annotated[
        str | None, typer.Option(metavar="T", help="The instant, UTC; default the last one there is.")
    ] = None,
    data: Data = None,
    granularity: Granularity = None,
    symbols: Symbols = None,
    seed: Seed = None,
    overrides: Overrides = None,
    config_dir: ConfigDir = DEFAULT_CONFIG_DIR,
    as_json: AsJson = False,
) -> None:
    """
    Say who is in and who is out at an instant, with the measured value against its limit.

    Example: trader universe explain --data DIR --granularity 1h --at 2025-03-01
    """
    found = explained(config_dir, overrides or [], data, symbols_in(symbols), granularity, day(at, "--at"), seed)
    if as_json:
        shown = {"at": f"{found.at:%Y-%m-%dT%H:%M:%SZ}", "regime": found.regime, "symbols": list(found.rows)}
        typer.echo(json.dumps(shown, sort_keys=True))
        return
    typer.echo(f"{found.at:%Y-%m-%d %H:%M} UTC, regime {found.regime}")
    for row in found.rows:
        verdict = "in " if row["eligible"] else "out"
        measured = f"{row['observed']:>18} against {row['limit']:>14}" if row["observed"] is not None else ""
        named = f"{row['symbol']:<12} {row['tier']:<6} {row['theme']:<14} {row['exclusion_reason']:<16}"
        line = f"  {verdict} {named} {measured}"
        typer.echo(line.rstrip())


def explained(
    config_dir: Path,
    overrides: list[str],
    data: Path | None,
    symbols: tuple[str, ...] | None,
    granularity: str | None,
    at: datetime | None,
    seed: int | None,
) -> Explained:
    """Walk the universe up to *at* and read it there."""
    from trader.app import Asked, configured, data_folder, seeded
    from trader.market.choose import SAMPLE_SPAN, SAMPLE_START, Wanted, choose, with_hints
    from trader.market.granularity import parse_granularity
    from trader.market.replay import ReplayMarket
    from trader.universe import review

    config = configured(seeded(Asked(config_dir, overrides), seed))
    regime = config.regime()
    folder = data_folder(data)
    end = at if at is not None or folder is not None else SAMPLE_START + SAMPLE_SPAN
    start = None if end is None else end - HISTORY
    wanted = Wanted(folder, symbols, granularity, start, end, config.app.seed)
    chosen = choose(wanted, regime.symbol, regime.warmup_bars * parse_granularity(regime.timeframe))
    policy = with_hints(config.universe(), chosen.panel)
    market = ReplayMarket(chosen.panel, policy, regime, chosen.tradable)
    market.changes(market.last)
    now = review(market.measures(market.last), market.membership, policy, market.time(market.last))
    members = sorted(now.values(), key=lambda member: (not member.eligible, member.tier, member.symbol))
    rows = tuple(_row(member, policy.theme(member.symbol)) for member in members)
    return Explained(market.time(market.last), market.regime.value, rows)


def _row(member: Membership, theme: str) -> dict[str, Any]:
    return {
        "symbol": member.symbol,
        "tier": member.tier,
        "theme": theme,
        "eligible": member.eligible,
        "exclusion_reason": member.exclusion_reason,
        "observed": None if member.observed is None else f"{member.observed:,.2f}",
        "limit": None if member.limit is None else f"{member.limit:,.2f}",
    }
