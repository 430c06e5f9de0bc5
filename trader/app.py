"""
The house, composed: which configuration, which bars, which strategies, and in which mode.

Everything below is told what it works with; only here is it chosen, so a mode
is three plugs (feed, exchange, journal) and nowhere a question.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from trader.backtest.asked import Asked, NoStrategy, backtest_job, configured, data_folder, seeded, strategies_of

if TYPE_CHECKING:
    from trader.exchange.simulated import SimulatedExchange
    from trader.gateway.books import Venue
    from trader.gateway.client import LiveCycle
    from trader.market.market import Market
    from trader.policy import ExecutionPolicy
    from trader.running.asked import RunAsked
    from trader.running.telling import Told, Voice
    from trader.state.ledger import Ledger

__all__ = [
    "Asked",
    "NoStrategy",
    "backtest_job",
    "configured",
    "data_folder",
    "open_cycle",
    "run",
    "seeded",
    "strategies_of",
    "venue_of",
]


def venue_of(mode: str, market: Market, policy: ExecutionPolicy) -> Venue | None:
    """The exchange of *mode*: a simulated one for paper, none for a dry run, where intents end as not sent."""
    return None if mode == "dry_run" else partial(_simulated, market, policy)


def _simulated(market: Market, policy: ExecutionPolicy, ledger: Ledger) -> SimulatedExchange:
    from trader.exchange.simulated import SimulatedExchange

    return SimulatedExchange(market.products, policy, market.costs_bps, ledger.cash_usd)


def run(asked: RunAsked, voice: Voice) -> Told:
    """A run of *asked*, to its end or until somebody stops it; *voice* hears of every cycle."""
    from trader.running.loop import run_cycles
    from trader.running.session import opened

    return run_cycles(asked, voice, partial(opened, venue_of=venue_of))


def open_cycle(socket: str = "", cycle_id: str = "") -> LiveCycle:
    """
    The cycle *cycle_id* of the gateway at *socket*.

    Without a socket — a notebook opened by hand — one on the built-in market, where nothing is sent: the first hour
    of a fixed span at which a strategy has something to say.
    """
    from trader.gateway.client import LiveCycle
    from trader.gateway.line import SocketLine

    if socket:
        return LiveCycle(SocketLine(socket), cycle_id)
    from trader.running.by_hand import first_interesting_cycle

    gateway, found = first_interesting_cycle(venue_of)
    return LiveCycle(gateway, found)
