"""
What may be turned on the simulated venue.

What nobody outside can know of the real one (how a repeated client order id is
answered, whether spot takes stop-limits, how late a list is) is a switch here,
so that a rehearsal can be run both ways.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

from trader.simulator.bounds import BadSettings, demand


@dataclass(frozen=True, slots=True)
class VenueSettings:
    """How the venue behaves; times are seconds of its own clock."""

    seed: int = 0
    maker_rate: Decimal = Decimal("0.004")
    taker_rate: Decimal = Decimal("0.006")
    duplicates_refused: bool = False
    """A repeated client order id: False answers with the first order as success, True refuses it."""
    stop_limit_on_spot: bool = True
    price_protection: Decimal = Decimal("0.05")
    """A market order takes nothing further than this fraction from the mid; the rest is cancelled."""
    print_share: Decimal = Decimal("0.5")
    """How much of each trade of the market a resting order may have."""
    pending_seconds: float = 0.0
    """How long a new order stays PENDING before it reaches the book."""
    waits_as: str = "PENDING"
    """What it is called meanwhile: PENDING or QUEUED."""
    fails_with: str = ""
    """An accepted order turns FAILED instead of reaching the book, with this reject reason (HOLD_FAILURE, …)."""
    cancel_seconds: float = 0.05
    """How long a cancel is CANCEL_QUEUED; fills can still arrive."""
    edit_seconds: float = 0.0
    get_late_seconds: float = 0.0
    """get_order answers 404 for so long after creation."""
    list_late_seconds: float = 0.0
    fills_late_seconds: float = 0.0
    balances_late_seconds: float = 0.0
    orders_open_max: int = 500
    """Per product."""
    client_id_lookup: bool = False
    """Whether get_order finds by `client_order_id` (deprecated) what it does not know by the path's id."""
    open_combines: bool = False
    """Whether a list may ask for OPEN together with other statuses."""
    updates: str = "random"
    """An order's update on the user channel comes `before` or `after` the answer to the call, or either way."""
    repeats_on_reconnect: int = 3
    """So many of the newest orders are told again to who subscribes after a broken connection."""
    first_subscribe_seconds: float = 5.0
    """Real seconds; who has not subscribed by then is put out."""
    idle_seconds: float = 0.0
    """Real seconds without a frame until the connection is closed; 0: somewhere in 60 to 90."""
    level2_max: int = 30
    """Products of level2 in one connection."""

    def __post_init__(self) -> None:
        demand("settings", values_of(self))


def values_of(settings: Any) -> dict[str, Any]:
    """What a dataclass is set to, by name."""
    return {row.name: getattr(settings, row.name) for row in fields(settings)}


def unknown_names(asked: Iterable[str], known: Iterable[str]) -> list[str]:
    """Each of *asked* that is not *known*, with the one that was probably meant."""
    known = sorted(known)
    found = []
    for name in sorted(set(asked) - set(known)):
        near = difflib.get_close_matches(name, known, n=1)
        found.append(f"{name}, did you mean {near[0]}?" if near else name)
    return found


def typed(current: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """*asked* in the types that *current* has them in; every name and value that cannot be is told at once."""
    assert is_dataclass(current)
    optional = {row.name for row in fields(current) if "None" in str(row.type)}
    return typed_as(values_of(current), asked, optional)


def typed_as(known: Mapping[str, Any], asked: Mapping[str, Any], optional: Iterable[str] = ()) -> dict[str, Any]:
    """The same of *known*, an example by name; *optional* ones may be null."""
    unknown = unknown_names(asked, known)
    wrong = [f"unknown: {'; '.join(unknown)}; known are {', '.join(sorted(known))}"] if unknown else []
    found: dict[str, Any] = {}
    for name in [name for name in asked if name in known]:
        if asked[name] is None and name in optional:
            found[name] = None
            continue
        wanted, found[name] = _as(known[name], asked[name])
        if wanted:
            wrong.append(f"{name}: wanted {wanted}, got {asked[name]!r}")
    if wrong:
        raise BadSettings(". ".join(wrong))
    return found


def only(asked: dict[str, Any], *needed: str, **known: Any) -> dict[str, Any]:
    """*asked* in the types of *known*, which names all that may be there; *needed* must be."""
    found = typed_as(known, asked)
    if missing := [name for name in needed if name not in asked]:
        raise BadSettings(f"wanted: {', '.join(missing)}")
    demand("desk", found)
    return found


def _as(current: Any, value: Any) -> tuple[str, Any]:
    """What is wanted where *value* cannot stand for *current*, else an empty string; and the value."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    number = number and (isinstance(value, int) or isfinite(value))
    if isinstance(current, bool):
        return "" if isinstance(value, bool) else "true or false", value
    if isinstance(current, Decimal):
        try:
            decimal = Decimal(str(value))
        except InvalidOperation:
            return "a number", value
        return "" if decimal.is_finite() else "a number", decimal
    if isinstance(current, str):
        return "" if isinstance(value, str) else "a text", value
    if isinstance(current, int | float | None):
        return "" if number else "a number", value
    return "" if isinstance(value, list) else "a list", value
