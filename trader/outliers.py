"""
Whether a mid is a price or a mistake, measured as quotes arrive.

σ is taken from accepted mids alone, around their median, so neither one wild
quote nor a burst of them widens it; it has a floor, so a sleeping market does
not make every tick a jump.  A jump that lasts and is confirmed becomes the new
anchor: the guard neither locks out for ever nor takes the second bad tick for
proof of the first.  Memory and time are its caller's: the same quotes in the
same order give the same answers.
"""

from __future__ import annotations

import math
from collections import deque
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from statistics import median
from typing import Final

from trader.model.market import NO_TIME, Quote
from trader.model.money import ZERO
from trader.risk.rules.outlier import Outlier

_BPS: Final = 10_000
_NORMAL: Final = 1.4826
"""Median absolute deviation to σ, for a normal distribution."""
_STEP: Final = Decimal("0.01")


class MidGuard:
    """
    One symbol's mids, the newest held against those accepted before.

    *suspect* and *jump_sigmas* speak of the newest quote of the feed.  Until something is confirmed all is suspect.
    """

    __slots__ = ("_accepted", "_agreed", "_anchor", "_candidate", "_floor", "_last", "_limits", "_max", "_seconded",
                 "_sigma", "_since", "jump_sigmas", "suspect")  # fmt: skip

    def __init__(self, limits: Outlier) -> None:
        self._limits, self._max, self._floor = limits, float(limits.max_jump_sigmas), float(limits.sigma_floor_bps)
        self._accepted: deque[tuple[int, float]] = deque()
        self._anchor = self._candidate = 0.0
        self._sigma, self._last, self._since = self._floor, -math.inf, 0.0
        self._agreed, self._seconded = 0, False
        self.jump_sigmas, self.suspect = ZERO, True

    @property
    def sigma_bps(self) -> Decimal:
        """σ of the accepted mids, at least the floor."""
        return Decimal(repr(round(self._sigma, 4)))

    @property
    def wants_confirmation(self) -> bool:
        """Only an independent source is missing, or a whole window's agreement: worth asking the venue once more."""
        return self.suspect and not self._seconded and self._agreed >= self._limits.confirmations

    def observe(self, quote: Quote, now: datetime) -> None:
        """The feed's next quote; one that is not sound, from the future or no newer than the last says nothing."""
        if not quote.sound or quote.time.tzinfo is None or not NO_TIME < quote.time <= now:
            return
        at = quote.time.timestamp()
        if at <= self._last:
            return
        self._last = at
        self._forget(at)
        mid = float(quote.mid)
        jump = self._sigmas(mid, self._anchor)
        if jump <= self._max:
            self._accept(mid, at, jump)
            return
        self.suspect = True
        self.jump_sigmas = Decimal(repr(jump)).quantize(_STEP, ROUND_CEILING) if self._anchor else ZERO
        if self._sigmas(mid, self._candidate) > self._max:
            self._agreed, self._seconded, self._since = 0, False, at
        self._candidate = mid
        self._agreed += 1
        self._confirm(at)

    def second(self, quote: Quote) -> None:
        """A quote from an independent source: bears a candidate out, or the anchor against it."""
        if not quote.sound or not self.suspect:
            return
        mid = float(quote.mid)
        if self._candidate and self._sigmas(mid, self._candidate) <= self._max:
            self._seconded = True
            self._confirm(self._last)
        else:
            self._agreed, self._seconded, self._since = 0, False, self._last

    def _confirm(self, at: float) -> None:
        lasted = at - self._since >= self._limits.window_seconds
        if self._agreed >= self._limits.confirmations and (self._seconded or lasted):
            self._accepted.clear()
            self._sigma = self._floor
            self._accept(self._candidate, at, 0.0)

    def _accept(self, mid: float, at: float, jump: float) -> None:
        """Take *mid* for a price; one a second is kept."""
        self._anchor, self._candidate, self._agreed, self._seconded = mid, 0.0, 0, False
        self.jump_sigmas, self.suspect = Decimal(repr(round(jump, 2))), False
        second = int(at)
        if self._accepted and self._accepted[-1][0] == second:
            self._accepted[-1] = (second, mid)
        else:
            self._accepted.append((second, mid))
            self._measure()

    def _forget(self, at: float) -> None:
        oldest, count = at - self._limits.window_seconds, len(self._accepted)
        while self._accepted and self._accepted[0][0] < oldest:
            self._accepted.popleft()
        if len(self._accepted) != count:
            self._measure()

    def _measure(self) -> None:
        mids = [mid for _, mid in self._accepted]
        if len(mids) < 2:
            self._sigma = self._floor
            return
        middle = median(mids)
        self._sigma = max(self._floor, _NORMAL * _BPS * median(abs(math.log(mid / middle)) for mid in mids))

    def _sigmas(self, mid: float, other: float) -> float:
        return abs(math.log(mid / other)) * _BPS / self._sigma if other else math.inf
