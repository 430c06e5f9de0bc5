"""
Cycle after cycle, until there is no more history, enough were run, or somebody says stop.

A cycle is begun, its notebook is run, and it is finished with what became of the
notebook: one that failed, hung or died costs its own proposals and nothing else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from trader.errors import ExchangeUnreachable, TraderError
from trader.model.events import OrderFilled
from trader.ops.scheduler import LeapPace, Pace, Scheduler, Slot, WallPace
from trader.ops.signals import StopFlag, stop_on_signals
from trader.ops.verdict import NotebookVerdict, Status
from trader.reporting.wording import plural
from trader.running.asked import RunAsked
from trader.running.clock import SystemClock, VenueClock
from trader.running.ending import ended
from trader.running.states import StatesTold
from trader.running.stops import StopsTold, left_alone
from trader.running.telling import CycleTold, Told, Voice, told
from trader.running.watching import beside, emptied, watchdog, watched

if TYPE_CHECKING:
    from trader.running.session import Session

ABORT_SECONDS, URGENT_SECONDS = 5.0, 0.2
"""How long a notebook may go on after the first and the second signal."""
WATCH_SECONDS = 0.1

Open = Callable[[RunAsked], AbstractContextManager["Session"]]


def run_cycles(asked: RunAsked, voice: Voice, open_session: Open) -> Told:
    """Run as *asked*; every cycle is told to *voice* as it ends, and all of them in what is returned."""
    with (
        stop_on_signals(StopFlag()) as stop,
        open_session(asked) as session,
        _hurried(stop, session),
        watchdog(session, voice) as dog,
    ):
        run = Told(
            session.places.mode, session.places.account, session.ground.source, journal=str(session.places.journal)
        )
        voice.begun(run)
        for warning in (*session.ground.warnings, *session.market.climate.warnings):
            voice.note(warning)
        moved_from = session.gateway.standing().moved_from
        if moved_from:
            voice.note(f"the account ran on {moved_from} before and has nothing there any more; it goes on here")
        with watched(stop, session):
            _cycles(asked, session, stop, voice, run)
            emptied(session, dog, stop, voice)
        left_alone(session.gateway.standing().unprotected, voice)
        run.ended = run.ended or _why(session, stop, asked)
        ended(run, session, is_urgent=stop.is_urgent)
    return run


def _cycles(asked: RunAsked, session: Session, stop: StopFlag, voice: Voice, run: Told) -> None:
    gateway, market = session.gateway, session.market
    before = gateway.standing()
    if before.ahead:
        run.ended = (
            f"the account is at {before.ahead}, and this history ends before that; "
            "name a later --end, or begin another account with --set app.account=NAME"
        )
        return
    clock, end = session.ground.clock, market.time(market.last)
    pace = _pace(asked, market.time(before.following), clock)
    if not before.is_exhausted:
        interval = timedelta(seconds=session.ground.interval_seconds)
        scheduler = Scheduler(interval, pace, Random(), end=end)
        stops, states = StopsTold(voice, _takes_stops(session)), StatesTold(voice, before.state)

        def cycle(slot: Slot) -> None:
            if market.index_at_or_after(slot.as_of) < gateway.standing().following:
                return  # started again within the slot that the process before us decided on
            done = one_cycle(session, slot)
            run.cycles.append(done)
            voice.cycle(done)
            after = gateway.standing()
            stops.look(after.unprotected)
            states.look(after.state, after.seen)

        tally = scheduler.run(cycle, asked.cycles, stop)
        run.skipped = tally.skipped
        if stop.is_set() or (tally.ran == asked.cycles and not gateway.standing().is_exhausted):
            return
    settled = gateway.standing().settled
    if settled is None or settled < market.last:
        if clock is not None and not pace.wait_until(end, stop):  # its last bars are still being made
            return
        try:
            last = sum(isinstance(event, OrderFilled) for event in gateway.close_out())
        except ExchangeUnreachable as error:
            run.ended, run.exit_code = str(error), error.exit_code
            voice.critical(run.ended)
            return
        voice.note(f"history ends at {end:%Y-%m-%d %H:%M} UTC; {plural(last, 'fill')} in its last interval")


def _pace(asked: RunAsked, start: datetime, clock: VenueClock | None) -> Pace:
    """The venue's own time where there is one, else history from *start* on as fast as asked."""
    if clock is not None:
        return WallPace(clock, speed=clock.speed)
    return LeapPace(start) if asked.speed is None else WallPace(SystemClock(), start, asked.speed)


def _takes_stops(session: Session) -> Callable[[str], bool]:
    """Whether the venue takes stops in a symbol; where orders go to none, nothing is ever missing."""
    wire = session.ground.wire
    return (lambda symbol: False) if wire is None else wire.rests


def one_cycle(session: Session, slot: Slot) -> CycleTold:
    """Begin, run the notebook, finish; never without a decision."""
    gateway, market = session.gateway, session.market
    began = time.monotonic()
    cycle = gateway.begin(market.index_at_or_after(slot.as_of))
    gathered = time.monotonic()
    verdict = _notebook(session, cycle.id, slot)
    shown = time.monotonic()
    timings = {"gather": gathered - began, "notebook": shown - gathered, "decide": gateway.decide_seconds}
    gateway.finish(
        cycle.id,
        verdict.status.value,
        str(verdict.path),
        verdict.sha256,
        f"cell {verdict.cell}: {verdict.error}" if verdict.cell else verdict.error or "",
        {name: round(seconds, 6) for name, seconds in timings.items()},
    )
    after, nlv_usd = gateway.valued()
    return told(cycle, after.seen, float(nlv_usd), verdict, time.monotonic() - began, after.unprotected)


def _notebook(session: Session, cycle_id: str, slot: Slot) -> NotebookVerdict:
    """What became of the notebook; one that cannot even be read has failed too."""
    parameters = {"socket": str(session.socket)}
    try:
        return session.runner.run(cycle_id, slot.as_of, parameters)
    except TraderError as error:
        return NotebookVerdict(cycle_id, slot.as_of, Status.FAILED, None, str(error), 0.0, Path())


def _why(session: Session, stop: StopFlag, asked: RunAsked) -> str:
    if stop.is_set():
        return f"stopped by {stop.reason}"
    if session.gateway.standing().is_exhausted:
        return "history is exhausted"
    return f"{asked.cycles} cycles were asked for"


@contextmanager
def _hurried(stop: StopFlag, session: Session) -> Iterator[None]:
    """Let the notebook in progress be over soon after somebody asks to stop, and at once when he insists."""

    def watch(over: threading.Event) -> None:
        while not over.is_set():
            if stop.wait(WATCH_SECONDS):
                session.runner.hurry(ABORT_SECONDS)
                over.wait()

    stop.on_urgent(lambda: session.runner.hurry(URGENT_SECONDS))
    with beside(watch, "stop-watch"):
        yield
