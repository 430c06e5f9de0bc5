"""
`python -m trader.gateway.describe`: loads strategies so that the gateway need not.

Reads what to load on stdin and answers with facts on stdout; whatever a
strategy's file does while it is loaded, it does in this process, which ends.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from trader.errors import TraderError
from trader.gateway.desk_info import Stanza, StrategyFacts
from trader.model.codec import dumps, loads
from trader.policy import StrategyStanza
from trader.strategy import window_bars

ALARM_SECONDS = 120
"""Should whoever asked be gone."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which strategies to load; *only* names those to run, enabled or not."""

    directory: str
    stanzas: tuple[Stanza, ...]
    defaults_json: str
    only: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """
    Facts on every strategy that runs, the stanzas a kernel needs, and what there is; or why nothing can run.

    *refusal* is for the user, *exit_code* what the command line returns with it.
    """

    strategies: tuple[StrategyFacts, ...] = ()
    stanzas: tuple[Stanza, ...] = ()
    there: tuple[str, ...] = ()
    defaults_json: str = "{}"
    refusal: str = ""
    exit_code: int = 0


def question(
    directory: Path, stanzas: Iterable[StrategyStanza], defaults: dict[str, object], only: tuple[str, ...] | None
) -> str:
    """What to write on the process's stdin."""
    asked = tuple(Stanza.of(stanza) for stanza in stanzas)
    return dumps(Question(str(directory), asked, json.dumps(defaults, sort_keys=True), only))


def answer(asked: Question) -> Answer:
    """Load what is *asked* for; a strategy that cannot be loaded is a refusal that says why."""
    from trader.guard import AuditGuard
    from trader.loader import discover, load_strategies

    directory = Path(asked.directory)
    try:
        stanzas = [stanza.back() for stanza in asked.stanzas]
        defaults = json.loads(asked.defaults_json)
        loaded = load_strategies(directory, stanzas, asked.only, defaults, AuditGuard())
        there = tuple(sorted(discover(directory)))
    except TraderError as error:
        return Answer(refusal=str(error), exit_code=error.exit_code)
    running = tuple(
        StrategyFacts(one.stanza.name, one.timeframe_seconds, window_bars(one.strategy), one.stanza.symbols)
        for one in loaded
        if one.stanza.enabled
    )
    return Answer(running, tuple(Stanza.of(one.stanza) for one in loaded), there, asked.defaults_json)


def main() -> None:
    """Answer on the real stdout; what strategies print goes to stderr, and nothing outlives its welcome."""
    signal.alarm(ALARM_SECONDS)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    out.write(dumps(answer(loads(Question, sys.stdin.read()))))
    out.close()


if __name__ == "__main__":
    main()
