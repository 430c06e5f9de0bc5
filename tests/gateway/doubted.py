"""A paper account on a feed that may lie: a flat market whose quotes jump, go missing or grow old as a test says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.backtest.worlds import World, job_of
from tests.builders import BTC, ETH
from tests.gateway.paper import a_core
from trader.gateway.core import TradingCore
from trader.market.choose import with_hints
from trader.market.replay import ReplayMarket
from trader.model.decision import Decision, Proposals
from trader.model.events import Event, OrderFilled
from trader.model.market import FeedHealth, Quote, Snapshot
from trader.model.orders import Fill
from trader.model.trading import Side, TradeProposal
from trader.state.memory import MemoryJournal

At = tuple[str, int]
"""Symbol, and instant counted from the first."""


@dataclass
class Doubts:
    """What is quoted instead of 100, which of it is suspect, what is not quoted, and what was quoted long ago."""

    prices: Mapping[At, float] = field(default_factory=dict)
    suspect: frozenset[At] = frozenset()
    missing: frozenset[At] = frozenset()
    old: frozenset[At] = frozenset()


class Feed(ReplayMarket):
    """Bars stay at 100; quotes, and the close last heard of, are those of *doubts*."""

    doubts = Doubts()

    def mark(self, symbol: str, k: int) -> float:
        return self.doubts.prices.get((symbol, k - self.first), super().mark(symbol, k))

    def quoted(self, symbol: str, k: int) -> tuple[Quote | None, FeedHealth | None]:
        at, time = (symbol, k - self.first), self.time(k)
        quote = None if at in self.doubts.missing else self.quote(symbol, k)
        if quote is not None and at in self.doubts.old:
            quote = replace(quote, time=time - timedelta(seconds=5))
        return quote, FeedHealth(time, self.step, Decimal(0), at in self.doubts.suspect)

    def snapshot(self, k: int, positions: Any) -> Snapshot:
        told = {symbol: self.quoted(symbol, k) for symbol in self.tradable}
        quotes = {symbol: quote for symbol, (quote, _) in told.items() if quote is not None}
        health = {symbol: health for symbol, (_, health) in told.items()}
        return replace(super().snapshot(k, positions), quotes=quotes, health=health)


def buy(symbol: str = BTC, notional_pct: float = 45.0) -> TradeProposal:
    return TradeProposal(symbol, Side.BUY, notional_pct, 9.0, 49.0, 0.9, "test", (), "dice_0")


class Rig:
    """Cycle by cycle; `restart` makes everything anew from the journal."""

    def __init__(self, doubts: Doubts, *overrides: str) -> None:
        world = World(
            bars=70, symbols=2, vol_pct=0.0, overrides=("policy.breakers.drawdown.max_drawdown_pct=10", *overrides)
        )
        self.job, self.journal = job_of(world), MemoryJournal()
        job = self.job
        universe = with_hints(job.config.universe(), job.chosen.panel)
        self.market = Feed(job.chosen.panel, universe, job.config.regime(), job.chosen.tradable, job.seed)
        self.market.doubts = doubts
        self.core: TradingCore = a_core(job, self.journal, market=self.market)

    def restart(self) -> None:
        self.core = a_core(self.job, self.journal, market=self.market)

    @property
    def ledger(self):
        return self.core.books.ledger

    @property
    def n(self) -> int:
        """The next instant, counted from the first."""
        return self.core.books.following - self.market.first

    def cycle(self, *wishes: TradeProposal, fails: bool = False) -> Decision:
        """One cycle that proposes *wishes*, or whose notebook *fails*."""
        cycle = self.core.begin()
        if not fails:
            self.core.submit(cycle.id, Proposals(cycle.id, cycle.snapshot.as_of, wishes))
        done = self.core.finish(cycle.id, "failed" if fails else "complete")
        assert done.decision is not None
        return done.decision

    def until(self, n: int) -> None:
        """Cycles that propose nothing, up to but without instant *n*."""
        while self.n < n:
            self.cycle()

    def holding(self, *symbols: str) -> Rig:
        """Bought at the first instant, filled by the second."""
        self.cycle(*(buy(symbol) for symbol in symbols or (BTC,)))
        return self

    def fills(self) -> list[Fill]:
        return [event.fill for event in self.events() if isinstance(event, OrderFilled)]

    def events(self) -> list[Event]:
        return list(self.journal.replay())


def at(symbol: str, *instants: int) -> frozenset[At]:
    return frozenset((symbol, n) for n in instants)


def since(n: int, price: float, symbol: str = BTC) -> dict[At, float]:
    """*price* from instant *n* on."""
    return {(symbol, later): price for later in range(n, 60)}


__all__ = ["BTC", "ETH", "Doubts", "Rig", "at", "buy", "since"]
