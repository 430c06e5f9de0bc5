"""The operator's and the breakers' word: reducing is exits only, halted and killed are nothing at all."""

from __future__ import annotations

from dataclasses import dataclass

from trader.model.book import Book
from trader.model.money import ZERO
from trader.model.trading import Objection, RiskReason, SizedProposal, TradingState, Unit
from trader.risk.rule import SELL, refusal

_ACTIVE, _REDUCING = TradingState.ACTIVE, TradingState.REDUCING


@dataclass(frozen=True, slots=True)
class TradingStateGate:
    """Refuse entries while reducing, and everything while halted or killed."""

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        state = book.state
        if state is _ACTIVE or (state is _REDUCING and proposal.side is SELL):
            return None
        return refusal(RiskReason(state.value), ZERO, ZERO, Unit.COUNT)
