"""Not too many entries an hour, a day, or on each other's heels."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import timedelta

from trader.model.book import Book
from trader.model.money import exact
from trader.model.trading import Objection, RiskReason, SizedProposal, Unit
from trader.risk.rule import SELL, EntriesOnly, refusal

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pacing(EntriesOnly):
    """Refuse an entry too soon after an earlier instant's, or beyond so many within an hour or 24 hours (PACE)."""

    max_trades_per_hour: int
    max_trades_per_day: int
    min_seconds_between_trades: int

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        entries = book.entries
        if proposal.side is SELL:
            return None
        earlier = bisect_left(entries, proposal.as_of) if self.min_seconds_between_trades else 0
        if earlier:
            elapsed = (proposal.as_of - entries[earlier - 1]).total_seconds()
            if elapsed < self.min_seconds_between_trades:
                return refusal(RiskReason.PACING, exact(elapsed), self.min_seconds_between_trades, Unit.SECONDS)
        for limit, window in ((self.max_trades_per_hour, _HOUR), (self.max_trades_per_day, _DAY)):
            if len(entries) >= limit:
                count = len(entries) - bisect_right(entries, book.as_of - window)
                if count >= limit:
                    return refusal(RiskReason.PACING, count, limit, Unit.COUNT)
        return None
