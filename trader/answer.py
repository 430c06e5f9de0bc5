"""
What a strategy answered: taken at its word where it is sound, and put into words where it is not.

The same answer gives the same proposals and the same words in every run.
"""

from __future__ import annotations

import re
import traceback
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np

from trader.errors import TraderError
from trader.fence import ReachedOut, StrategyTimeout
from trader.model.quick import maker
from trader.model.trading import Side, TradeProposal

make_proposal = maker(TradeProposal)
PROPOSALS_MAX = 1_000
DETAIL_CHARS_MAX = 300

_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
_UNCHANGEABLE = ("does not support item assignment", "does not support item deletion", "read-only")


class JunkReturned(Exception):
    """A strategy returned what is no list of proposals for symbols it was asked about."""


def checked(wishes: object, strategy: str, symbols: tuple[str, ...]) -> tuple[TradeProposal, ...]:
    """*wishes* with the strategy's name on them, or `JunkReturned`; fields out of bounds are for risk to name (R2)."""
    if type(wishes) is not list:
        raise JunkReturned(f"returned {type(wishes).__name__}, not a list of TradeProposal")
    if len(wishes) > PROPOSALS_MAX:
        raise JunkReturned(f"returned {len(wishes)} proposals; at most {PROPOSALS_MAX} make sense")
    for wish in wishes:
        if type(wish) is not TradeProposal:
            raise JunkReturned(f"returned a list with {type(wish).__name__} in it, not only TradeProposal")
        if not _asked_about(wish.symbol, symbols):
            raise JunkReturned(f"proposed {wish.symbol!r:.40}, which is not in context.symbols")
    return tuple([_signed(wish, strategy) for wish in wishes])


def _signed(wish: TradeProposal, strategy: str) -> TradeProposal:
    """*wish* with the name of its *strategy* on it."""
    size, stop, target, conviction = wish.notional_pct, wish.stop_loss_pct, wish.take_profit_pct, wish.conviction
    if not type(size) is type(stop) is type(target) is type(conviction) is float:
        size, stop, target, conviction = _number(size), _number(stop), _number(target), _number(conviction)
    return make_proposal(wish.symbol, wish.side, size, stop, target, conviction, wish.reason, wish.tags, strategy)


def _asked_about(symbol: object, symbols: tuple[str, ...]) -> bool:
    return type(symbol) is str and symbol in symbols


def _number(value: Any) -> Any:
    """numpy's numbers as Python's; anything else as it is."""
    return float(value) if isinstance(value, (np.floating, np.integer)) else value


def order(proposal: TradeProposal) -> tuple[str, str, str]:
    """By symbol, side, strategy; equals keep the order in which the strategy named them."""
    side = proposal.side.value if type(proposal.side) is Side else ""
    return proposal.symbol, side, proposal.strategy


def why(error: BaseException, module: str, timeout_seconds: float) -> str:
    """One line: what went wrong and where in the strategy's *module*; the same in every run."""
    line, trace = "", error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") == module:
            line = f" ({trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno})"
        trace = trace.tb_next
    if isinstance(error, StrategyTimeout):
        return f"took longer than {timeout_seconds:g} s{line}"
    said = traceback.format_exception_only(error)[-1].strip()
    if isinstance(error, JunkReturned | ReachedOut | TraderError):
        said = str(error)
    elif isinstance(error, FrozenInstanceError) or any(words in said for words in _UNCHANGEABLE):
        said = f"tried to change what it was given: {said}"
    return _ADDRESS.sub("0x…", said)[:DETAIL_CHARS_MAX] + line
