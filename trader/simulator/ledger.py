"""
Whose money is where: double entry, in Decimal.

Every movement takes from one owner what it gives to another, so a currency
never comes into being and never vanishes.  The customer's holds are a promise
on top: what is held is still his, and cannot be promised twice.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from enum import StrEnum

from trader.simulator.numbers import ZERO


class Owner(StrEnum):
    """Who can own something here."""

    CUSTOMER = "customer"
    STREET = "street"
    """Everybody he trades with."""
    FEES = "fees"
    OUTSIDE = "outside"
    """Where deposits come from."""


class Overdrawn(AssertionError):
    """The venue itself broke its word: a movement or a hold beyond what is there."""


class Ledger:
    """Balances by owner and currency, and the customer's holds by order."""

    def __init__(self) -> None:
        self.balances: dict[tuple[Owner, str], Decimal] = defaultdict(lambda: ZERO)
        self.holds: dict[str, tuple[str, Decimal]] = {}
        self._held: dict[str, Decimal] = defaultdict(lambda: ZERO)

    def deposit(self, currency: str, amount: Decimal) -> None:
        """Bring *amount* in from outside; negative takes it out."""
        self.move(currency, Owner.OUTSIDE, Owner.CUSTOMER, amount)

    def total(self, currency: str) -> Decimal:
        """What the customer has, held or not."""
        return self.balances[Owner.CUSTOMER, currency]

    def held(self, currency: str) -> Decimal:
        """What of it is promised to working orders."""
        return self._held[currency]

    def available(self, currency: str) -> Decimal:
        """What a new order can be promised."""
        return self.total(currency) - self.held(currency)

    def hold(self, order_id: str, currency: str, amount: Decimal) -> None:
        """Promise *amount* (instead of what was promised before) to an order; zero sets everything free."""
        _, before = self.holds.pop(order_id, (currency, ZERO))
        if amount < 0 or amount - before > self.available(currency):
            raise Overdrawn(f"order {order_id} cannot hold {amount} {currency}: {self.available(currency)} available")
        self._held[currency] += amount - before
        if amount:
            self.holds[order_id] = (currency, amount)

    def move(self, currency: str, source: Owner, target: Owner, amount: Decimal) -> None:
        """Take *amount* from *source* and give it to *target*."""
        self.balances[source, currency] -= amount
        self.balances[target, currency] += amount
        if self.balances[Owner.CUSTOMER, currency] < 0:
            raise Overdrawn(f"{amount} {currency} from {source} to {target} overdraws the customer")

    def currencies(self) -> tuple[str, ...]:
        """Every currency that ever moved, in alphabetical order."""
        return tuple(sorted({currency for _, currency in self.balances}))
