"""Too small to be worth its fee, or too small for the exchange."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from trader.model.book import Book
from trader.model.money import ZERO, FeeModel, Liquidity, floor_to
from trader.model.trading import Objection, RiskReason, SizedProposal, Unit
from trader.risk.rule import SELL, refusal

_REASON = RiskReason.MIN_NOTIONAL


@dataclass(frozen=True, slots=True)
class MinNotional:
    """Refuse what the exchange would not take, and an entry below *min_notional_usd* net of the taker fee (X3)."""

    min_notional_usd: Decimal = Decimal(10)
    fees: FeeModel = field(default_factory=FeeModel)

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        return self.check_amount(proposal, proposal.notional_usd)

    def check_amount(self, proposal: SizedProposal, approved_usd: Decimal) -> Objection | None:
        """The same for what trimming left, sized as the planner will; an exit need only be sellable."""
        product, price = proposal.product, proposal.reference_price
        if product is None or price <= ZERO:
            return refusal(_REASON, ZERO, self.min_notional_usd, Unit.USD)
        whole = proposal.side is SELL and approved_usd >= proposal.notional_usd
        size = floor_to(proposal.size if whole else approved_usd / price, product.base_increment)
        if size < product.base_min_size or size <= ZERO:
            return refusal(_REASON, size, product.base_min_size, Unit.BASE)
        notional = size * price
        net = notional - notional * self.fees.rate(Liquidity.TAKER)
        if notional < product.quote_min_usd:
            return refusal(_REASON, notional, product.quote_min_usd, Unit.USD)
        fits = proposal.side is SELL or net >= self.min_notional_usd
        return None if fits else refusal(_REASON, net, self.min_notional_usd, Unit.USD)
