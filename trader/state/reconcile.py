"""
What we believe against what the venue says: differences, never repairs.

A difference is told with both numbers and halts the account; only the operator
explains it away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from trader.model.market import asset_of
from trader.model.money import ZERO
from trader.model.orders import Position
from trader.model.wire import Balance

CENT = Decimal("0.01")
USD = "USD"


@dataclass(frozen=True, slots=True)
class Difference:
    """One currency whose total the venue sees otherwise."""

    currency: str
    ours: Decimal
    theirs: Decimal

    @property
    def excess(self) -> Decimal:
        """What the venue has more than we."""
        return self.theirs - self.ours


def holdings(cash_usd: Decimal, positions: Iterable[Position]) -> dict[str, Decimal]:
    """What our fills brought, by currency."""
    found = {USD: cash_usd}
    for position in positions:
        asset = asset_of(position.symbol)
        found[asset] = found.get(asset, ZERO) + position.size
    return found


def foreign(balances: Mapping[str, Balance], ours: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """What the account owns beyond *ours*, by currency; what is missing of ours is no holding, but a difference."""
    found = {}
    for currency in sorted(balances.keys() | ours.keys()):
        rest = _total(balances, currency) - ours.get(currency, ZERO)
        if rest > ZERO:
            found[currency] = rest
    return found


def differences(
    ours: Mapping[str, Decimal], others: Mapping[str, Decimal], balances: Mapping[str, Balance]
) -> list[Difference]:
    """
    Currencies in which *ours* and *others* do not add up to *balances*: USD to the cent, everything else exactly.

    Only currencies we deal in are ours to explain; in the rest nothing of us can be missing.
    """
    found = []
    for currency in sorted(ours):
        expected = ours[currency] + others.get(currency, ZERO)
        there = _total(balances, currency)
        if abs(there - expected) > (CENT if currency == USD else ZERO):
            found.append(Difference(currency, expected, there))
    return found


def _total(balances: Mapping[str, Balance], currency: str) -> Decimal:
    balance = balances.get(currency)
    return ZERO if balance is None else balance.total
