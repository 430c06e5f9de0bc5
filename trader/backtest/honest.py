"""
A few looks, before a backtest walks, at whether its strategies can be believed.

`trader check` looks everywhere and long; this finds what is wrong at every bar,
as a shift into the future or a mean of all history is, in a fraction of a
second.  Whoever peeks is refused, for no figure of such a backtest means
anything; whoever needs more past than it says is told of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from trader.backtest.bias import Bias, Fence, Found, check_lookahead, check_warmup
from trader.errors import TraderError
from trader.features.whole import Frames
from trader.registry import LoadedStrategy

SYMBOLS, BARS, CUTS = 3, 4_000, 4
A_HAIR = 1e-9
"""Relative: a running sum is off by less, and worth no warning, though live and backtest differ in the last bits."""


class UsesTheFuture(TraderError):
    """A strategy's features change when later bars become known."""

    exit_code = 1


def doubts(strategies: Iterable[LoadedStrategy], frames: Frames, tradable: Iterable[str], fence: Fence) -> list[str]:
    """
    What is to be told of *strategies*, computed on the last few thousand bars of their first symbols.

    Raises `UsesTheFuture`, with the column and bar, for whoever does.
    """
    wanted, told = frozenset(tradable), []
    for loaded in strategies:
        name = loaded.stanza.name
        for found in _found(loaded, _few(loaded, frames(loaded.timeframe_seconds), wanted), fence):
            if isinstance(found, Bias) and found.kind == "lookahead":
                raise UsesTheFuture(f"strategy {name}, {found} (trader check lookahead {name})")
            if _matters(found):
                told.append(f"strategy {name}, {found} (trader check warmup {name})")
                break
    return told


def _matters(found: Found) -> bool:
    """Whether the two numbers differ by more than arithmetic does; an unknown one always matters."""
    if not isinstance(found, Bias):
        return True
    return not abs(found.whole - found.honest) <= A_HAIR * max(abs(found.whole), abs(found.honest))


def _few(
    loaded: LoadedStrategy, frames: Mapping[str, pd.DataFrame], wanted: frozenset[str]
) -> Iterator[tuple[str, pd.DataFrame]]:
    """The last bars of the first symbols that the strategy may trade."""
    allowed = wanted if loaded.stanza.symbols is None else wanted & frozenset(loaded.stanza.symbols)
    for symbol in sorted(allowed & frames.keys())[:SYMBOLS]:
        yield symbol, frames[symbol].iloc[-BARS:]


def _found(loaded: LoadedStrategy, few: Iterator[tuple[str, pd.DataFrame]], fence: Fence) -> Iterator[Found]:
    """Every offence, a look into the future before a window that is too short."""
    for symbol, bars in few:
        for check in (check_lookahead, check_warmup):
            found = check(loaded, symbol, bars, fence, CUTS)
            if found is not None:
                yield found
