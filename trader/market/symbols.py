"""
When a symbol is not there: name what is, and what was probably meant.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Final

from trader.errors import TraderError

SHOWN: Final = 40


class UnknownSymbol(TraderError):
    """A symbol that nobody knows."""


def unknown_symbol(symbol: str, known: Collection[str], where: str) -> UnknownSymbol:
    """The error to raise for *symbol*, which is not among those *known* to *where*."""
    names = sorted(known)
    near = difflib.get_close_matches(symbol.upper(), names, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else ""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return UnknownSymbol(f"{symbol}: not in {where}{hint}  It has {', '.join(names[:SHOWN])}{more}")


def other_venue(symbol: str) -> bool:
    """*symbol* names another venue than Coinbase: USDT quoted, backtest only."""
    return symbol.endswith("-USDT")
