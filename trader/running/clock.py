"""
The clock on the wall, and the one at the venue.
"""

from __future__ import annotations

import time
from collections import deque
from datetime import UTC, datetime, timedelta

from trader.running.answers import Answer, Answers


class SystemClock:
    """Time as the system tells it."""

    def now(self) -> datetime:
        """UTC, timezone-aware."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds; never steps back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def passed(self, since: datetime) -> timedelta:
        """What has gone by *since* then for sure."""
        return self.now() - since


A_LITTLE = timedelta(seconds=2)
"""By this much of our time one answer alone may move the venue's clock."""
LIMIT, WORTH_SAYING = timedelta(milliseconds=150), timedelta(milliseconds=50)
"""What the clock may be off by while anything is entered (T24), and from where on a start tells of it."""
GRAIN = 0.001
"""A venue tells whole milliseconds."""
JUMPS = 1_000
"""How many corrections are remembered: no more than one comes with an answer, and what counts on them lasts minutes."""
ANSWERS = 5
"""How many are asked for at a start, if the first are too slow to certify anything."""

_RUNNING: int | None = getattr(time, "CLOCK_BOOTTIME", None)


class VenueClock(SystemClock):
    """
    The venue's time of day, kept going by a clock that nobody sets: a step of the wall clock does not move it.

    *speed* is how many seconds pass there in one of ours: 1 at a real venue, more where one rehearses a day in minutes.
    It knows what it may be off by: `certain` is what entries wait for, `unsure` says why they do.
    """

    def __init__(self, now: datetime, speed: float = 1.0) -> None:
        self.speed = speed
        self.limit = LIMIT * max(1.0, speed)
        self._answers = Answers(speed, 2 * self.limit.total_seconds())
        self._began, self._zero, self._ahead = now, self.ticks(), 0.0
        self._latest: datetime | None = None
        self._doubt: float | None = None
        self._jumps: deque[tuple[datetime, float]] = deque(maxlen=JUMPS)

    def ticks(self) -> float:
        """Seconds that never step back, and go on while the machine sleeps where the system has such a clock."""
        return time.monotonic() if _RUNNING is None else time.clock_gettime(_RUNNING)

    def wall(self) -> float:
        """Seconds by the host's wall clock: no time to go by, but where it leaves the ticks one of them has stepped."""
        return time.time()

    def set(self, now: datetime) -> None:
        """It is *now* there, whatever the venue has said of it before."""
        self._ahead += (now - self._told()).total_seconds()
        self._answers.forget()

    def heard(self, said: datetime, asked: float) -> None:
        """
        The venue *said* its time to whoever *asked* at that tick: go on from there, if it must be so.

        The answer was on its way for a while, so any time from *said* to that much later is as good; only outside it
        has this clock drifted, or stood still while the machine did.  While answers agree about the time, a clock
        outside what they leave open is put to the latest of it; one that contradicts them moves nothing by itself.
        """
        ticks, wall = self.ticks(), self.wall()
        early = (said - self._began).total_seconds() - (ticks - self._zero) * self.speed
        late = early + (ticks - asked) * self.speed
        knew = self._answers.between(ticks, wall)
        self._answers.hear(Answer(early, late + GRAIN, ticks, wall))
        known = self._answers.between(ticks, wall)
        if known is not None:
            self._doubt = None
            self._settle(*known)
        elif knew is None:
            self._follow(early, late)

    def _settle(self, early: float, late: float) -> None:
        """
        Be between the two: as late as may be, for then every age comes out rather too high, and no sound quote, which
        has been on its way as well, is from the future, for which an exit would be held back too.

        Only where that is too far from what the other end may be, and the middle is not, it is the middle.
        """
        if not early <= self._ahead <= late:
            self._move(late)
        limit = self.limit.total_seconds()
        if max(self._ahead - early, late - self._ahead) > limit >= (late - early) / 2:
            self._move((early + late) / 2)

    def _follow(self, early: float, late: float) -> None:
        """
        Nothing is certain, so one answer will do, where it moves the clock by a little.

        Far outside, two in a row must agree: a clock put far ahead by a mistake could not be put back.
        """
        off, doubted, a_little = late - self._ahead, self._doubt, A_LITTLE.total_seconds() * self.speed
        self._doubt = None
        if early <= self._ahead <= late:
            return
        if abs(off) > a_little and (doubted is None or abs(off - doubted) > a_little + (late - early)):
            self._doubt = off
            return
        self._move(late)

    def _move(self, ahead: float) -> None:
        if ahead > self._ahead:
            self._jumps.append((self._shown(), ahead - self._ahead))
        self._ahead = ahead

    def now(self) -> datetime:
        """The venue's time, UTC; put back it stands still until it is that late again."""
        now = self._latest = self._shown()
        return now

    def _shown(self) -> datetime:
        """What it is, and no earlier than anybody was told."""
        told = self._told()
        return told if self._latest is None else max(self._latest, told)

    def passed(self, since: datetime) -> timedelta:
        """
        What has gone by for sure since it was *since* by this clock: what it was put forward by is not in it.

        It may have been behind when that was noted, and then so much less has passed.
        """
        jumped = sum(by for then, by in self._jumps if since <= then)
        return self.now() - since - timedelta(seconds=jumped)

    @property
    def off_by(self) -> timedelta | None:
        """What `now` may be off by, in the venue's time; None where no two answers agree about it."""
        known = self._answers.between(self.ticks(), self.wall())
        if known is None:
            return None
        off = max(self._ahead - known[0], known[1] - self._ahead)
        return timedelta(seconds=off) + (self._shown() - self._told())

    @property
    def certain(self) -> bool:
        """Near enough to the venue's time to enter anything by it."""
        off = self.off_by
        return off is not None and off <= self.limit

    def _told(self) -> datetime:
        return self._began + timedelta(seconds=(self.ticks() - self._zero) * self.speed + self._ahead)


def unsure(clock: VenueClock) -> str:
    """Why nothing may be entered by *clock*; empty where it is near enough to the venue's time (T24)."""
    off, limit = clock.off_by, _ms(clock.limit)
    if off is None:
        return (
            f"nothing certifies the clock: no two answers to /time agree yet, or the last contradicts the ones before; "
            f"limit {limit} ms. Exits leave; entries wait for answers that agree"
        )
    if off <= clock.limit:
        return ""
    return (
        f"the clock may be {_ms(off)} ms off the venue's, limit {limit} ms: answers to /time were too slow, or the "
        f"last was long ago. Exits leave; entries wait for a quick one, on a line or a host nearer to the venue"
    )


def worth_saying(clock: VenueClock) -> str:
    """What a start tells of a clock that entries wait for, or soon may."""
    off = clock.off_by
    if off is None or off > clock.limit:
        return unsure(clock)
    if off <= WORTH_SAYING * max(1.0, clock.speed):
        return ""
    return (
        f"the clock may be {_ms(off)} ms off the venue's; above {_ms(clock.limit)} ms nothing is entered. A line or a "
        f"host nearer to the venue brings it down"
    )


def _ms(span: timedelta) -> int:
    """Whole milliseconds, rounded up."""
    return -(-span // timedelta(milliseconds=1))
