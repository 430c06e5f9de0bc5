"""
Everything a run needs, taken up in order and put down in reverse.

Lock, strategies, kernels, journal, bars and venue, books, door: whoever fails says so in a
sentence, and what was taken up before is put down again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trader.backtest.asked import none_enabled
from trader.config import Config, load_config
from trader.config.secret_values import looks_secret, masked
from trader.model.trading import TradingState
from trader.ops.holder import shortened
from trader.ops.kill import KillFlag, KillLatch
from trader.ops.lock import SingleInstance
from trader.running.asked import CannotRun, RunAsked, on_feed, refuse
from trader.running.describing import Describing
from trader.running.places import Places

if TYPE_CHECKING:
    from trader.gateway.service import Gateway
    from trader.market.market import Market
    from trader.ops.notebook_runner import NotebookRunner
    from trader.running.ground import Ground
    from trader.running.house import VenueOf
    from trader.state.journal import SqliteJournal


@dataclass(frozen=True, slots=True)
class Session:
    """A run that is ready to begin."""

    config: Config
    places: Places
    ground: Ground
    gateway: Gateway
    journal: SqliteJournal
    runner: NotebookRunner
    socket: Path
    kill: KillLatch

    @property
    def market(self) -> Market:
        """What it runs on."""
        return self.ground.market


@contextmanager
def opened(asked: RunAsked, venue_of: VenueOf) -> Iterator[Session]:
    """Take everything up; put it down again at the end of the block, whatever happens in it."""
    refuse(asked)
    config = load_config(asked.config_dir, asked.all_overrides)
    asked = on_feed(asked, config.app.mode)
    places = Places.of(config)
    command = shortened(masked(" ".join(["trader", *sys.argv[1:]])))
    with ExitStack() as stack:
        lock = SingleInstance(places.run_dir, places.tag, mode=places.mode, command=command)
        stack.enter_context(lock)
        describing = Describing(asked.strategies_dir, config.strategies(), config.signal_defaults(), asked.strategies)
        stack.callback(describing.close)
        # What takes long to import is imported while that process looks at the strategies.
        from trader.gateway.server import Door
        from trader.running.ground import ground_of
        from trader.running.house import gateway_on
        from trader.running.kernels import runner_of

        described = describing.answer()
        if not described.strategies:
            raise none_enabled(asked.config_dir, described.there)
        runner = runner_of(asked, places.cycles, config.app.cycle_deadline_seconds, described)
        stack.callback(runner.write_rest)  # also where the run breaks off
        stack.enter_context(runner.pool)
        kill = KillLatch(KillFlag(places.run_dir).reason)
        known = places.journal.parent.exists()  # also where the file is gone and its published head is there
        journal = journal_of(places, stack) if known else None  # sound, before anybody is asked
        ground = ground_of(asked, config, described.strategies, places, stack, kill.reason)
        socket = places.socket()
        if looks_secret(str(socket)):
            raise CannotRun(f"{places.run_dir}: looks like a secret, and it would stand in every notebook; rename it")
        journal = journal or journal_of(places, stack)  # a start that is refused leaves none behind
        gateway = gateway_on(ground, config, described, asked.strategies_dir, journal, venue_of, lock.held, kill.reason)
        if gateway.standing().state is TradingState.KILLED:
            kill.press("it was pressed before this start")  # even if its flag is gone, the venue is kept empty
        gateway.started(journal.epoch)
        door = Door(gateway, socket)
        stack.callback(door.close)
        door.open()
        yield Session(config, places, ground, gateway, journal, runner, socket, kill)


def journal_of(places: Places, stack: ExitStack) -> SqliteJournal:
    """The record of the account, whole and undamaged, until *stack* unwinds."""
    from trader.state.journal import SqliteJournal

    journal = SqliteJournal(places.journal, mode=places.mode, account=places.account)
    stack.callback(journal.close)
    return journal
