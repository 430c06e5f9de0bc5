"""
The official SDK behind a guarded transport: a call goes in, JSON or a failure comes out.

Its plain `get` and `post` sign and send; its response classes are left alone,
because they raise a bare TypeError on shapes that come after an order exists.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import certifi
import requests
from coinbase.constants import API_PREFIX
from coinbase.rest import RESTClient

from trader.coinbase.courtesy import Courtesy, courtesy_to
from trader.coinbase.retries import Retries, not_before
from trader.coinbase.trust import trusting
from trader.exchange.coinbase_failures import CAUGHT, Failed, Why, clock_off, failure_of
from trader.exchange.coinbase_key import ApiKey
from trader.exchange.coinbase_limits import Class, Limits
from trader.exchange.coinbase_settings import CoinbaseSettings
from trader.exchange.coinbase_transport import Permit, guard, nobody, passage
from trader.ports import Clock

Json = dict[str, Any]
Reply = Json | Failed
SDK_LOGGER = "coinbase.RESTClient"


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint we use; *changes* marks those that only a trading connection may call."""

    name: str
    path: str
    kind: Class = Class.PRIVATE
    post: bool = False
    changes: bool = False
    suffixed: bool = False
    """The path goes on with an id."""


TIME = Route("time", "/time", Class.PUBLIC)
PRODUCTS = Route("products", "/products")
ACCOUNTS = Route("accounts", "/accounts")
FEES = Route("transaction_summary", "/transaction_summary")
PERMISSIONS = Route("key_permissions", "/key_permissions")
ORDERS = Route("list_orders", "/orders/historical/batch")
FILLS = Route("list_fills", "/orders/historical/fills")
ORDER = Route("get_order", "/orders/historical/", suffixed=True)
PREVIEW = Route("preview_order", "/orders/preview", post=True)
CREATE = Route("create_order", "/orders", Class.ORDERS, post=True, changes=True)
CANCEL = Route("cancel_orders", "/orders/batch_cancel", Class.ORDERS, post=True, changes=True)
ROUTES = (TIME, PRODUCTS, ACCOUNTS, FEES, PERMISSIONS, ORDERS, FILLS, ORDER, PREVIEW, CREATE, CANCEL)


def permitted(read_only: bool) -> Permit:
    """The allow-list: our routes, and for a connection that only looks none that changes anything."""
    return only(route for route in ROUTES if not (read_only and route.changes))


def only(routes: Iterable[Route]) -> Permit:
    """An allow-list of *routes*."""
    open_to_us = list(routes)
    exact = {("POST" if route.post else "GET", API_PREFIX + route.path) for route in open_to_us if not route.suffixed}
    prefixes = tuple(API_PREFIX + route.path for route in open_to_us if route.suffixed)

    def permit(method: str, path: str) -> bool:
        suffixes = [path.removeprefix(prefix) for prefix in prefixes if method == "GET" and path.startswith(prefix)]
        return (method, path) in exact or any(suffix and "/" not in suffix for suffix in suffixes)

    return permit


class CoinbaseSession:
    """
    One connection: limits, retries of questions, deadlines.  It cannot be pickled, for it holds a key.

    *stopped* is asked immediately before the first byte of an order why it must not leave (empty: it may).  *limits*
    are given where several connections share them; the *courtesy* that all share is for tests to replace.
    """

    def __init__(
        self, settings: CoinbaseSettings, key: ApiKey, *, permit: Permit, clock: Clock, rng: random.Random,
        stopped: Callable[[], str] = nobody, limits: Limits | None = None, courtesy: Courtesy | None = None,
    ) -> None:  # fmt: skip
        self._settings, self._clock, self._stopped = settings, clock, stopped
        times = (settings.connect_timeout_seconds, settings.read_timeout_seconds)
        name, secret = key.name.reveal(), key.secret.reveal()
        self._client = RESTClient(api_key=name, api_secret=secret, base_url=settings.rest_host, timeout=times)
        trusted = trusting(settings.ca_file, Path(certifi.where()))
        guard(self._client.session, settings.rest_host, trusted, permit)
        self.clock_off = ""
        """How far this host's clock was from the venue's at the last answer; empty where that is near enough."""
        self._client.session.hooks["response"].append(self._hear_its_time)
        logging.getLogger(SDK_LOGGER).setLevel(logging.CRITICAL)  # it would write the body of every refusal to stderr
        pace, budget = settings.rates.public_per_second, settings.retry.budget_per_second
        shared = courtesy_to(settings.rest_host, pace, budget) if courtesy is None else courtesy
        self.limits = Limits(settings.rates, clock, shared.public) if limits is None else limits
        self.retries = Retries(settings.retry, clock, rng, shared.budget)

    def _hear_its_time(self, response: requests.Response, **given: Any) -> None:
        self.clock_off = clock_off(response, self._clock.now())

    def question(
        self, route: Route, params: Mapping[str, Any] | None = None, suffix: str = "", *, insist: bool = False
    ) -> Reply:
        """Ask, again where that may help; with *insist* our own limits delay it, and never hold it back."""
        return self.retries(lambda: self._once(route, self._patience, params=params, suffix=suffix, insist=insist))

    def command(self, route: Route, body: Json, *, insist: bool = False, forbids: Callable[[], str] = nobody) -> Reply:
        """
        Send *body*, once, unless *forbids* says immediately before its first byte why not.  It waits for its turn under
        our limits as long as an order may; then it is held back, or, with *insist*, leaves nevertheless.
        """

        def speaks_against() -> str:
            return (self._stopped() if route is CREATE else "") or forbids()

        patience = self._settings.rates.order_patience_seconds
        return self._once(route, patience, body=body, insist=insist, forbids=speaks_against)

    def close(self) -> None:
        """Give the connections back."""
        self._client.session.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a session holds a key and is not pickled or copied")

    @property
    def _patience(self) -> float:
        return self._settings.retry.deadline_seconds

    def _once(
        self, route: Route, patience_seconds: float, *, params: Mapping[str, Any] | None = None, suffix: str = "",
        body: Json | None = None, insist: bool = False, forbids: Callable[[], str] = nobody,
    ) -> Reply:  # fmt: skip
        if not self.limits.wait(route.kind, patience_seconds, insist):
            rests = self.limits.rests_seconds(route.kind)
            if rests > 0:
                return Failed(Why.HELD, not_before(self._clock.now(), rests))
            return Failed(Why.HELD, f"our own limit of {route.kind} calls holds it longer than {patience_seconds:g} s")
        reply = self._sent(API_PREFIX + route.path + suffix, route, params, body, forbids)
        if isinstance(reply, Failed) and reply.why is Why.THROTTLED:
            self.limits.throttled(route.kind, reply.retry_after_seconds)
        elif isinstance(reply, Failed) and route.kind is not Class.ORDERS:
            self.limits.rest(route.kind, reply.retry_after_seconds)
        return reply

    def _sent(
        self, path: str, route: Route, params: Mapping[str, Any] | None, body: Json | None, forbids: Callable[[], str]
    ) -> Reply:
        with passage(self._settings.deadline_seconds, forbids) as way:
            try:
                if route.post:
                    answer = self._client.post(path, data=dict(body or {}))
                else:
                    answer = self._client.get(path, params=dict(params or {}), public=route.kind is Class.PUBLIC)
            except CAUGHT as error:
                return failure_of(error, way.left, self._clock.now())
        if not isinstance(answer, dict):
            return Failed(Why.GARBLED, f"its answer is JSON, but a {type(answer).__name__} where an object should be")
        return answer
