"""
Many wishes, at most one per symbol.

Exits win over entries; among entries the highest conviction wins, then the
lower priority number, then the name.  Whatever loses is kept, with who won
and why, so that no proposal vanishes.  A strategy's newest word stands for it:
what it asked to sell before, and could not, gives way to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter

from trader.exits import ExitWish
from trader.model.book import Book, Key
from trader.model.decision import Superseded
from trader.model.trading import ExitReason, Side, TradeProposal
from trader.policy import StrategyStanza
from trader.sizing import defects_of

Candidate = ExitWish | TradeProposal

_Rank = tuple[float, int, str]
_UNBELIEVABLE = 1.0
_SIDES = tuple(Side)
_DEFAULT_PRIORITY = StrategyStanza("").priority


def integrate(
    exits: Iterable[ExitWish], proposals: Iterable[TradeProposal], priorities: Mapping[str, int], book: Book
) -> tuple[tuple[Candidate, ...], tuple[Superseded, ...]]:
    """
    What goes on to be judged, and what lost against it; *priorities* by strategy, the lower number first.

    SELLs of different strategies concern different positions, so there is one exit per (strategy, symbol): due exits
    as given, then strategies' own SELLs, then one BUY for each symbol that nobody leaves.  SELLs and BUYs stand in
    order of conviction, priority, name and symbol, which is the order in which they get scarce room.  A SELL of what
    its strategy does not hold in *book*, or with a defect, leaves nothing: it pushes no BUY aside, and risk refuses it.
    An exit that repeats a strategy's own is not asked for in an instant in which that strategy says anything sound of
    the symbol.
    """
    wishes, asked = tuple(exits), tuple(proposals)
    if len(wishes) + len(asked) == 1:
        return (*wishes, *asked), ()

    due: dict[Key, ExitWish] = {}
    for wish in wishes:
        if wish.exit_reason is not ExitReason.SIGNAL or not _has_a_newer_word(wish, asked):
            due.setdefault((wish.strategy, wish.symbol), wish)

    ranked = [(_rank(proposal, priorities), proposal.symbol, proposal) for proposal in asked]
    ranked.sort(key=itemgetter(0, 1))
    sells: dict[Key, tuple[_Rank, TradeProposal]] = {}
    buys: dict[str, tuple[_Rank, TradeProposal]] = {}
    superseded: list[Superseded] = []

    for rank, symbol, proposal in ranked:
        if proposal.side is Side.SELL:
            key = (proposal.strategy, symbol)
            if key in due:
                superseded.append(Superseded(proposal, proposal.strategy, due[key].exit_reason.value))
            elif key in sells:
                superseded.append(_lost(proposal, rank, *sells[key]))
            else:
                sells[key] = (rank, proposal)

    sold = [key for key, (_, proposal) in sells.items() if key in book.positions and not defects_of(proposal)]
    leaving = {symbol: strategy for strategy, symbol in (*reversed(sold), *reversed(due))}
    for rank, symbol, proposal in ranked:
        if proposal.side is Side.SELL:
            continue
        if symbol in leaving:
            superseded.append(Superseded(proposal, leaving[symbol], "exit"))
        elif symbol in buys:
            superseded.append(_lost(proposal, rank, *buys[symbol]))
        else:
            buys[symbol] = (rank, proposal)

    entries = (proposal for _, proposal in (*sells.values(), *buys.values()))
    return (*due.values(), *entries), tuple(superseded)


def _has_a_newer_word(wish: ExitWish, asked: Iterable[TradeProposal]) -> bool:
    key = (wish.strategy, wish.symbol)
    return any((proposal.strategy, proposal.symbol) == key and not defects_of(proposal) for proposal in asked)


def _rank(proposal: TradeProposal, priorities: Mapping[str, int]) -> _Rank:
    """Smaller is better.  What is no BUY or SELL, or no conviction, ranks last: risk will name the fault."""
    conviction: object = proposal.conviction
    believed = conviction if isinstance(conviction, float | int) and 0 <= conviction <= 1 else None
    priority = priorities.get(proposal.strategy, _DEFAULT_PRIORITY)
    rank = _UNBELIEVABLE if believed is None or proposal.side not in _SIDES else -float(believed)
    return rank, priority, proposal.strategy


def _lost(loser: TradeProposal, rank: _Rank, winning_rank: _Rank, winner: TradeProposal) -> Superseded:
    compared = zip(("conviction", "priority", "name"), rank, winning_rank, strict=True)
    return Superseded(loser, winner.strategy, next((word for word, mine, best in compared if mine != best), "repeated"))
