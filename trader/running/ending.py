"""
How a run leaves: what its last words name, and the exit code of the contract.

Whatever went wrong on the way is said again here, because nobody reads every
line of a long run; where several things did, the gravest gives the exit code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trader.errors import Halted, TraderError
from trader.model.trading import TradingState
from trader.running.telling import Told, failures_of, fills_of

if TYPE_CHECKING:
    from trader.running.session import Session

INTERRUPTED_EXIT = 130
NAMED_MAX = 3
"""Lost records named in the journal's last event."""
STOPPED = (TradingState.HALTED.value, TradingState.KILLED.value)
"""States in which nothing is sent; where trading is only reducing, exits still are."""
FAILED_EXIT = 1


def ended(run: Told, session: Session, *, is_urgent: bool) -> None:
    """
    Record that *run* is over, and tell in it how it left; *is_urgent* where somebody insisted on the end.

    Nobody looks between cycles any more: what is recorded here is the last.
    """
    run.unwritten = session.runner.write_rest()
    run.failures = failures_of(run.cycles)
    session.gateway.stopped("; ".join([run.ended, *run.unwritten[:NAMED_MAX]]))
    after, nlv_usd = session.gateway.valued()
    run.state = (TradingState.KILLED if session.kill.reason() else after.state).value
    run.fills, run.fingerprint = fills_of(session.journal.replay())
    run.nlv_usd = round(float(nlv_usd), 2)
    run.journal_head = session.journal.head()
    run.exit_code = INTERRUPTED_EXIT if is_urgent else exit_code(run)


def exit_code(run: Told) -> int:
    """
    4 where trading is halted or killed, so that whoever starts runs knows that one more would send nothing either; 2
    where executed notebooks were lost, as where a report or the journal cannot be written; 5, set already, where the
    last bars could not be had; 1 where a strategy failed, as in a backtest: whatever else traded on, what was asked for
    was not done.
    """
    if run.state in STOPPED:
        return Halted.exit_code
    if run.unwritten:
        return TraderError.exit_code
    return run.exit_code or (FAILED_EXIT if run.failures else 0)
