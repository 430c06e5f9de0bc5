"""An exchange that is down takes neither entries nor exits."""

from __future__ import annotations

from dataclasses import dataclass

from trader.model.book import Book
from trader.model.trading import Objection, SizedProposal
from trader.risk.freshness import exchange_down


@dataclass(frozen=True, slots=True)
class ExchangeDown:
    """Refuse everything while the exchange takes no orders: nothing decided now could still be true later (EX1)."""

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        return exchange_down() if proposal.exchange_down else None
