"""
What the director of a rehearsal can see and do: one function for each address of the desk.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

from trader.simulator.audit import audit
from trader.simulator.bounds import BadSettings
from trader.simulator.catalogue import CHANGEABLE
from trader.simulator.fault_file import read_faults
from trader.simulator.numbers import plain, stamp
from trader.simulator.restating import restate as restated
from trader.simulator.settings import only, typed, typed_as
from trader.simulator.shapes_orders import fill_shape, order_shape
from trader.simulator.station import LOG_MAX, Station


def overview(station: Station, asked: dict[str, Any]) -> Any:
    """Where things stand."""
    venue = station.venue
    return {
        "now": stamp(station.clock.now()),
        "speed": station.clock.speed,
        "starts": station.starts,
        "orders": len(venue.orders),
        "fills": len(venue.fills),
        "requests": station.count,
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
    """The requests, oldest first: those `since` a number, of a `route`, at most `limit` of them."""
    wanted = only(asked, since=0, limit=LOG_MAX, route="")
    since, route, limit = wanted.get("since", 0), wanted.get("route", ""), wanted.get("limit", LOG_MAX)
    rows = [line for line in station.log if line.number > since and route in ("", line.route)]
    return {
        "requests": [asdict(line) for line in rows[:limit]],
        "more": len(rows) > limit,
        "last": station.count,
        "forgotten": station.count - len(station.log),
    }


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
