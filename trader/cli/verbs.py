"""
Which verbs there are, and where each lives.

A verb is a module of its own with either a function `command` or a typer app `app` (for verbs with sub-verbs).
Nothing is imported until its verb is asked for, so help and mistakes answer at once.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verb:
    """Where a verb lives (`module:attribute`) and its one line of help."""

    target: str
    summary: str
    hidden: bool = False


VERBS: dict[str, Verb] = {
    "universe": Verb("trader.cli.universe:app", "who may be traded at an instant, who not, and why"),
    "audit": Verb("trader.cli.audit:app", "check the record, or show why each order was made"),
    "backtest": Verb(
        "trader.cli.backtest:command", "the very decision of live over history: report.json and report.html"
    ),
    "check": Verb("trader.cli.check:app", "lookahead, warm-up and purity of one strategy; exit 1 when it is biased"),
    "compare": Verb("trader.cli.compare:command", "regression gate: a report against a baseline"),
    "report": Verb("trader.cli.report:command", "the HTML page of one report, or of several side by side"),
    "config": Verb("trader.cli.config:app", "check the configuration, or show what is in force"),
    "data": Verb("trader.cli.data:app", "bars into the lake, listed and verified"),
    "demo": Verb("trader.cli.demo:command", "the whole path on the built-in market (`make demo`)"),
    "run": Verb("trader.cli.run:command", "dry run, paper, or live rehearsed: gateway, scheduler, a notebook a cycle"),
    "strategy": Verb("trader.cli.strategy:app", "strategies: listed, or a new one begun with its test and stanza"),
    "rtm": Verb("trader.cli.rtm:command", "requirements, their tests and the last result; red fails"),
    "arm": Verb("trader.cli.operator:arm", "let a live account send orders for a while, once you have typed for what"),
    "kill": Verb("trader.cli.operator:kill", "stop everything now; only resume lifts it"),
    "resume": Verb("trader.cli.operator:resume", "let a stopped account trade again"),
    "reconcile": Verb("trader.cli.operator:reconcile", "a live account's books against the exchange"),
    "simulator": Verb("trader.cli.simulator:command", "the loopback Coinbase, to rehearse live against"),
}

# Promised by the contract, for later: they answer plainly instead of pretending.
NOT_THERE_YET: frozenset[str] = frozenset(
    """
    init doctor sweep walkforward status positions orders fills risk halt reduce flatten
    replay backup restore gates drill canary alerts secrets purge
    """.split()
)
