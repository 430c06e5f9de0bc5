"""What was quoted a while ago is not what we would get."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trader.model.book import Book
from trader.model.money import ZERO
from trader.model.trading import Objection, RiskReason, SizedProposal, Unit
from trader.risk.freshness import BLOCK, stale_quote
from trader.risk.rule import SELL, refusal


@dataclass(frozen=True, slots=True)
class StaleQuote:
    """
    Refuse an entry on a quote that is *max_quote_age_seconds* old, from the future or without a time (ST1), and every
    entry while something is held whose price is not known: the breakers would measure nothing (NF1).

    *exits_when_stale* "allow" lets exits pass; "block" holds them until a price is known again.
    """

    max_quote_age_seconds: Decimal = Decimal(5)
    exits_when_stale: str = BLOCK

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        if book.unmarked and proposal.side is not SELL:
            return refusal(RiskReason.STALE_QUOTE, len(book.unmarked), ZERO, Unit.COUNT, "mark")
        quote = proposal.quote
        if quote is not None and quote.time == proposal.as_of:  # always so in history
            return None
        if proposal.side is SELL and self.exits_when_stale != BLOCK:
            return None
        return stale_quote(quote, proposal.as_of, self.max_quote_age_seconds)
