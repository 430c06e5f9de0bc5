"""No single asset may matter too much, whoever bought it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trader.model.book import Book
from trader.model.market import asset_of
from trader.model.money import ONE, ZERO
from trader.model.trading import Objection, RiskReason, SizedProposal
from trader.risk.rule import SELL, EntriesOnly, beyond_cap


@dataclass(frozen=True, slots=True)
class PositionCap(EntriesOnly):
    """
    Trim an entry so that its asset, with what is working, over all strategies, stays within its share of NLV (E1).

    BTC-USD and BTC-USDC are one asset.  A hard cap: a regime can shrink it, none can raise it (U3).
    """

    max_position_size_pct: Decimal = Decimal(5)

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        if proposal.side is SELL:
            return None
        limit_pct = self.max_position_size_pct
        if proposal.multiplier < ONE:
            limit_pct *= proposal.multiplier
        asset = asset_of(proposal.symbol)
        exposure = ZERO
        for (_, symbol), usd in book.exposure.items():
            if asset_of(symbol) == asset:
                exposure += usd
        return beyond_cap(RiskReason.POSITION_CAP, "position", proposal, book, exposure, limit_pct)
