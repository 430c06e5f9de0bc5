"""Spot, long only: what is not held, or is already being sold, cannot be sold."""

from __future__ import annotations

from dataclasses import dataclass

from trader.model.book import Book
from trader.model.money import ZERO
from trader.model.trading import Objection, RiskReason, SizedProposal, Unit
from trader.risk.rule import BUY


@dataclass(frozen=True, slots=True)
class NoShorts:
    """Cut a SELL to what its strategy holds, less what working SELLs already claim; refuse a negative size (R1)."""

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        size = proposal.size
        if proposal.side is BUY and size >= ZERO:
            return None

        sellable = book.sellable(proposal.strategy, proposal.symbol)
        room = sellable * proposal.reference_price
        if ZERO <= size <= sellable and proposal.notional_usd <= room and sellable > ZERO:
            return None

        permitted = room if size > ZERO else ZERO
        return Objection(RiskReason.SHORTING_DISALLOWED, permitted, size, sellable, Unit.BASE, field="size")
