"""
Ask every strategy that is due, and let none of them harm another.

A strategy that raises, hangs, reaches where it may not or returns junk loses
its proposals of this instant and leaves a report that says why; the others
run.  What it is given cannot be changed.  The registry reads no clock and
loads no file: strategies, timer and guard are handed in.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from trader.answer import checked, order, why
from trader.fence import Guard, NoGuard, NoTimer, StrategyTimeout, Timer
from trader.model.decision import Proposals, StrategyReport
from trader.model.market import Bars, Membership, Quote, Snapshot
from trader.model.orders import Position
from trader.model.quick import maker
from trader.model.trading import TradeProposal
from trader.policy import StrategyStanza
from trader.strategy import FeatureSource, Strategy, StrategyContext

make_context = maker(StrategyContext)
OK, SKIPPED, FAILED = "ok", "skipped", "failed"
Answer = TypeVar("Answer")
_NO_TIMER, _NO_GUARD = NoTimer(), NoGuard()
_NO_POSITIONS: Mapping[str, Position] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class LoadedStrategy:
    """A strategy with its stanza, ready to be asked; *timeframe_seconds* is the length of its bars."""

    stanza: StrategyStanza
    strategy: Strategy
    timeframe_seconds: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A strategy's code did not do what it should; *detail* says what and where."""

    detail: str
    error: BaseException


class _Seat:
    """What never changes about one strategy, worked out once."""

    __slots__ = (
        "allowed", "disabled", "enabled", "idle", "key", "module", "name", "no_symbol", "strategy", "timeframe_seconds",
    )  # fmt: skip

    def __init__(self, loaded: LoadedStrategy) -> None:
        self.strategy, self.module = loaded.strategy, type(loaded.strategy).__module__
        self.name = name = loaded.stanza.name
        self.enabled = loaded.stanza.enabled
        self.timeframe_seconds = loaded.timeframe_seconds
        self.allowed = None if loaded.stanza.symbols is None else frozenset(loaded.stanza.symbols)
        self.key = zlib.crc32(name.encode())
        self.idle = StrategyReport(name, OK)
        self.disabled = StrategyReport(name, SKIPPED, "(disabled)")
        self.no_symbol = StrategyReport(name, SKIPPED, "(no eligible symbol has a closed bar and warm features)")


class Registry:
    """The strategies of one desk, in order of their names."""

    def __init__(
        self,
        strategies: Iterable[LoadedStrategy],
        timer: Timer | None = None,
        guard: Guard | None = None,
        timeout_seconds: float = 2.0,
    ) -> None:
        self.strategies = tuple(sorted(strategies, key=lambda loaded: loaded.stanza.name))
        self._seats = tuple(_Seat(loaded) for loaded in self.strategies)
        assert len({seat.name for seat in self._seats}) == len(self._seats), "a strategy is registered twice"
        self._timer, self._guard = timer, guard
        self._timeout_seconds = timeout_seconds

    def collect(self, snapshot: Snapshot, features: FeatureSource) -> Proposals:
        """The proposals of every strategy whose timeframe closes at *snapshot.as_of*, and how each strategy fared."""
        reports: list[StrategyReport] = []
        found: list[TradeProposal] = []
        quotes: Mapping[str, Quote] | None = None
        for seat in self._seats:
            closed = snapshot.closed.get(seat.timeframe_seconds)
            if not closed:
                continue
            if not seat.enabled:
                reports.append(seat.disabled)
                continue
            held = snapshot.positions.get(seat.name, _NO_POSITIONS)
            candidates = _candidates(seat.allowed, closed, snapshot.membership, held)
            if not candidates:
                reports.append(seat.no_symbol)
                continue
            if quotes is None:
                quotes = MappingProxyType(snapshot.quotes)
            report, proposals = self._ask(seat, candidates, snapshot, features, quotes)
            reports.append(report)
            found += proposals
        if len(found) > 1:
            found.sort(key=order)
        return Proposals(snapshot.id, snapshot.as_of, tuple(found), tuple(reports))

    def _ask(
        self,
        seat: _Seat,
        candidates: tuple[str, ...],
        snapshot: Snapshot,
        features: FeatureSource,
        quotes: Mapping[str, Quote],
    ) -> tuple[StrategyReport, tuple[TradeProposal, ...]]:
        """Ask one strategy about *candidates*."""
        timer, ask = self._timer, partial(_answer, seat, candidates, snapshot, features, quotes)
        began = 0.0 if timer is None else timer.monotonic()
        answer = attempt(seat.name, seat.module, ask, timer, self._guard, self._timeout_seconds)
        seconds = 0.0 if timer is None else timer.monotonic() - began
        if answer is None:
            return seat.no_symbol, ()
        if isinstance(answer, Failure):
            return StrategyReport(seat.name, FAILED, answer.detail, 0, seconds), ()
        if not answer and not seconds:
            return seat.idle, ()
        return StrategyReport(seat.name, OK, "", len(answer), seconds), answer


def attempt(
    name: str,
    module: str,
    call: Callable[[], Answer],
    timer: Timer | None = None,
    guard: Guard | None = None,
    timeout_seconds: float = 2.0,
) -> Answer | Failure:
    """What *call*, which runs the code of strategy *name* in *module*, returns; or why it failed."""
    try:
        if timer is None and guard is None:
            return call()
        with (timer or _NO_TIMER).limit(timeout_seconds), (guard or _NO_GUARD).watch(name):
            return call()
    except (StrategyTimeout, Exception) as error:  # noqa: BLE001
        # One of the house's two broad excepts: a strategy is a stranger's code and may fail in any way, and
        # whatever it does costs it its own answer and nobody else's.  The caller reports what happened.
        return Failure(why(error, module, timeout_seconds), error)


def _candidates(
    allowed: frozenset[str] | None,
    closed: tuple[str, ...],
    membership: Mapping[str, Membership],
    held: Mapping[str, Position],
) -> tuple[str, ...]:
    """
    The symbols of *closed* that are eligible and the strategy's to trade, and those it holds, sorted.

    A symbol that left the universe while held stays in view, for exits stay open; an entry in it is denied by risk.
    """
    known = membership.get
    eligible = [
        s
        for s in closed
        if s in held or ((m := known(s)) is not None and m.eligible and (allowed is None or s in allowed))
    ]
    eligible.sort()
    return tuple(eligible)


def _answer(
    seat: _Seat,
    candidates: tuple[str, ...],
    snapshot: Snapshot,
    features: FeatureSource,
    quotes: Mapping[str, Quote],
) -> tuple[TradeProposal, ...] | None:
    """What the strategy proposes about *candidates*; None where it has a feature row of none of them."""
    context = _context(seat, candidates, snapshot, features, quotes)
    if not context.symbols:
        return None
    wishes = seat.strategy.generate_proposals(context)
    return () if type(wishes) is list and not wishes else checked(wishes, seat.name, context.symbols)


def _context(
    seat: _Seat,
    candidates: tuple[str, ...],
    snapshot: Snapshot,
    features: FeatureSource,
    quotes: Mapping[str, Quote],
) -> StrategyContext:
    """What the strategy may know; every mapping in it refuses to be written."""
    name, as_of, membership = seat.name, snapshot.as_of, snapshot.membership
    rows = features.rows(name, candidates, as_of)
    symbols = candidates if len(rows) == len(candidates) else tuple([s for s in candidates if s in rows])

    def history(symbol: str, n: int, /) -> Bars:
        if symbol not in symbols:
            raise LookupError(f"history of {symbol}: it is not in context.symbols")
        return features.history(name, symbol, n, as_of)

    return make_context(
        as_of,
        symbols,
        MappingProxyType(rows),
        history,
        quotes,
        MappingProxyType(snapshot.positions.get(name, _NO_POSITIONS)),
        snapshot.regime,
        MappingProxyType({s: membership[s].tier for s in symbols}),
        seat.strategy.params,
        (snapshot.seed, seat.key, int(as_of.timestamp())),
    )
