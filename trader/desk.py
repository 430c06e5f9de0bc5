"""
One decision, start to end.

`propose` runs the strategies, `dispose` integrates, judges and plans, `decide`
is one after the other.  Pure: the same desk, snapshot and book give the same
decision in a backtest, in the gateway and in a replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from trader.execution.planner import plan
from trader.exits import exits
from trader.integrator import integrate
from trader.model.book import Book
from trader.model.decision import Decision, Proposals
from trader.model.market import Snapshot
from trader.model.quick import maker
from trader.model.trading import TradingState
from trader.policy import ExecutionPolicy, ExitPolicy, RegimePolicy, UniversePolicy
from trader.registry import Registry
from trader.risk.engine import RiskEngine
from trader.sizing import Sizer
from trader.strategy import FeatureSource

make_decision = maker(Decision)


@dataclass(frozen=True)
class Desk:
    """
    Everything a decision needs but the market and the book: strategies, rules and policies.

    *priorities* maps strategy to its priority; the lower number wins a tie (STR4).  The gateway's *registry* is empty:
    strategies run in the kernel alone.
    """

    registry: Registry
    priorities: Mapping[str, int]
    risk: RiskEngine
    universe: UniversePolicy
    regime: RegimePolicy
    exits: ExitPolicy
    execution: ExecutionPolicy

    @cached_property
    def sizer(self) -> Sizer:
        """Puts money to percentages."""
        return Sizer(self.universe, self.regime, self.execution)


def propose(desk: Desk, snapshot: Snapshot, features: FeatureSource) -> Proposals:
    """Ask every strategy whose timeframe closes at *snapshot.as_of*."""
    return desk.registry.collect(snapshot, features)


def dispose(desk: Desk, snapshot: Snapshot, book: Book, proposals: Proposals, exit_due: bool = True) -> Decision:
    """
    Judge *proposals*, and every exit that is due, against *book*; plan what is permitted.

    A tripped breaker moves the book to reducing before anything is judged; while trading is not active, every working
    BUY is to end.  *exit_due* False is the word of a walk that watches every level of every position: none is reached
    and none is too old, so no exit is looked for but what a strategy asked for and did not get.
    """
    trips = desk.risk.trips(book)
    if trips:
        book = replace(book, state=TradingState.REDUCING)
    cancels = () if book.state is TradingState.ACTIVE else book.working_buys
    wishes = exits(snapshot, book, desk.exits) if (exit_due or book.unsold) and book.positions else ()
    if not wishes and not proposals.proposals:
        return Decision(snapshot.as_of, snapshot.id, trips=trips, cancels=cancels)
    candidates, superseded = integrate(wishes, proposals.proposals, desk.priorities, book)
    verdicts = desk.risk.review_all([desk.sizer.size(wish, snapshot, book) for wish in candidates], book)
    return make_decision(
        snapshot.as_of,
        snapshot.id,
        verdicts,
        plan(verdicts, snapshot, desk.execution),
        trips,
        superseded,
        cancels,
    )


def decide(desk: Desk, snapshot: Snapshot, book: Book, features: FeatureSource) -> Decision:
    """`propose`, then `dispose`: what the kernel and the gateway do between them."""
    return dispose(desk, snapshot, book, propose(desk, snapshot, features))
