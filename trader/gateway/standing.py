"""
How an account stands at one moment, in values that nothing changes any more.

What goes on between cycles goes on in another thread.  Whoever wants to tell of
an account looks at one of these, taken while nobody wrote, and never at the books.
"""

from __future__ import annotations

from dataclasses import dataclass

from trader.gateway.account_view import Bare
from trader.gateway.core import TradingCore
from trader.model.events import Event
from trader.model.trading import TradingState


@dataclass(frozen=True, slots=True)
class Standing:
    """
    *settled* is the instant up to which bars were played, *following* the next to decide at; *ahead* says where the
    account is, in words, if its history ends before that.  *moved_from* is the market it ran on before, if another.
    *unprotected* are positions whose stop does not rest, *seen* is what was recorded since the cycle was begun.
    """

    settled: int | None
    following: int
    is_exhausted: bool
    ahead: str
    moved_from: str
    state: TradingState
    unprotected: tuple[Bare, ...]
    seen: tuple[Event, ...]


def standing_of(core: TradingCore) -> Standing:
    """How the account of *core* stands; nobody may write meanwhile."""
    books = core.books
    return Standing(
        settled=books.settled,
        following=books.following,
        is_exhausted=core.exhausted,
        ahead="" if books.ahead_since is None else f"{books.now:%Y-%m-%d %H:%M} UTC",
        moved_from=books.moved_from,
        state=books.ledger.state,
        unprotected=books.unprotected,
        seen=tuple(books.journal.seen),
    )
