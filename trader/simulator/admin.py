"""
The director's desk of a rehearsal, on a port of its own that no caller of the API can reach by its base URL.

Plain JSON over HTTP on loopback: faults, clock, settings, flags, money, the
log, and the truth about every order to judge the caller by.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trader.errors import TraderError
from trader.simulator.audit import audit
from trader.simulator.bounds import BadSettings
from trader.simulator.catalogue import CHANGEABLE
from trader.simulator.fault_file import read_faults
from trader.simulator.numbers import plain, stamp
from trader.simulator.refusal import BadRequest
from trader.simulator.restating import restate as restated
from trader.simulator.settings import only, typed, typed_as
from trader.simulator.shapes_orders import fill_shape, order_shape
from trader.simulator.station import Station

Action = Callable[[Station, dict[str, Any]], Any]


def overview(station: Station, asked: dict[str, Any]) -> Any:
    """Where things stand."""
    venue = station.venue
    return {
        "now": stamp(station.clock.now()),
        "speed": station.clock.speed,
        "starts": station.starts,
        "orders": len(venue.orders),
        "fills": len(venue.fills),
        "requests": station.log[-1].number if station.log else 0,
        "audit": audit(venue),
        "settings": plain_fields(venue.settings),
        "limits": plain_fields(station.limits.rules),
        "tokens": plain_fields(station.tokens.rules),
    }


def plain_fields(settings: Any) -> dict[str, Any]:
    """A dataclass as JSON takes it."""
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in asdict(settings).items()}


def set_faults(station: Station, asked: dict[str, Any]) -> Any:
    """Replace all faults."""
    only(asked, "faults", faults=[], seed=0)
    station.plan.replace(read_faults(asked.get("faults"), "admin"), asked.get("seed"))
    return get_faults(station, asked)


def get_faults(station: Station, asked: dict[str, Any]) -> Any:
    """The faults in force, with how often each was met and fired."""
    return {"seed": station.plan.seed, "faults": [asdict(fault) for fault in station.plan.faults]}


def get_log(station: Station, asked: dict[str, Any]) -> Any:
    """The requests, oldest first."""
    return {"requests": [asdict(line) for line in station.log]}


def set_clock(station: Station, asked: dict[str, Any]) -> Any:
    """`speed` and `step_seconds`."""
    only(asked, speed=0.0, step_seconds=0.0)
    if "speed" in asked:
        station.clock.run_at(float(asked["speed"]))
    if "step_seconds" in asked:
        station.clock.step(float(asked["step_seconds"]))
    station.advance()
    return {"now": stamp(station.venue.now), "speed": station.clock.speed}


def set_settings(station: Station, asked: dict[str, Any]) -> Any:
    """Fields of the venue's settings."""
    station.venue.settings = replace(station.venue.settings, **typed(station.venue.settings, asked))
    return plain_fields(station.venue.settings)


def set_limits(station: Station, asked: dict[str, Any]) -> Any:
    """Fields of the limits."""
    station.limits.rules = replace(station.limits.rules, **typed(station.limits.rules, asked))
    return plain_fields(station.limits.rules)


def set_tokens(station: Station, asked: dict[str, Any]) -> Any:
    """Fields of the token check: leeway, clock skew, algorithms."""
    changes = typed(station.tokens.rules, asked)
    if "algorithms" in changes:
        changes["algorithms"] = tuple(changes["algorithms"])
    station.tokens.rules = replace(station.tokens.rules, **changes)
    return plain_fields(station.tokens.rules)


def set_listing(station: Station, asked: dict[str, Any]) -> Any:
    """Flags, increments and limits of `product_id`."""
    product_id = str(asked.pop("product_id", ""))
    current = station.venue.listing(product_id)
    known = {name: getattr(current, name) for name in CHANGEABLE} if current else asked
    return plain_fields(station.venue.change_listing(product_id, **typed_as(known, asked)))


def deposit(station: Station, asked: dict[str, Any]) -> Any:
    """`amount` of `currency`; negative is a withdrawal."""
    wanted = only(asked, "currency", "amount", currency="", amount=Decimal(0))
    available = station.venue.ledger.available(wanted["currency"])
    if wanted["amount"] + available < 0:
        raise BadSettings(f"only {plain(available)} {wanted['currency']} are available to be taken out")
    station.venue.deposit(wanted["currency"], wanted["amount"])
    return truth(station, asked)


def restate(station: Station, asked: dict[str, Any]) -> Any:
    """Reverse the fill `entry_id`; with a `price`, correct it."""
    wanted = only(asked, "entry_id", entry_id="", price=Decimal(0))
    rows = restated(station.venue, wanted["entry_id"], wanted.get("price"))
    return {"fills": [fill_shape(station.venue, row) for row in rows]}


def truth(station: Station, asked: dict[str, Any]) -> Any:
    """Every order, fill and balance as they are, late for nobody."""
    venue = station.venue
    return {
        "orders": [order_shape(venue, order) for order in venue.orders.values()],
        "fills": [fill_shape(venue, fill) for fill in venue.fills],
        "balances": {c: plain(venue.ledger.total(c)) for c in venue.ledger.currencies()},
        "audit": audit(venue),
    }


def direct_streams(station: Station, asked: dict[str, Any]) -> Any:
    """`kind` stall or close (with `status`) on every open connection now; `client_id` true puts one in frames."""
    if "client_id" in asked:
        station.client_id_on_streams = bool(asked.pop("client_id"))
    return {"connections": station.streams(read_faults([asked], "admin")[0]) if asked else 0}


def restart(station: Station, asked: dict[str, Any]) -> Any:
    """Go down for `down_seconds` and come back on the same port with all state kept."""
    station.restarts.append(float(only(asked, down_seconds=0.0).get("down_seconds", 0.5)))
    return {"restarting": True}


def renew_certificate(station: Station, asked: dict[str, Any]) -> Any:
    """Serve a certificate that the callers' CA file does not cover."""
    station.renew_certificate()
    return {"renewed": True}


ACTIONS: dict[tuple[str, str], Action] = {
    ("GET", "/"): overview,
    ("GET", "/faults"): get_faults,
    ("POST", "/faults"): set_faults,
    ("GET", "/log"): get_log,
    ("POST", "/clock"): set_clock,
    ("POST", "/settings"): set_settings,
    ("POST", "/limits"): set_limits,
    ("POST", "/tokens"): set_tokens,
    ("POST", "/listings"): set_listing,
    ("POST", "/deposit"): deposit,
    ("POST", "/restate"): restate,
    ("GET", "/truth"): truth,
    ("POST", "/streams"): direct_streams,
    ("POST", "/restart"): restart,
    ("POST", "/certificate"): renew_certificate,
}


def admin(station: Station) -> Starlette:
    """The desk as an ASGI application."""
    return Starlette(
        routes=[Route(path, _endpoint(station, action), methods=[method]) for (method, path), action in ACTIONS.items()]
    )


def _endpoint(station: Station, action: Action) -> Any:
    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        try:
            station.advance()
            asked = await request.json() if raw else {}
            if not isinstance(asked, dict):
                raise BadSettings('wanted a JSON object, such as {"step_seconds": 60}')
            return JSONResponse(action(station, asked))
        except BadRequest as error:
            return JSONResponse(error.body, error.status)
        except (TraderError, KeyError, ValueError, ArithmeticError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return endpoint
