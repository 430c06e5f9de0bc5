"""
What the holdings of an account are worth at one instant, and which prices may be believed.

A breaker trips, and a peak is set, from fresh and accepted mids alone: one bad
tick must neither halt an account nor lift the peak it is measured from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from trader.exits import trailed
from trader.market.market import Market
from trader.model.events import Event, Marked
from trader.model.market import FeedHealth, Quote
from trader.model.money import exact
from trader.policy import ExitPolicy
from trader.risk.freshness import stale_quote
from trader.risk.rule import Rule
from trader.risk.rules.stale_quote import StaleQuote
from trader.state.ledger import Ledger


def guarded_mid(quote: Quote | None, health: FeedHealth, now: datetime, max_age_seconds: Decimal) -> Decimal | None:
    """The mid of *quote* in USD where it is sound, younger than *max_age_seconds* and not suspect (O1), else None."""
    if quote is None or not quote.sound or health.suspect:
        return None
    return quote.mid if stale_quote(quote, now, max_age_seconds) is None else None


class Marking:
    """The marks of *market*; *rules* say how old a quote may be.  What was said of an instant stays said."""

    def __init__(self, market: Market, rules: Sequence[Rule]) -> None:
        self._market = market
        ages = [rule.max_quote_age_seconds for rule in rules if isinstance(rule, StaleQuote)]
        self._max_age = min(ages, default=StaleQuote().max_quote_age_seconds)
        self._at: int | None = None
        self._marks: dict[str, Decimal] = {}
        self._doubtful: set[str] = set()

    def marks(self, symbols: Iterable[str], k: int) -> dict[str, Decimal]:
        """Mids of *symbols* in USD at instant *k*; where the feed's is not to be believed, the last close."""
        if self._at != k:
            self._at, self._marks, self._doubtful = k, {}, set()
        for symbol in symbols:
            if symbol not in self._marks:
                self._look(symbol, k)
        return {symbol: self._marks[symbol] for symbol in symbols}

    def _look(self, symbol: str, k: int) -> None:
        quote, health = self._market.quoted(symbol, k)
        mid = None if health is None else guarded_mid(quote, health, self._market.time(k), self._max_age)
        if health is not None and mid is None:
            self._doubtful.add(symbol)
        self._marks[symbol] = exact(self._market.mark(symbol, k)) if mid is None else mid

    def value(self, ledger: Ledger, k: int, policy: ExitPolicy) -> list[Event]:
        """
        The mark of *ledger* at instant *k*, which names what is held without a price to believe, and the trailing stops
        that rise by the prices that are.
        """
        marks, time = self.marks(ledger.to_be_marked, k), self._market.time(k)
        held = sorted({symbol for _, symbol in ledger.positions})
        unmarked = tuple(symbol for symbol in held if symbol in self._doubtful)
        believed: Mapping[str, Decimal] = {one: mark for one, mark in marks.items() if one not in self._doubtful}
        found: list[Event] = [Marked(time, ledger.nlv_usd(marks), unmarked)]
        return [*found, *trailed(ledger.positions, believed, self._market.products, policy, time)]
