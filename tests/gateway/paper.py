"""A paper account of our own on any backtest's bars: the same job, walked cycle by cycle."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from trader.backtest.outcome import fill_row
from trader.backtest.run import Job
from trader.config.desk import desk_of
from trader.exchange.simulated import SimulatedExchange
from trader.features import WindowFeatures
from trader.gateway.account import Account
from trader.gateway.books import Books, never
from trader.gateway.core import TradingCore
from trader.gateway.desk_info import StrategyFacts
from trader.market.choose import with_hints
from trader.market.replay import ReplayMarket
from trader.model.decision import Proposals
from trader.model.events import Event, OrderFilled
from trader.model.market import Snapshot
from trader.ports import Journal
from trader.registry import LoadedStrategy, Registry
from trader.reporting.canonical import fingerprint
from trader.reporting.document import trade
from trader.strategy import window_bars

Proposer = Callable[[Snapshot], Proposals]


def facts_of(strategies: Iterable[LoadedStrategy]) -> tuple[StrategyFacts, ...]:
    return tuple(
        StrategyFacts(one.stanza.name, one.timeframe_seconds, window_bars(one.strategy), one.stanza.symbols)
        for one in strategies
        if one.stanza.enabled
    )


def market_of(job: Job) -> ReplayMarket:
    universe = with_hints(job.config.universe(), job.chosen.panel)
    return ReplayMarket(job.chosen.panel, universe, job.config.regime(), job.chosen.tradable, job.seed)


def a_core(
    job: Job,
    journal: Journal,
    mode: str = "paper",
    market: ReplayMarket | None = None,
    killed: Callable[[], str] = never,
    source: str = "",
) -> TradingCore:
    """A core on *job*'s bars, as a new process would make it."""
    market = market or market_of(job)
    market.rewind()
    desk = desk_of(job.config, Registry(()), market.policy, [one.stanza for one in job.strategies])
    account = Account(mode, "test", job.cash_usd, "0", job.config.hash, source)

    def venue(ledger):
        return SimulatedExchange(market.products, desk.execution, market.costs_bps, ledger.cash_usd)

    books = Books(desk, market, journal, account, venue if mode == "paper" else None, killed=killed)
    return TradingCore(books, facts_of(job.strategies), [one.stanza.name for one in job.strategies])


def proposer(job: Job) -> Proposer:
    """What a kernel does, here: run the strategies on the snapshot's own bars."""
    registry = Registry(job.strategies)
    return lambda snapshot: registry.collect(snapshot, WindowFeatures(job.strategies, snapshot.bars))


def cycles(core: TradingCore, propose: Proposer, count: int | None = None) -> None:
    """Run *count* cycles, or to the end of history and its last fills."""
    while not core.exhausted and count != 0:
        cycle = core.begin()
        core.submit(cycle.id, propose(cycle.snapshot))
        core.finish(cycle.id, "complete")
        count = None if count is None else count - 1
    if core.exhausted:
        core.close_out()


def fills_of(events: Iterable[Event]) -> list[dict[str, object]]:
    return [fill_row(event.fill) for event in events if isinstance(event, OrderFilled)]


def fingerprint_of(rows: Iterable[dict[str, object]]) -> str:
    """As the report has it."""
    return fingerprint([trade(row) for row in rows])
