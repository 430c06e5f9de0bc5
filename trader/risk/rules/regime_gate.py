"""In a regime whose multiplier is zero nothing is entered; exits still run."""

from __future__ import annotations

from dataclasses import dataclass

from trader.model.book import Book
from trader.model.money import ZERO
from trader.model.trading import Objection, RiskReason, SizedProposal, Unit
from trader.risk.rule import SELL, EntriesOnly, refusal


@dataclass(frozen=True, slots=True)
class RegimeGate(EntriesOnly):
    """Refuse entries while the regime's multiplier is zero (U3: crash)."""

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        if proposal.side is SELL or proposal.multiplier > ZERO:
            return None
        return refusal(RiskReason.REGIME, proposal.multiplier, ZERO, Unit.RATIO)
