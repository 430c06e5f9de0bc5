"""
A gateway for a notebook opened by hand: on the built-in market, in memory, sending nothing.

The same code gives the same cycle to everybody, so that the notebook can be read,
changed and compared without any set-up; nothing of it touches a real account.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from trader.config import load_config
from trader.config.home import home
from trader.gateway.client import collect
from trader.gateway.describe import Answer, Question, answer
from trader.gateway.desk_info import Stanza
from trader.gateway.service import Gateway
from trader.market.choose import Wanted
from trader.running.ground import Ground
from trader.running.house import VenueOf, gateway_on, market_of
from trader.state.memory import MemoryJournal

START, END = datetime(2025, 1, 10, tzinfo=UTC), datetime(2025, 1, 20, tzinfo=UTC)
OVERRIDES = ("app.mode=dry_run", "app.account=by-hand", "app.seed=7")
SHIPPED = ("breakout", "mean_reversion", "sma_cross")
"""Who is asked: with a user's own strategies among them, the cycle would be another in every house."""


def first_interesting_cycle(venue_of: VenueOf) -> tuple[Gateway, str]:
    """A gateway in the middle of the first cycle at which a shipped strategy, enabled or not, proposes; its id."""
    root = home()
    config = load_config(root / "config", OVERRIDES)
    directory = root / "strategies"
    stanzas = tuple(Stanza.of(stanza) for stanza in config.strategies())
    shipped = tuple(name for name in SHIPPED if (directory / f"{name}.py").is_file())
    names = shipped or tuple(stanza.name for stanza in stanzas)
    described: Answer = answer(Question(str(directory), stanzas, json.dumps(config.signal_defaults()), names))
    market, chosen = market_of(config, Wanted(granularity="1h", start=START, end=END), described.strategies)
    ground = Ground(market, chosen.source, market.step)
    gateway = gateway_on(ground, config, described, directory, MemoryJournal(), venue_of)
    while True:
        cycle = gateway.begin()
        if collect(gateway.desk, cycle.snapshot).proposals or gateway.standing().is_exhausted:
            return gateway, cycle.id
        gateway.finish(cycle.id, "complete")
