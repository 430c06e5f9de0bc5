"""
What an account on a venue is made of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from trader.execution.wire_tend import QuoteOf
from trader.execution.wiring import WirePolicy
from trader.ports import Clock, Wire


def unquoted(symbol: str) -> None:
    """No quote of anything: maker entries are not repriced."""


def known_already(symbols: Sequence[str]) -> None:
    """Nothing has to be asked before a last look at *symbols*."""


def nothing_to_review() -> None:
    """Nothing has to be asked with a look."""


def nowhere(symbol: str) -> bool:
    """No symbol takes a resting stop."""
    return False


@dataclass(frozen=True, slots=True)
class WireSetup:
    """
    What a venue account works with; *symbols* are those dealt in, *rests* says where the venue takes a stop.

    *freshen* may ask for what the last look will judge by, which must not ask itself.
    """

    wire: Wire
    clock: Clock
    symbols: tuple[str, ...]
    policy: WirePolicy = field(default_factory=WirePolicy)
    quote: QuoteOf = unquoted
    rests: Callable[[str], bool] = nowhere
    freshen: Callable[[Sequence[str]], None] = known_already
    review: Callable[[], None] = nothing_to_review
    """Asked with every look at the venue for what is read seldom, like the account's fees; paces itself."""
    bot_id: str = "t247"
    tends: bool = True
    """Whether entries that rest too long and stops are looked after; not where somebody only looks."""
