"""
The simulated venue: accounts, listings, orders and the passing of time.

Nothing here knows of HTTP.  The caller says what time it is; whatever the
market did since is settled first, in the order it happened, and after every
event the money is where `audit` says it must be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from trader.simulator.agenda import Agenda
from trader.simulator.catalogue import Listing, with_twins
from trader.simulator.depth import Books, Depth
from trader.simulator.ids import Ids
from trader.simulator.ledger import Ledger
from trader.simulator.numbers import exactly
from trader.simulator.orders import Fill, Order
from trader.simulator.refusal import BadRequest
from trader.simulator.settings import VenueSettings
from trader.simulator.sources import BarSource
from trader.simulator.tape import Tape

Listener = Callable[[Order], None]


class Venue:
    """All state of one simulated exchange; *deposits* is what the customer starts with, by currency."""

    def __init__(
        self,
        source: BarSource,
        now: datetime,
        deposits: Mapping[str, Decimal],
        settings: VenueSettings | None = None,
        ledger: Ledger | None = None,
        twins: bool = True,
    ) -> None:
        self.settings = settings or VenueSettings()
        self.ids = Ids(self.settings.seed)
        self.ledger = ledger or Ledger()
        self.listings: dict[str, Listing] = with_twins(source.listings) if twins else dict(source.listings)
        self.tape = Tape(source)
        self.books = Books(self.tape, self.settings.seed)
        self.now = self.opened = now
        self.orders: dict[str, Order] = {}
        self.fills: list[Fill] = []
        self.by_client_id: dict[str, str] = {}
        self.working: dict[str, list[Order]] = {}
        self.agenda = Agenda()
        self.shown_late: dict[tuple[str, str], float] = {}
        """Seconds by what is late (`late_get`, `late_list`, `late_fills`) and whose order."""
        self.listeners: list[Listener] = []
        self.wallets: dict[str, datetime] = {}
        self.balances_seen: list[tuple[datetime, dict[str, tuple[Decimal, Decimal]]]] = []
        for currency in sorted({c for row in self.listings.values() for c in (row.base, row.quote)} | {"USDC"}):
            self.wallets[currency] = now
        for currency, amount in deposits.items():
            self.deposit(currency, amount)

    @exactly
    def deposit(self, currency: str, amount: Decimal) -> None:
        """Bring money in; negative takes it out."""
        self.wallets.setdefault(currency, self.now)
        self.ledger.deposit(currency, amount)
        self.remember_balances()

    def listing(self, product_id: str) -> Listing | None:
        """What is listed under that id."""
        return self.listings.get(product_id)

    def twins(self, product_id: str) -> list[str]:
        """What else trades on that product's market."""
        return [row.product_id for row in self.listings.values() if row.alias == product_id]

    def market(self, product_id: str) -> Listing:
        """The listing whose market that product trades on: its own, or its twin's."""
        return self.listings[self.listings[product_id].market_id]

    def change_listing(self, product_id: str, **changes: Any) -> Listing:
        """Change flags or increments under way, of its twin too; working orders stay as they are."""
        if product_id not in self.listings:
            raise BadRequest(404, "NOT_FOUND", f"Product {product_id} not supported", details=False)
        names = (product_id, *self.twins(product_id))
        self.listings.update({name: replace(self.listings[name], **changes) for name in names})  # all, or none
        return self.listings[product_id]

    @exactly
    def depth(self, listing: Listing) -> Depth | None:
        """The book now."""
        return self.books.at(listing, self.now)

    def seconds_open(self) -> int:
        """Whole seconds of its time since it opened."""
        return (self.now - self.opened) // timedelta(seconds=1)

    def order(self, order_id: str) -> Order | None:
        """The order of that id."""
        return self.orders.get(order_id)

    def changed(self, order: Order) -> None:
        """Tell whoever listens."""
        self.remember_balances()
        for listener in self.listeners:
            listener(order)

    def remember_balances(self) -> None:
        """Keep a picture of the accounts, where they are to be seen late."""
        late = self.settings.balances_late_seconds
        if not late:
            return
        seen = {currency: (self.ledger.available(currency), self.ledger.held(currency)) for currency in self.wallets}
        self.balances_seen.append((self.now, seen))
        while len(self.balances_seen) > 1 and (self.now - self.balances_seen[1][0]).total_seconds() >= late:
            del self.balances_seen[0]

    def balance(self, currency: str) -> tuple[Decimal, Decimal]:
        """Available and held, as the customer may see them now."""
        late = self.settings.balances_late_seconds
        if late:
            for at, seen in reversed(self.balances_seen):
                if (self.now - at).total_seconds() >= late and currency in seen:
                    return seen[currency]
            if self.balances_seen:
                return self.balances_seen[0][1].get(currency, (Decimal(0), Decimal(0)))
        return self.ledger.available(currency), self.ledger.held(currency)
