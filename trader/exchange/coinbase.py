"""
Coinbase Advanced Trade behind the port `Wire`.

Questions are retried in one place and raise `WireDown`; an order or a cancel
leaves once at most and is always answered with what is known about it.  What
leaves, to whom and until when is decided by the transport, not by good intent.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from trader.coinbase.answers import Answer
from trader.coinbase.courtesy import Courtesy
from trader.exchange import coinbase_session as routes
from trader.exchange.coinbase_failures import Failed, Why
from trader.exchange.coinbase_key import ApiKey
from trader.exchange.coinbase_nouns import (
    balances_by_currency,
    fill_noun,
    order_noun,
    terms_noun,
    time_noun,
)
from trader.exchange.coinbase_orders import (
    Placed,
    cancelled,
    create_body,
    misfit,
    placed,
    preview_body,
    previewed,
    stamp,
)
from trader.exchange.coinbase_paging import Page, every_row
from trader.exchange.coinbase_payloads import (
    Accounts,
    Fees,
    Fills,
    OneOrder,
    Orders,
    Permissions,
    Products,
    ServerTime,
    read,
)
from trader.exchange.coinbase_session import CoinbaseSession, Route
from trader.exchange.coinbase_settings import CoinbaseSettings
from trader.exchange.coinbase_transport import nobody
from trader.model.wire import Balance, Preview, ProductState, Terms, VenueFill, VenueOrder, WireOrder
from trader.ports import Clock, Refused, WireDown

CANCELS_A_CALL = 100
SYMBOLS_A_CALL = 100
ACCOUNTS_A_PAGE = 250
PAGE = 100
SEQUENCE_SLACK = timedelta(minutes=1)
"""Fills are asked for by the time they were written down, which may differ from the trade's."""
PHASES = (["PENDING", "QUEUED"], ["OPEN"], ["CANCEL_QUEUED", "EDIT_QUEUED"])
"""Statuses of working orders, in the order of their life: one that moves on while we read is not missed."""

Read = TypeVar("Read", bound=Answer)


class CoinbaseWire:
    """One account at one venue; see `trader.ports.Wire`.  *rows_a_page* is for those who test paging."""

    def __init__(self, session: CoinbaseSession, host: str, rows_a_page: int = PAGE) -> None:
        self.host = host
        self._session = session
        self._page = str(rows_a_page)

    @classmethod
    def connect(
        cls, settings: CoinbaseSettings, key: ApiKey, *, clock: Clock, read_only: bool = False,
        rng: random.Random | None = None, stopped: Callable[[], str] = nobody, courtesy: Courtesy | None = None,
    ) -> CoinbaseWire:  # fmt: skip
        """
        A wire to *settings*' host; nothing is sent yet.  With *read_only* no order and no cancel can leave, and no
        order while *stopped* says why.
        """
        chance, permit = rng if rng is not None else random.SystemRandom(), routes.permitted(read_only)
        session = CoinbaseSession(
            settings, key, permit=permit, clock=clock, rng=chance, stopped=stopped, courtesy=courtesy
        )
        return cls(session, settings.rest_host)

    def place(self, order: WireOrder, forbids: Callable[[], str] = nobody) -> Placed:
        """Send *order*, once, unless *forbids* says why not; see decision 0011 for what each failure means."""
        problem = misfit(order)
        if problem:
            return Refused(f"not sent: {problem}")
        return placed(order, self._session.command(routes.CREATE, create_body(order), forbids=forbids))

    def cancel(self, order_ids: Sequence[str]) -> Mapping[str, str]:
        """Ask for the end of *order_ids*, a hundred a call; our own limits delay it by a second at most."""
        found: dict[str, str] = {}
        for first in range(0, len(order_ids), CANCELS_A_CALL):
            some = list(order_ids[first : first + CANCELS_A_CALL])
            reply = self._session.command(routes.CANCEL, {"order_ids": some}, insist=True)
            found.update(cancelled(some, reply))
        return found

    def preview(self, order: WireOrder) -> Preview:
        """What *order* would do; asked once, for whoever asks waits to send."""
        problem = misfit(order)
        if problem:
            return Preview(errors=(problem,))
        answer = previewed(self._session.command(routes.PREVIEW, preview_body(order)))
        if isinstance(answer, Failed):
            raise answer.down(self.host, routes.PREVIEW.name)
        return answer

    def order(self, order_id: str) -> VenueOrder | None:
        """The order, or None where the venue says it has none."""
        if not order_id.replace("-", "").isalnum():
            raise WireDown(f"{self.host}: get_order: {order_id[:60]!r} is no order id of the venue")
        answer = read(OneOrder, self._session.question(routes.ORDER, suffix=order_id))
        if isinstance(answer, Failed):
            if answer.why is Why.REFUSED and answer.status == 404 and answer.code:
                return None
            raise answer.down(self.host, routes.ORDER.name)
        if answer.order.order_id != order_id:
            raise WireDown(f"{self.host}: get_order: asked for {order_id} and got {answer.order.order_id[:60]}")
        return order_noun(answer.order)

    def orders(self, since: datetime, until: datetime) -> Sequence[VenueOrder]:
        """Every order created in [*since*, *until*), and every order that works now, oldest first."""
        found: dict[str, VenueOrder] = {}
        for statuses in PHASES:
            found |= self._orders({"order_status": statuses})
        found |= self._orders({"start_date": stamp(since), "end_date": stamp(until)})
        return sorted(found.values(), key=lambda order: (order.created_at, order.order_id))

    def fills(self, since: datetime) -> Sequence[VenueFill]:
        """Every row traded or written down at *since* or later: a correction of an older trade is among them."""
        asked = {"start_sequence_timestamp": stamp(since - SEQUENCE_SLACK), "limit": self._page}

        def fetch(cursor: str) -> Page[Any]:
            answer = self._ask(routes.FILLS, Fills, {**asked, "cursor": cursor or None})
            return Page(answer.fills, answer.cursor)

        rows = every_row(fetch, f"{self.host}: {routes.FILLS.name}")
        recent = [
            row for row in reversed(rows) if max(row.trade_time, row.sequence_timestamp or row.trade_time) >= since
        ]
        return sorted(map(fill_noun, recent), key=lambda fill: fill.time)

    def balances(self) -> Mapping[str, Balance]:
        """Every wallet a spot order can use, by currency."""

        def fetch(cursor: str) -> Page[Any]:
            answer = self._ask(routes.ACCOUNTS, Accounts, {"limit": str(ACCOUNTS_A_PAGE), "cursor": cursor or None})
            return Page(answer.accounts, answer.cursor, answer.has_next)

        rows = every_row(fetch, f"{self.host}: {routes.ACCOUNTS.name}")
        return balances_by_currency(list({row.uuid: row for row in rows}.values()))

    def products(self, symbols: Sequence[str]) -> Mapping[str, ProductState]:
        """What *symbols* permit just now."""
        wanted, found = list(dict.fromkeys(symbols)), dict[str, ProductState]()
        for first in range(0, len(wanted), SYMBOLS_A_CALL):
            some = wanted[first : first + SYMBOLS_A_CALL]
            rows = every_row(self._product_page(some), f"{self.host}: {routes.PRODUCTS.name}")
            found |= {row.product_id: row.state for row in rows if row.product_id in some}
        return found

    def terms(self) -> Terms:
        """The account's fees and the key's permissions."""
        fees = self._ask(routes.FEES, Fees, {"product_type": "SPOT"})
        return terms_noun(fees, self._ask(routes.PERMISSIONS, Permissions, {}))

    def time(self) -> datetime:
        """The venue's clock."""
        return time_noun(self._ask(routes.TIME, ServerTime, {}))

    def counts(self) -> Mapping[str, float]:
        """What was used of our limits, and how often a question was asked again."""
        return {**self._session.limits.counts(), "retries": self._session.retries.count}

    @property
    def clock_off(self) -> str:
        """How far this host's clock was from the venue's at its last answer; empty where that is near enough."""
        return self._session.clock_off

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def _orders(self, asked: Mapping[str, Any]) -> dict[str, VenueOrder]:
        def fetch(cursor: str) -> Page[VenueOrder]:
            answer = self._ask(routes.ORDERS, Orders, {**asked, "limit": self._page, "cursor": cursor or None})
            return Page(tuple(map(order_noun, answer.orders)), answer.cursor, answer.has_next)

        return {row.order_id: row for row in every_row(fetch, f"{self.host}: {routes.ORDERS.name}")}

    def _product_page(self, symbols: list[str]) -> Callable[[str], Page[Any]]:
        def fetch(cursor: str) -> Page[Any]:
            asked = {"product_ids": symbols, "get_tradability_status": "true", "cursor": cursor or None}
            answer = self._ask(routes.PRODUCTS, Products, asked)
            turn = answer.pagination
            return Page(answer.products, turn.next_cursor if turn else "", bool(turn and turn.has_next))

        return fetch

    def _ask(self, route: Route, model: type[Read], params: Mapping[str, Any]) -> Read:
        answer = read(model, self._session.question(route, params))
        if isinstance(answer, Failed):
            raise answer.down(self.host, route.name)
        return answer
