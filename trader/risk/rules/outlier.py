"""One price far from all the others is more likely a mistake than a chance."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trader.model.book import Book
from trader.model.trading import Objection, SizedProposal
from trader.risk.freshness import outlier
from trader.risk.rule import SELL, EntriesOnly


@dataclass(frozen=True, slots=True)
class Outlier(EntriesOnly):
    """
    Refuse an entry at a mid that jumped more than *max_jump_sigmas* and is not confirmed (O1).

    The feed measures (`trader/outliers.py`): σ of the mids accepted in *window_seconds*, at least *sigma_floor_bps*; a
    jump is confirmed by *confirmations* quotes in a row that agree, and an independent source or a whole window.
    """

    max_jump_sigmas: Decimal = Decimal(6)
    window_seconds: int = 60
    sigma_floor_bps: Decimal = Decimal(5)
    confirmations: int = 3

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        health = proposal.health
        if health is None or proposal.side is SELL:
            return None
        return outlier(health, self.max_jump_sigmas)
