"""
What a replay knows at one instant, made only when somebody asks for it.

A backtest looks at a few of the quotes and bars that a snapshot could hold;
these mappings make those few, once each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

from trader.execution.fills import BarRow
from trader.model.market import Quote

if TYPE_CHECKING:
    from trader.market.replay import ReplayMarket

Value = TypeVar("Value")


class _Lazy(Mapping[str, Value], Generic[Value]):
    """A mapping over the panel's symbols whose values are made when asked for."""

    __slots__ = ("_k", "_made", "_market")

    def __init__(self, market: ReplayMarket, k: int) -> None:
        self._market, self._k = market, k
        self._made: dict[str, Value] = {}

    def _make(self, symbol: str) -> Value | None:
        raise KeyError(symbol)

    def get(self, symbol: str, default: Value | None = None) -> Value | None:  # type: ignore[override]  # one default, of the values' own type
        made = self._made.get(symbol)
        if made is None:
            made = self._make(symbol)
            if made is None:
                return default
            self._made[symbol] = made
        return made

    def __getitem__(self, symbol: str) -> Value:
        made = self.get(symbol)
        if made is None:
            raise KeyError(symbol)
        return made

    def __iter__(self) -> Iterator[str]:
        return (symbol for symbol in self._market.dense.symbols if self.get(symbol) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class QuotesAt(_Lazy[Quote]):
    """Quotes by symbol."""

    __slots__ = ()

    def _make(self, symbol: str) -> Quote | None:
        return self._market.quote(symbol, self._k)


class BarsAt(_Lazy[BarRow]):
    """Bars by symbol, of those that traded."""

    __slots__ = ()

    def _make(self, symbol: str) -> BarRow | None:
        return self._market.bar(symbol, self._k)


class ClosedAt(Mapping[int, tuple[str, ...]]):
    """Granularity in seconds → symbols whose bar closed at this instant."""

    __slots__ = ("_at_seconds", "_market")

    def __init__(self, market: ReplayMarket, at_seconds: int) -> None:
        self._market, self._at_seconds = market, at_seconds

    def __getitem__(self, granularity_seconds: int) -> tuple[str, ...]:
        return self._market.timeframes.closed(granularity_seconds, self._at_seconds)

    def get(self, granularity_seconds: int, default: object = None) -> tuple[str, ...]:
        return self._market.timeframes.closed(granularity_seconds, self._at_seconds)

    def __iter__(self) -> Iterator[int]:
        return iter(self._market.timeframes.known)

    def __len__(self) -> int:
        return len(self._market.timeframes.known)
