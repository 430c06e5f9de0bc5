"""What the exchange does not take in a product just now is not sent."""

from __future__ import annotations

from dataclasses import dataclass

from trader.model.book import Book
from trader.model.trading import Objection, SizedProposal
from trader.risk.freshness import closed_to


@dataclass(frozen=True, slots=True)
class ProductHealth:
    """
    Refuse an entry while any flag of its product is up, and an exit while one is that its order cannot pass (EX1).

    An exit leaves as a limit IOC: limit-only lets it through, nothing else does.
    """

    def check(self, proposal: SizedProposal, book: Book) -> Objection | None:
        product = proposal.product
        if product is None or not product.flags:  # an unknown product is the schema's to refuse
            return None
        return closed_to(product.flags, proposal.side)
