"""
The quiet between two decisions, settled on array slices.

Nothing is decided here.  The only questions are whether a decision could say
anything — an exit may be due, a breaker may trip — how far it could not, and
what the account was worth meanwhile.  Every answer errs on the side of waking:
a wake where nothing happens costs time, a missed one is a lie.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import numpy as np

from trader.backtest.held import NEVER, Held
from trader.backtest.levels import NOWHERE, SLACK, Levels
from trader.backtest.path import Path
from trader.desk import Desk
from trader.exchange.simulated import SimulatedExchange
from trader.market.replay import ReplayMarket
from trader.model.book import Key
from trader.model.events import Event, Marked
from trader.model.market import FloatArray
from trader.state.ledger import Ledger


class Quiet:
    """
    How long nothing happens, and what the account is worth on the way.

    *record* takes the marks that the ledger has to know of: peaks and midnights.
    """

    def __init__(
        self,
        market: ReplayMarket,
        desk: Desk,
        ledger: Ledger,
        exchange: SimulatedExchange,
        record: Callable[[Event], None],
    ) -> None:
        self._market, self._desk, self._ledger, self._exchange = market, desk, ledger, exchange
        self._record = record
        hours = desk.exits.max_hold_hours
        self._max_hold = timedelta(hours=float(hours)) if hours is not None else None
        trail = desk.exits.trailing_stop_pct
        self._keeps = float(1 - trail / 100) if trail is not None else None
        self.cash = float(exchange.cash_usd)
        self._held: dict[Key, Held] = {}
        self._paths: dict[str, Path] = {}
        self._too_old_at = NEVER
        self.exit_due = False
        self.touched = False
        self._midnight = market.next_midnight(market.first)
        self._levels = Levels(ledger, desk.risk)

    def hold(self, k: int) -> None:
        """Take note of what is held from instant *k* on: called whenever something filled."""
        market, positions, before = self._market, self._ledger.positions, self._held
        self.cash = float(self._ledger.cash_usd)
        self._held = {}
        for key, position in positions.items():
            stop, target = self._exchange.holdings[key].floats
            held = before.get(key)
            if held is None or not held.is_still(position, stop, target):
                held = Held(position, stop, target, self._path(key[1]), k)
                if self._keeps is not None:
                    held.trail(self._keeps, k)
            self._held[key] = held
        if self._max_hold is not None:
            opened = [position.opened_at for position in positions.values()]
            self._too_old_at = market.index_at_or_after(min(opened) + self._max_hold) if opened else NEVER

    def _path(self, symbol: str) -> Path:
        path = self._paths.get(symbol)
        if path is None:
            path = self._paths[symbol] = Path(*self._market.path(symbol))
        return path

    def size(self, key: Key) -> float:
        """How much of *key* is held, in base units."""
        held = self._held.get(key)
        return 0.0 if held is None else held.size

    def disturbed(self, k: int) -> bool:
        """Value the account at instant *k*; whether an exit could be due or a breaker trip just then."""
        nlv, due = self.cash, k >= self._too_old_at or bool(self._ledger.unsold.sizes)
        for held in self._held.values():
            mark = held.mark_at[k - 1]
            nlv += mark * held.size
            due = due or not held.stop < mark < held.target or (held.trails and held.falls_out(k - 1, k + 1) == k)
        self.exit_due = due
        levels = self._levels
        levels.look()
        is_midnight = k == self._midnight
        if is_midnight:
            self._midnight = self._market.next_midnight(k + 1)
        if due or nlv <= levels.alarm:
            return True
        if is_midnight or nlv >= levels.peak:
            self._mark(k)
        return False

    def until(self, k: int, ahead: int) -> int:
        """
        The next instant in (*k*, *ahead*] at which something could happen; the quiet before it is settled.

        `touched` tells whether the bar that ends there touches a stop or target.
        """
        self.touched = False
        if not self._held:
            if self._midnight < ahead:  # the day starts at this value, and so do the days until *ahead*
                self._mark(self._midnight)
                self._midnight = self._market.next_midnight(ahead)
            return ahead
        if self.exit_due:
            self.touched = True
            return k + 1
        ahead = min(ahead, max(k + 1, self._too_old_at))
        if self._keeps is not None:
            ahead = min([held.falls_out(k, ahead) for held in self._held.values()])
        touch = self._touch(k, ahead)
        wake = self._settle(k, touch)
        self.touched = self.touched and wake == touch
        return wake

    def _touch(self, k: int, ahead: int) -> int:
        """The instant after the first bar of [*k*, *ahead*) that touches a stop or target, else *ahead*."""
        first = min([held.touched(k, ahead) for held in self._held.values()])
        self.touched = first < ahead
        return first + 1 if self.touched else ahead

    def _settle(self, k: int, wake: int) -> int:
        """Look over the quiet instants of (*k*, *wake*), day by day; stops early where a breaker could trip."""
        least = most = self.cash
        for held in self._held.values():
            least += held.lowest * held.size
            most += held.highest * held.size
        since = k + 1
        while since < wake:
            midnight = self._midnight
            until = min(wake, midnight + 1)
            trips_at = None if self._is_calm(least, most) else self._look(since, until)
            if trips_at is not None:
                return trips_at
            if midnight < wake:
                self._mark(midnight)
                self._midnight = self._market.next_midnight(until)
            since = until
        return wake

    def _is_calm(self, least_usd: float, most_usd: float) -> bool:
        """Whether an account worth between these two can neither trip a breaker nor be worth as much as ever today."""
        levels = self._levels
        levels.look()
        return most_usd < levels.peak and least_usd > levels.alarm_after(most_usd)

    def _look(self, since: int, until: int) -> int | None:
        """Remember new peaks at the instants [*since*, *until*) of one day; the first at which a breaker could trip."""
        nlv = self._value(since, until)
        highest = nlv.item(nlv.argmax())
        trips_at = self._could_trip(nlv, highest)
        if highest >= self._levels.peak:
            self._remember_peak(since, nlv[: self._midnight - since if trips_at is None else trips_at])
        return None if trips_at is None else since + trips_at

    def _value(self, since: int, until: int) -> FloatArray:
        """NLV at the instants [*since*, *until*), while something is held."""
        nlv = np.full(until - since, self.cash)
        for held in self._held.values():
            nlv += held.marks[since - 1 : until - 1] * held.size
        return nlv

    def _could_trip(self, nlv: FloatArray, highest: float) -> int | None:
        self._levels.look()
        alarm = self._levels.alarm_after(highest)
        return None if nlv.item(nlv.argmin()) > alarm else int((nlv <= alarm).argmax())

    def _remember_peak(self, since: int, nlv: FloatArray) -> None:
        highest = nlv.item(nlv.argmax()) if len(nlv) else NOWHERE
        if highest < self._levels.peak:
            return
        level = highest * (1 - SLACK)
        before: list[float] = []
        for offset in np.flatnonzero(nlv >= level).tolist():
            marks = [held.marks.item(since + offset - 1) for held in self._held.values()]
            if marks != before:
                self._mark(since + offset)
            before = marks

    def _mark(self, k: int) -> None:
        market, ledger = self._market, self._ledger
        marks: dict[str, Decimal] = {symbol: market.mid(symbol, k) for _, symbol in ledger.positions}
        self._record(Marked(market.time(k), ledger.nlv_usd(marks)))


class Restless(Quiet):
    """No quiet at all: what the other is held to."""

    def disturbed(self, k: int) -> bool:
        """Always, and by whatever there is."""
        super().disturbed(k)
        self.exit_due = True
        return True

    def until(self, k: int, ahead: int) -> int:
        """The very next instant; every bar is played."""
        self.touched = True
        return k + 1
