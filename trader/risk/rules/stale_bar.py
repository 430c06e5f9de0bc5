"""A strategy that looks at old bars decides about a market that is gone."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trader.model.book import Book
from trader.model.trading import Objection, SizedProposal
from trader.risk.freshness import BLOCK, stale_bar
from trader.risk.rule import SELL


@dataclass(frozen=True, slots=True)
class StaleBar:
    """
    Refuse an entry while the last interval known to be closed ended *max_ohlcv_age_seconds* ago, or longer (ST1).

    That limit is for 1-minute bars; longer ones may be one and a half of their lengths old.  History is complete.
    *exits_when_stale* "allow" lets exits pass; "block" holds them.
    """

    max_ohlcv_age_seconds: Decimal = Decimal(90)
    exits_when_stale: str = BLOCK

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        health = proposal.health
        if health is None or (proposal.side is SELL and self.exits_when_stale != BLOCK):
            return None
        return stale_bar(health, proposal.as_of, self.max_ohlcv_age_seconds)
