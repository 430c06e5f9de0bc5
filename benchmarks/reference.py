"""
What others do per bar, as a loop of our own to measure against on the same machine in the same minute.

`bar_loop` has the shape of backtesting.py's engine: every bar the data and the indicators are cut to what is known
(arrays that carry a name, as theirs do), a broker in floats goes through its queue of orders, stops and targets among
them, and values the account, and `next` of a strategy looks at the last two values of its indicators.  No rules, no
exact money, no record.  docs/RESULTS.md says how close its speed is to the original's.
"""

from __future__ import annotations

from functools import cached_property
from math import copysign
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
FAST, SLOW = 10, 50
SHARE, STOP, TARGET = 0.05, 0.95, 1.2
TIMES_THE_ORIGINAL = 1.40
"""
How many times as fast as backtesting.py 0.6.6's `run`, its statistics included, `bar_loop` is: CPU time on the same
525,600 bars, median of seven pairs, 2026-11-22 (docs/RESULTS.md says how, and how far it spread).
"""


class Candles(NamedTuple):
    """Columns of one product."""

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray


class Named(np.ndarray):
    """An array that carries a name and options through every cut."""

    name: str
    options: dict[str, Any]

    def __array_finalize__(self, source: Any) -> None:
        if source is not None:
            self.name = getattr(source, "name", "")
            self.options = getattr(source, "options", {})


def named(values: FloatArray, name: str) -> Named:
    """*values* under a name."""
    found = values.view(Named)
    found.name = name
    return found


class Trade:
    """An open position, as seen through its broker."""

    def __init__(self, broker: Broker, size: float, entry_price: float, entry_bar: int) -> None:
        self._broker, self._size, self._entry_price, self.entry_bar = broker, size, entry_price, entry_bar
        self.protection: list[Order] = []

    @property
    def size(self) -> float:
        """What is held."""
        return self._size

    @property
    def entry_price(self) -> float:
        """What it cost a piece."""
        return self._entry_price

    @property
    def profit(self) -> float:
        """At the last close."""
        return copysign(1, self._size) * abs(self._size) * (self._broker.last_price - self._entry_price)


class Order:
    """Buy a share of equity, or sell what *trade* holds; at the next open, or where stop or limit says."""

    def __init__(
        self, share: float = 1.0, stop: float | None = None, limit: float | None = None, trade: Trade | None = None
    ) -> None:
        self._share, self._stop, self._limit, self._trade = share, stop, limit, trade

    @property
    def share(self) -> float:
        """Of equity; negative sells."""
        return self._share

    @property
    def is_long(self) -> bool:
        """Whether it buys."""
        return self._share > 0

    @property
    def stop(self) -> float | None:
        """The price that makes it a market order."""
        return self._stop

    @property
    def limit(self) -> float | None:
        """The price it wants at least."""
        return self._limit

    @property
    def trade(self) -> Trade | None:
        """The trade it closes."""
        return self._trade


class Known:
    """The data as far as it is known."""

    def __init__(self, candles: Candles) -> None:
        self._whole = {name: named(values, name) for name, values in candles._asdict().items()}
        self._cut: dict[str, Named] = {}
        self.length = 0

    def __len__(self) -> int:
        return self.length

    def grow(self, length: int) -> None:
        """Know one more bar."""
        self.length = length
        self._cut.clear()

    def column(self, name: str) -> Named:
        """A column up to now."""
        found = self._cut.get(name)
        if found is None:
            found = self._cut[name] = self._whole[name][: self.length]
        return found

    def value(self, name: str) -> float:
        """The last value of a column."""
        assert self.length > 0, "nothing is known yet"
        return self._whole[name][self.length - 1]


class Broker:
    """Cash, orders and trades in floats."""

    def __init__(self, known: Known, cash: float, fee: float, bars: int) -> None:
        self.known, self.cash, self.fee = known, cash, fee
        self.orders: list[Order] = []
        self.trades: list[Trade] = []
        self.closed: list[tuple[Trade, int, float]] = []
        self.curve = np.full(bars, cash)

    @property
    def last_price(self) -> float:
        """The last close."""
        return self.known.value("close")

    @cached_property
    def unrealised(self) -> float:
        """What the trades cost, and their profit at the last close; known anew every bar."""
        return sum(trade.size * trade.entry_price + trade.profit for trade in self.trades)

    @property
    def equity(self) -> float:
        """Cash and trades."""
        return self.cash + self.unrealised

    def next(self) -> None:
        """Go through the orders, and value the account."""
        self.__dict__.pop("unrealised", None)
        bar = len(self.known) - 1
        self.process(bar)
        equity = self.equity
        self.curve[bar] = equity
        if equity <= 0:
            raise ArithmeticError(f"out of money at bar {bar}")

    def process(self, bar: int) -> None:
        """Every order that this bar fills."""
        opened, high, low = self.known.value("open"), self.known.value("high"), self.known.value("low")
        for order in list(self.orders):
            if order not in self.orders:
                continue
            price, stop = opened, order.stop
            if stop:
                if not (high >= stop if order.is_long else low <= stop):
                    continue
                price = max(opened, stop) if order.is_long else min(opened, stop)
            if order.limit:
                if not (low < order.limit if order.is_long else high > order.limit):
                    continue
                price = min(stop or opened, order.limit) if order.is_long else max(stop or opened, order.limit)
            if order.trade:
                self.close(order.trade, bar, price)
                if order in self.orders:
                    self.orders.remove(order)
            else:
                self.orders.remove(order)
                self.buy(order, bar, price)

    def buy(self, order: Order, bar: int, price: float) -> None:
        """Open a trade with its stop and target."""
        size = (self.equity * order.share) // (price * (1 + self.fee))
        if not size:
            return
        self.cash -= size * price * (1 + self.fee)
        trade = Trade(self, size, price, bar)
        trade.protection = [Order(-1.0, price * STOP, None, trade), Order(-1.0, None, price * TARGET, trade)]
        self.trades.append(trade)
        self.__dict__.pop("unrealised", None)
        self.orders[:0] = trade.protection

    def close(self, trade: Trade, bar: int, price: float) -> None:
        """Sell all of *trade*, and forget its stop and target."""
        if trade not in self.trades:
            return
        self.trades.remove(trade)
        self.__dict__.pop("unrealised", None)
        for order in trade.protection:
            if order in self.orders:
                self.orders.remove(order)
        self.cash += trade.size * price * (1 - self.fee)
        self.closed.append((trade, bar, price))


class Cross:
    """Hold while the fast average is above the slow one; asked after every bar."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.fast = self.slow = np.empty(0)

    def next(self) -> None:
        """Look at the last two values of each average."""
        if self.fast[-1] > self.slow[-1] and self.fast[-2] <= self.slow[-2]:
            self.broker.orders.append(Order(SHARE))
        elif self.fast[-1] < self.slow[-1] and self.fast[-2] >= self.slow[-2]:
            self.broker.orders.extend(Order(-1.0, trade=trade) for trade in self.broker.trades)


def bar_loop(candles: Candles, cash: float = 1_000_000.0, fee: float = 0.006) -> Broker:
    """Walk *candles* bar by bar; the broker it leaves."""
    known = Known(candles)
    broker = Broker(known, cash, fee, len(candles.close))
    strategy = Cross(broker)
    indicators = [
        ("fast", named(mean(candles.close, FAST), "fast")),
        ("slow", named(mean(candles.close, SLOW), "slow")),
    ]
    for bar in range(SLOW, len(candles.close)):
        known.grow(bar + 1)
        for name, values in indicators:
            setattr(strategy, name, values[..., : bar + 1])
        broker.next()
        strategy.next()
    return broker


def mean(values: FloatArray, window: int) -> FloatArray:
    """The mean of the last *window* values."""
    found = np.full(len(values), np.nan)
    found[window - 1 :] = np.lib.stride_tricks.sliding_window_view(values, window).mean(axis=-1)
    return found
