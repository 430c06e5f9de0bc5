"""After a fill a symbol rests; after a stop-out it rests longer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import inf

from trader.model.book import Book
from trader.model.money import ZERO, exact
from trader.model.trading import Objection, RiskReason, SizedProposal, Unit
from trader.risk.rule import SELL, EntriesOnly, refusal


@dataclass(frozen=True, slots=True)
class Cooldown(EntriesOnly):
    """Refuse an entry in a symbol too soon after any fill in it, or a stop-out; observed are the seconds left (CD1)."""

    cooldown_minutes: Decimal
    cooldown_after_stop_minutes: Decimal

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        if proposal.side is SELL:
            return None
        filled, stopped = book.last_fill_at.get(proposal.symbol), book.last_stop_at.get(proposal.symbol)
        left, minutes = _seconds_left(filled, self.cooldown_minutes, book.as_of), self.cooldown_minutes
        if stopped is not None:
            left_after_stop = _seconds_left(stopped, self.cooldown_after_stop_minutes, book.as_of)
            if left_after_stop > left:
                left, minutes = left_after_stop, self.cooldown_after_stop_minutes
        return refusal(RiskReason.COOLDOWN, left, minutes * 60, Unit.SECONDS) if left > ZERO else None


def _seconds_left(since: datetime | None, minutes: Decimal, now: datetime) -> Decimal:
    elapsed, needed = ((now - since).total_seconds() if since else inf), minutes * 60
    return ZERO if elapsed >= needed else needed - exact(elapsed)
