"""What cannot be read cannot be traded: defects, unknown products, and numbers that are none."""

from __future__ import annotations

from dataclasses import dataclass

from trader.model.book import Book
from trader.model.money import ZERO
from trader.model.trading import Objection, RiskReason, SizedProposal, Unit
from trader.risk.rule import SELL, refusal

_SCHEMA, _UNKNOWN = RiskReason.SCHEMA, RiskReason.UNKNOWN_STATE


@dataclass(frozen=True, slots=True)
class Schema:
    """
    Refuse a proposal with a defect, without product or price, or with a number that is none (R2); and an entry on a
    book that is older than itself or worth nobody knows what.
    """

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        if proposal.defects:
            defect = proposal.defects[0]
            return refusal(defect.risk_reason, defect.observed, defect.limit, Unit.RATIO, defect.field)
        if proposal.product is None:
            return refusal(_UNKNOWN, ZERO, ZERO, Unit.RATIO, "product")
        if not (proposal.reference_price.is_finite() and proposal.reference_price > ZERO):
            return refusal(_UNKNOWN, ZERO, ZERO, Unit.USD, "reference_price")
        if not (proposal.notional_usd.is_finite() and proposal.notional_usd >= ZERO):
            return refusal(_SCHEMA, ZERO, ZERO, Unit.USD, "notional_usd")
        if not (proposal.size.is_finite() and proposal.size >= ZERO):
            return refusal(_SCHEMA, ZERO, ZERO, Unit.BASE, "size")
        if proposal.side is SELL:
            return None
        if not (proposal.cost_factor.is_finite() and proposal.cost_factor > ZERO):
            return refusal(_SCHEMA, ZERO, ZERO, Unit.RATIO, "cost_factor")
        if not (book.nlv_usd.is_finite() and book.cash_usd.is_finite()) or book.as_of < proposal.as_of:
            return refusal(_UNKNOWN, ZERO, ZERO, Unit.USD, "book")
        return None
