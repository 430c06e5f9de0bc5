"""
What a run stands on: a market that moves, how it is paced, and for a venue the account there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from trader.backtest.asked import data_folder
from trader.config import Config
from trader.execution.engine import LastLook, nothing_forbids
from trader.execution.wire_setup import WireSetup
from trader.gateway.desk_info import StrategyFacts
from trader.market.market import Market
from trader.model.market import Membership
from trader.ports import Canceller
from trader.running.asked import CannotRun, RunAsked, interval_of
from trader.running.clock import VenueClock
from trader.running.places import Places

if TYPE_CHECKING:
    from trader.market.choose import Wanted


class TakesUp(Protocol):
    """Goes on from memberships that a ledger recorded."""

    def __call__(self, membership: Mapping[str, Membership], at: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Ground:
    """
    A *market* from *source*, and a cycle every *interval_seconds* of it; *identity* tells it from every other market.

    *clock* is the venue's where history is still being made; *wire* is set where orders go to it, and *cash_usd* is
    what it says there is.  *open_canceller* makes the watchdog a session of its own there.
    """

    market: Market
    source: str
    interval_seconds: int
    clock: VenueClock | None = None
    wire: WireSetup | None = None
    cash_usd: Decimal | None = None
    forbids: LastLook = nothing_forbids
    warnings: tuple[str, ...] = ()
    take_up: TakesUp | None = None
    open_canceller: Callable[[], Canceller] | None = None
    identity: str = ""


def ground_of(
    asked: RunAsked, config: Config, strategies: Sequence[StrategyFacts], places: Places, stack: ExitStack,
    killed: Callable[[], str],
) -> Ground:  # fmt: skip
    """What *asked* runs on; what it opens is put down with *stack*, and while *killed* says why no order leaves it."""
    if asked.feed == "coinbase":
        from trader.running.coinbase_ground import on_coinbase

        return on_coinbase(asked, config, strategies, places, stack, killed)
    from trader.running.house import market_of

    wanted = _wanted(asked)
    market, chosen = market_of(config, wanted, strategies)
    # Of a lake its folder: what is in it grows from day to day, and is read in whichever bars are asked for.
    where = f"seed {config.app.seed}" if wanted.data is None else os.path.abspath(wanted.data)
    interval = interval_of(asked, chosen.panel.granularity, market.step)
    return Ground(market, chosen.source, interval, identity=f"{asked.feed} {where}")


def _wanted(asked: RunAsked) -> Wanted:
    from trader.market.choose import Wanted

    data = None
    if asked.feed == "lake":
        data = data_folder(asked.data)
        if data is None:
            raise CannotRun("--feed lake: which lake? Name its folder with --data DIR, or in TRADER_DATA")
    return Wanted(data, asked.symbols, asked.granularity, asked.start, asked.end, segments=asked.segments)
