"""What working orders may still cost is already spent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trader.model.book import Book
from trader.model.money import HUNDRED, ZERO
from trader.model.trading import Objection, RiskReason, SizedProposal, Unit
from trader.risk.rule import SELL, EntriesOnly, room_usd


@dataclass(frozen=True, slots=True)
class Cash(EntriesOnly):
    """Trim an entry to the free cash at worst case, leaving *min_cash_pct* of NLV untouched."""

    min_cash_pct: Decimal = ZERO

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        if proposal.side is SELL:
            return None
        spendable = book.cash_usd - book.reserved_usd
        if self.min_cash_pct:
            spendable -= book.nlv_usd * self.min_cash_pct / HUNDRED
        worst_case = proposal.notional_usd * proposal.cost_factor
        if worst_case <= spendable:
            return None
        permitted = room_usd(spendable, proposal.cost_factor)
        return Objection(RiskReason.CASH, permitted, worst_case, spendable, Unit.USD, cap_type="cash")
