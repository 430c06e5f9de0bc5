"""
The world's failures and the user's mistakes, typed.

A refusal by us is a value (`Objection`), never an exception.  What is raised
here reaches the user as a sentence and an exit code, never as a traceback.
"""

from __future__ import annotations

from collections.abc import Iterable


class TraderError(Exception):
    """Something the user can understand and mend; *exit_code* is what the command line returns."""

    exit_code: int = 2


class HeldElsewhere(TraderError):
    """Another live instance holds the lock."""

    exit_code = 3


class Halted(TraderError):
    """Trading is halted or killed and only the operator lifts it."""

    exit_code = 4


class ExchangeUnreachable(TraderError):
    """The exchange or the gateway does not answer."""

    exit_code = 5


def sentences(problems: Iterable[str]) -> str:
    """All *problems*, one a line, so that the user mends them in one go."""
    return "\n".join(problems)
