"""
The routes of Advanced Trade for spot, each with its name for faults and the scope it asks for.
"""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from trader.simulator import routes_account as account
from trader.simulator import routes_history as history
from trader.simulator import routes_market as market
from trader.simulator import routes_orders as orders
from trader.simulator.calls import Call
from trader.simulator.gate import Gate, Handler
from trader.simulator.keys import TRADE, VIEW
from trader.simulator.replies import reply
from trader.simulator.station import Station

PREFIX = "/api/v3/brokerage"
PUBLIC = None
# Those of an order come first: routes are tried one after the other.
ROUTES: tuple[tuple[str, str, str, Handler, str | None], ...] = (
    ("POST", "/orders", "create_order", orders.create_order, TRADE),
    ("POST", "/orders/preview", "preview_order", orders.preview_order, VIEW),
    ("POST", "/orders/batch_cancel", "cancel_orders", orders.cancel_orders, TRADE),
    ("POST", "/orders/edit", "edit_order", orders.edit_order, TRADE),
    ("POST", "/orders/edit_preview", "edit_preview", orders.edit_preview, VIEW),
    ("POST", "/orders/close_position", "close_position", orders.close_position, TRADE),
    ("GET", "/orders/historical/batch", "list_orders", history.list_orders, VIEW),
    ("GET", "/orders/historical/fills", "list_fills", history.list_fills, VIEW),
    ("GET", "/orders/historical/{order_id}", "get_order", history.get_order, VIEW),
    ("GET", "/time", "time", market.server_time, PUBLIC),
    ("GET", "/market/products", "public_products", market.products, PUBLIC),
    ("GET", "/market/products/{product_id}", "public_product", market.product, PUBLIC),
    ("GET", "/market/product_book", "public_book", market.product_book, PUBLIC),
    ("GET", "/market/products/{product_id}/candles", "public_candles", market.product_candles, PUBLIC),
    ("GET", "/market/products/{product_id}/ticker", "public_ticker", market.product_ticker, PUBLIC),
    ("GET", "/products", "products", market.products, VIEW),
    ("GET", "/products/{product_id}", "product", market.product, VIEW),
    ("GET", "/product_book", "book", market.product_book, VIEW),
    ("GET", "/best_bid_ask", "best_bid_ask", market.best_bid_ask, VIEW),
    ("GET", "/products/{product_id}/candles", "candles", market.product_candles, VIEW),
    ("GET", "/products/{product_id}/ticker", "ticker", market.product_ticker, VIEW),
    ("GET", "/accounts", "accounts", account.accounts, VIEW),
    ("GET", "/accounts/{account_id}", "account", account.account, VIEW),
    ("GET", "/transaction_summary", "transaction_summary", account.transaction_summary, VIEW),
    ("GET", "/portfolios", "portfolios", account.portfolios, VIEW),
)


def gates(station: Station) -> dict[tuple[str, str], Gate]:
    """The way in of every route of the table, and of the one that tells a key what it may do."""

    def permissions(key: Any, call: Call) -> dict[str, Any]:
        return account.key_permissions(station.venue, key)

    found = {
        (method, PREFIX + path): Gate(station, name, handler, scope) for method, path, name, handler, scope in ROUTES
    }
    found["GET", f"{PREFIX}/key_permissions"] = Gate(station, "key_permissions", permissions, VIEW, wants_key=True)
    return found


def _endpoint(gate: Gate) -> Any:
    async def endpoint(request: Request) -> Response:
        return await gate(request)

    return endpoint


def _nowhere(station: Station) -> Any:
    async def answer(request: Request, error: Exception) -> Response:
        await request.body()
        found = reply({"error": "NOT_FOUND", "message": "Not Found"}, 404)
        found.raw_headers.append((b"date", station.date(station.tokens.rules.clock_skew_seconds)))
        return found

    return answer


def api(station: Station, more: tuple[BaseRoute, ...] = ()) -> ASGIApp:
    """The whole API as one ASGI application; a path without a parameter is looked up, the others are matched."""
    ways, nowhere = gates(station), _nowhere(station)
    matched = Starlette(
        routes=[*(Route(path, _endpoint(gate), methods=[method]) for (method, path), gate in ways.items()), *more],
        exception_handlers={404: nowhere, 405: nowhere},
    )

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        gate = ways.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if gate is None:
            await matched(scope, receive, send)
            return
        answer = await gate(Request(scope, receive))
        await answer(scope, receive, send)

    return answered
