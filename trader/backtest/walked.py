"""
What a walk leaves behind, small enough for years of one-minute bars.

What changes only where something filled is kept as its changes, in plain
columns, and spread over the instants when somebody asks.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from trader.model.book import Key
from trader.model.market import FloatArray, IntArray
from trader.model.orders import Fill, RoundTrip
from trader.model.trading import Verdict

STRETCH = 100_000
"""Instants valued at once."""

Failing = tuple[datetime, str]
"""When a strategy failed, and why."""


@dataclass(slots=True)
class Steps:
    """A value over instants that holds from one change to the next."""

    _since: array[int] = field(default_factory=lambda: array("q"))
    _values: array[float] = field(default_factory=lambda: array("d"))

    def add(self, instant: int, value: float) -> None:
        """From *instant* on it is *value*; instants only ever grow."""
        self._since.append(instant)
        self._values.append(value)

    @property
    def first(self) -> int:
        """Where it first changed."""
        return self._since[0]

    @property
    def instants(self) -> IntArray:
        """Where it changed."""
        return np.array(self._since, dtype=np.int64)

    def at(self, instants: IntArray) -> FloatArray:
        """The value at each of *instants*; 0 before the first change."""
        values = np.concatenate([[0.0], np.array(self._values)])
        return values[np.searchsorted(self.instants, instants, side="right")]

    def over(self, since: int, until: int) -> FloatArray:
        """The value at every instant of [*since*, *until*); 0 before the first change."""
        instants = self.instants
        first, last = np.searchsorted(instants, (since, until))
        before = self._values[first - 1] if first else 0.0
        edges = np.concatenate([[since], instants[first:last], [until]])
        return np.repeat(np.concatenate([[before], self._values[first:last]]), np.diff(edges))


@dataclass(slots=True)
class Walked:
    """
    Equity at every instant from *first* on, every verdict with an objection and every fill, in order.

    *cash_usd* and, per (strategy, symbol), *holdings* in base units are steps over the same instants.
    """

    nlv: FloatArray
    first: int
    cash_usd: Steps = field(default_factory=Steps)
    fills: list[Fill] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    round_trips: list[RoundTrip] = field(default_factory=list)
    holdings: dict[Key, Steps] = field(default_factory=dict)
    failures: dict[str, list[Failing]] = field(default_factory=dict)
    decisions: int = 0
    wakes: int = 0

    @property
    def cash(self) -> FloatArray:
        """Cash in USD at every instant."""
        return self.cash_usd.over(self.first, self.first + len(self.nlv))

    def value(self, marks: Callable[[str], FloatArray]) -> None:
        """
        Put *nlv* to every instant, once all steps are known.  *marks*: a symbol's last known close by interval.

        In stretches, for the steps spread over years of minutes would be as large as the bars.
        """
        end = self.first + len(self.nlv)
        for since in range(self.first, end, STRETCH):
            until = min(since + STRETCH, end)
            nlv = self.cash_usd.over(since, until)
            for (_, symbol), sizes in self.holdings.items():
                begin = max(since, sizes.first)  # from the first fill on a mark is known
                if begin < until:
                    nlv[begin - since :] += sizes.over(begin, until) * marks(symbol)[begin - 1 : until - 1]
            self.nlv[since - self.first : until - self.first] = nlv

    def hold(self, k: int, key: Key, size: float) -> None:
        """From instant *k* on, *key* holds *size*."""
        steps = self.holdings.get(key)
        if steps is None:
            steps = self.holdings[key] = Steps()
        steps.add(k, size)
