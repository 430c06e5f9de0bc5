"""
Coinbase behind the port `Canceller`: two routes, a connection of its own, and no patience.

Nothing else can leave through it, and our own limits never hold it back.  An
order is read no further than to end it: a row that the adapter proper would
call garbled must still be cancelled.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from trader.exchange import coinbase_session as routes
from trader.exchange.coinbase import CANCELS_A_CALL, PHASES
from trader.exchange.coinbase_failures import Failed
from trader.exchange.coinbase_key import ApiKey
from trader.exchange.coinbase_limits import Limits
from trader.exchange.coinbase_orders import cancelled
from trader.exchange.coinbase_paging import PAGES_MAX
from trader.exchange.coinbase_session import CoinbaseSession
from trader.exchange.coinbase_settings import CoinbaseSettings, RateRules, RetryRules
from trader.model.trading import Side
from trader.model.wire import Resting
from trader.ports import Clock, Seen, WireDown

ROWS_A_PAGE = 250
CONNECT_SECONDS, READ_SECONDS, CALL_SECONDS = 2.0, 4.0, 5.0
"""One call; a venue that takes longer has the request all the same, and is asked again."""
TURN_SECONDS = 1.0
RATES = RateRules(orders_per_second=4.0, orders_burst=6, private_per_second=8.0, private_burst=6)
"""All cancellers of an account together: beside what the gateway still reads, within what the venue allows."""
ENDING = "CANCEL_QUEUED"


class CoinbaseCanceller:
    """Everything that works on one account; see `trader.ports.Canceller`."""

    parts = len(PHASES)

    def __init__(self, session: CoinbaseSession, host: str, rows_a_page: int = ROWS_A_PAGE) -> None:
        self._session, self._host, self._page = session, host, str(rows_a_page)

    @classmethod
    def connect(cls, settings: CoinbaseSettings, key: ApiKey, *, clock: Clock, limits: Limits) -> CoinbaseCanceller:
        """A canceller at *settings*' host, under *limits* with others; nothing is sent yet."""
        hasty = replace(
            settings,
            connect_timeout_seconds=min(CONNECT_SECONDS, settings.connect_timeout_seconds),
            read_timeout_seconds=min(READ_SECONDS, settings.read_timeout_seconds),
            deadline_seconds=min(CALL_SECONDS, settings.deadline_seconds),
            retry=RetryRules(retries=0, deadline_seconds=TURN_SECONDS),
        )
        permit, chance = routes.only((routes.ORDERS, routes.CANCEL)), random.SystemRandom()
        session = CoinbaseSession(hasty, key, permit=permit, clock=clock, rng=chance, limits=limits)
        return cls(session, settings.rest_host)

    def working(self, part: int) -> Seen:
        """See `trader.ports.Canceller.working`; pages that were read count, whatever became of the next."""
        rows: dict[str, Resting] = {}
        try:
            self._read(PHASES[part], rows)
        except WireDown as down:
            return Seen(tuple(rows.values()), str(down))
        return Seen(tuple(rows.values()))

    def cancel(self, order_ids: Sequence[str]) -> Mapping[str, str]:
        """See `trader.ports.Wire.cancel`; a hundred a call."""
        found: dict[str, str] = {}
        for first in range(0, len(order_ids), CANCELS_A_CALL):
            some = list(order_ids[first : first + CANCELS_A_CALL])
            found.update(cancelled(some, self._session.command(routes.CANCEL, {"order_ids": some}, insist=True)))
        return found

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def _read(self, statuses: Sequence[str], rows: dict[str, Resting]) -> None:
        """Put every order in one of *statuses* into *rows*; what was read before a failure stays there."""
        cursor, used = "", set[str]()
        for _ in range(PAGES_MAX):
            asked = {"order_status": list(statuses), "limit": self._page, "cursor": cursor or None}
            answer = self._session.question(routes.ORDERS, asked, insist=True)
            if isinstance(answer, Failed):
                raise answer.down(self._host, routes.ORDERS.name)
            rows |= {one.order_id: one for one in _resting(answer, self._host)}
            if not answer.get("has_next"):
                return
            cursor = str(answer.get("cursor") or "")
            if not cursor or cursor in used:
                break
            used.add(cursor)
        raise WireDown(f"{self._host}: {routes.ORDERS.name}: says there is more, and gives no new cursor")


def _resting(answer: Mapping[str, Any], host: str) -> Iterator[Resting]:
    found = answer.get("orders")
    if not isinstance(found, list):
        raise WireDown(f"{host}: {routes.ORDERS.name}: its answer holds no list of orders")
    for row in found:
        order_id = row.get("order_id") if isinstance(row, dict) else None
        if not isinstance(order_id, str) or not order_id:
            raise WireDown(f"{host}: {routes.ORDERS.name}: an order without an id, which nobody can end")
        yield Resting(order_id, row.get("side") != Side.SELL.value, row.get("status") == ENDING)
