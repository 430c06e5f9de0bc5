"""
Which symbols a run on a venue deals in, and a sentence for whatever is left out.

What a user names he gets, or an error.  Where he names nothing the universe's
list is meant, which is longer than any venue's: what is not to be had there is
left out and said, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from trader.config import Config
from trader.errors import TraderError
from trader.model.wire import ProductState

PAID_IN_USD = "-USD"


class NotToBeHad(TraderError):
    """What is wanted is not to be had at the venue."""


@dataclass(frozen=True, slots=True)
class Dealt:
    """*symbols* to deal in, sorted, and *notes* on those that are not."""

    symbols: tuple[str, ...]
    notes: tuple[str, ...] = ()


def universe_of(config: Config) -> tuple[str, ...]:
    """Every symbol that a tier lists, sorted."""
    return tuple(sorted(config.universe().tier_of))


def listed(wanted: Iterable[str], states: Mapping[str, ProductState], host: str) -> Dealt:
    """Those of *wanted* that *host* has online, by its *states*; raises NotToBeHad where it has none."""
    names = sorted(wanted)
    missing = [name for name in names if name not in states]
    shut = [name for name in names if name in states and not states[name].online]
    kept = tuple(name for name in names if name in states and states[name].online)
    if not kept:
        raise NotToBeHad(f"{host}: has none of {', '.join(names)}; name what it has in --symbols")
    said = [f"{host} does not list {', '.join(missing)}"] if missing else []
    said += [f"{host} has {', '.join(shut)} offline"] if shut else []
    return Dealt(kept, tuple(f"{one}: left out of this run" for one in said))


def for_account(
    named: tuple[str, ...] | None, universe: tuple[str, ...], states: Mapping[str, ProductState], host: str
) -> Dealt:
    """
    What an account at *host* deals in: all that was *named*, or what is left of *universe*.

    Its books keep dollars alone, so what another wallet pays for is not dealt in.
    """
    other = [symbol for symbol in named or universe if not symbol.endswith(PAID_IN_USD)]
    same = ", ".join(symbol.partition("-")[0] + PAID_IN_USD for symbol in other)
    why = f"{', '.join(other)}: not paid from the USD wallet, which is all the books keep; the same market is {same}"
    if named is None:
        found = listed(set(universe) - set(other), states, host)
        return Dealt(found.symbols, (*found.notes, f"{why}; left out of this run") if other else found.notes)
    missing = sorted(set(named) - states.keys())
    if missing:
        raise NotToBeHad(f"{host}: does not list {', '.join(missing)}; leave it out of --symbols")
    if other:
        raise NotToBeHad(f"--symbols: {why}")
    return Dealt(tuple(sorted(named)))
