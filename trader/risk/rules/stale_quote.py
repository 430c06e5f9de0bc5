"""What was quoted a while ago is not what we would get."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trader.model.book import Book
from trader.model.trading import Objection, SizedProposal
from trader.risk.freshness import BLOCK, stale_quote
from trader.risk.rule import SELL


@dataclass(frozen=True, slots=True)
class StaleQuote:
    """
    Refuse an entry on a quote that is *max_quote_age_seconds* old, from the future or without a time (ST1).

    *exits_when_stale* "allow" lets exits pass; "block" holds them until a price is known again.
    """

    max_quote_age_seconds: Decimal = Decimal(5)
    exits_when_stale: str = BLOCK

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        quote = proposal.quote
        if quote is not None and quote.time == proposal.as_of:  # always so in history
            return None
        if proposal.side is SELL and self.exits_when_stale != BLOCK:
            return None
        return stale_quote(quote, proposal.as_of, self.max_quote_age_seconds)
