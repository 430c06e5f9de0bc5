"""
A gateway on bars that replay: desk, market, books and core put together from a configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from trader import __version__
from trader.config import Config
from trader.config.desk import desk_of
from trader.gateway.account import Account
from trader.gateway.books import Books, Venue, always, never
from trader.gateway.core import TradingCore
from trader.gateway.describe import Answer
from trader.gateway.desk_info import DeskInfo, StrategyFacts
from trader.gateway.service import Gateway
from trader.market.choose import Chosen, Wanted, choose, history_seconds, with_hints
from trader.market.market import Market
from trader.market.replay import ReplayMarket
from trader.policy import ExecutionPolicy, StrategyStanza
from trader.registry import Registry
from trader.running.ground import Ground

if TYPE_CHECKING:
    from trader.ports import Journal

VenueOf = Callable[[str, Market, ExecutionPolicy], Venue | None]
"""Which exchange a mode has; the one who knows modes gives it."""


def market_of(config: Config, wanted: Wanted, strategies: Iterable[StrategyFacts]) -> tuple[ReplayMarket, Chosen]:
    """
    The market to run on, and where its bars come from.

    Raises a TraderError where a strategy's timeframe cannot be made of the bars.
    """
    running = tuple(strategies)
    seeded = replace(wanted, seed=config.app.seed)
    regime = config.regime()
    windows = [facts.window_bars * facts.timeframe_seconds for facts in running]
    chosen = choose(seeded, regime.symbol, history_seconds(regime, windows))
    universe = with_hints(config.universe(), chosen.panel)
    market = ReplayMarket(chosen.panel, universe, regime, chosen.tradable, config.app.seed)
    for seconds in sorted({facts.timeframe_seconds for facts in running}):
        market.timeframes.frames(seconds)
    return market, chosen


def gateway_on(
    ground: Ground,
    config: Config,
    described: Answer,
    strategies_dir: Path,
    journal: Journal,
    venue_of: VenueOf,
    is_ours: Callable[[], bool] = always,
    killed: Callable[[], str] = never,
) -> Gateway:
    """A gateway of *config*'s account, taken up where *journal* left off; see `Books` for *is_ours* and *killed*."""
    market = ground.market
    app = config.app
    written = {stanza.name: stanza for stanza in config.strategies()}
    stanzas = [written.get(one.name, StrategyStanza(one.name)) for one in described.stanzas]
    desk = desk_of(config, Registry(()), market.policy, stanzas)
    cash = app.starting_cash_usd if ground.cash_usd is None else ground.cash_usd
    account = Account(app.mode, app.account, cash, __version__, config.hash, ground.identity)
    venue = None if ground.wire is not None else venue_of(app.mode, market, desk.execution)
    books = Books(desk, market, journal, account, venue, is_ours, ground.wire, ground.forbids, killed)
    if ground.take_up is not None:
        ground.take_up(books.ledger.membership, books.now)
    core = TradingCore(books, described.strategies, [stanza.name for stanza in described.stanzas])
    info = DeskInfo(
        mode=app.mode,
        account=app.account,
        source=ground.source,
        strategies_dir=str(strategies_dir.absolute()),
        stanzas=described.stanzas,
        defaults_json=described.defaults_json,
        timeout_seconds=app.strategy_timeout_seconds,
        multipliers=desk.regime.multipliers,
    )
    return Gateway(core, info)
