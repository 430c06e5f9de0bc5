"""
The watchdog of a run: what it looks at, what it may use, and how long a killed run waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trader.gateway.watchdog import Watchdog
from trader.ops.kill import KillFlag, NotKilled
from trader.ops.signals import StopFlag, kill_on_signal
from trader.running.clock import SystemClock
from trader.running.telling import Voice

if TYPE_CHECKING:
    from trader.running.session import Session

EMPTY_SECONDS, STOPPING_SECONDS = 10.0, 4.0
"""How long a killed run that is over waits for a venue that shows nothing, and one that was asked to stop."""


@contextmanager
def watchdog(session: Session, voice: Voice) -> Iterator[Watchdog]:
    """The kill switch watched and seen to, whatever the gateway waits for; SIGUSR1 presses it too."""
    books, opener = session.gateway.core.books, session.ground.open_canceller
    dog = Watchdog(session.kill, SystemClock(), voice.critical, opener, books.at_venue)
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


def emptied(session: Session, dog: Watchdog, stop: StopFlag, voice: Voice) -> None:
    """A killed run does not end before the venue shows nothing that works, or it was waited for long enough."""
    if not session.kill.reason():
        return
    patience_seconds = STOPPING_SECONDS if stop.is_set() else EMPTY_SECONDS
    if dog.wait_until_clear(patience_seconds, lambda: stop.is_urgent):
        session.gateway.look_again()
    else:
        voice.critical(
            f"kill switch: this run ends and orders may still work: {dog.left}; start it again, or look there"
        )
