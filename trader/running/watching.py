"""
Who looks while nobody decides: the watchdog of a run, and the look between its cycles.

The look writes, so it has its turn at the gateway like everybody else, and is
over before the run's last words.  The watchdog and the signal that kills wait
for nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trader.errors import TraderError
from trader.gateway.watchdog import Watchdog
from trader.ops.kill import KillFlag, NotKilled
from trader.ops.signals import StopFlag, kill_on_signal
from trader.running.clock import SystemClock
from trader.running.telling import Voice

if TYPE_CHECKING:
    from trader.running.session import Session

EMPTY_SECONDS, STOPPING_SECONDS = 10.0, 4.0
"""How long a killed run that is over waits for a venue that shows nothing, and one that was asked to stop."""
LOOK_SECONDS = 0.5


@contextmanager
def watchdog(session: Session, voice: Voice) -> Iterator[Watchdog]:
    """The kill switch watched and seen to, whatever the gateway waits for; SIGUSR1 presses it too."""
    opener, names = session.ground.open_canceller, session.gateway.at_venue
    dog = Watchdog(session.kill, SystemClock(), voice.critical, opener, names)
    dog.start()

    def press(reason: str) -> None:
        try:
            KillFlag(session.places.run_dir).press(reason)
        except NotKilled:  # a full disk must not keep anybody from killing: this process needs no file to know
            session.kill.press(f"{reason}; its flag could not be written, and only this process knows")

    try:
        with kill_on_signal(press):
            yield dog
    finally:
        dog.close()


@contextmanager
def beside(watch: Callable[[threading.Event], None], name: str) -> Iterator[None]:
    """Let a thread called *name* do *watch* within; the event it is given is set, and it is waited for, at the end."""
    over = threading.Event()
    watcher = threading.Thread(target=watch, args=(over,), name=name, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


@contextmanager
def watched(stop: StopFlag, session: Session) -> Iterator[None]:
    """Between cycles somebody looks, for the kill switch and for orders of unknown outcome; afterwards nobody does."""

    def watch(over: threading.Event) -> None:
        while not over.wait(LOOK_SECONDS):
            try:
                session.gateway.look_again()
            except TraderError as error:  # what cannot be recorded must not go on
                stop.set(str(error))
                return
            except Exception as error:  # nobody else looks between cycles: not looking any more must not go unnoticed
                stop.set(f"the look between cycles failed: {type(error).__name__}: {error}")
                raise

    with beside(watch, "gateway-watch"):
        yield


def emptied(session: Session, dog: Watchdog, stop: StopFlag, voice: Voice) -> None:
    """A killed run does not end before the venue shows nothing that works, or it was waited for long enough."""
    if not session.kill.reason():
        return
    patience_seconds = STOPPING_SECONDS if stop.is_set() else EMPTY_SECONDS
    if dog.wait_until_clear(patience_seconds, lambda: stop.is_urgent):
        session.gateway.look_again(waits=True)  # a look that began before saw less
    else:
        voice.critical(
            f"kill switch: this run ends and orders may still work: {dog.left}; start it again, or look there"
        )
