"""
A plan of faults as it is written down, read whole: every mistake in it is told at once, and what was probably meant.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from trader.simulator.api import ROUTES
from trader.simulator.bounds import mistakes as mistakes_of
from trader.simulator.faults import KINDS, ONLY_ON, STREAM, BadFaults, Fault
from trader.simulator.settings import unknown_names
from trader.simulator.stream import CHANNELS

STREAM_ROUTES: Final = frozenset(f"ws_{channel}" for channel in (*CHANNELS, "subscriptions"))
ROUTE_NAMES: Final = frozenset({name for _, _, name, _, _ in ROUTES} | {"key_permissions"}) | STREAM_ROUTES
KEYS: Final = frozenset(row.name for row in fields(Fault) if row.init)
EXAMPLE: Final = '{"route": "create_order", "kind": "drop_after"}'
NEED_A_FIELD: Final = ("set_field", "drop_field")


def read_faults(rows: Any, where: str) -> list[Fault]:
    """The rules of a JSON list; all that is wrong with them is one error, a line each."""
    if not isinstance(rows, list):
        raise BadFaults(f"{where}: wanted a list of faults, each like {EXAMPLE}")
    wrong = [f"{where}: fault {number}: {words}" for number, row in enumerate(rows, 1) for words in mistakes(row)]
    if wrong:
        raise BadFaults("\n".join(wrong))
    return [Fault(**{**row, "calls": tuple(row.get("calls", ()))}) for row in rows]


def load_faults(path: Path) -> list[Fault]:
    """The rules in a JSON file."""
    try:
        return read_faults(json.loads(path.read_text(encoding="utf-8")), str(path))
    except OSError as error:
        raise BadFaults(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise BadFaults(f"{path}: is not JSON ({error})") from error


def mistakes(row: Any) -> Iterator[str]:
    """What is wrong with one fault."""
    if not isinstance(row, dict) or "kind" not in row:
        yield f"wanted an object with a kind, like {EXAMPLE}; kinds are {' '.join(KINDS)}"
        return
    kind, route = row["kind"], row.get("route", "*")
    if kind not in KINDS:
        near = difflib.get_close_matches(str(kind), KINDS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"kinds are {' '.join(KINDS)}"
        yield f"kind {kind!r} is unknown; {hint}"
    if unknown := unknown_names(row, KEYS):
        yield f"unknown key {'; '.join(unknown)}; keys are {' '.join(sorted(KEYS))}"
    yield from _route(kind, route)
    yield from _values(row)
    if kind in NEED_A_FIELD and not row.get("field"):
        yield f"kind {kind} wants a field, such as order_configuration"
    if kind == "correct" and row.get("value") is not None:
        yield from _price(row["value"])


def _route(kind: Any, route: Any) -> Iterator[str]:
    names = STREAM_ROUTES if kind in STREAM else ROUTE_NAMES - STREAM_ROUTES if kind in KINDS else ROUTE_NAMES
    if isinstance(kind, str) and kind in ONLY_ON:
        names = frozenset({ONLY_ON[kind]})
    if isinstance(route, str) and any(fnmatchcase(name, route) for name in names):
        return
    near = difflib.get_close_matches(str(route), sorted(names), n=1)
    hint = f"did you mean {near[0]}?" if near else f"routes are {' '.join(sorted(names))}"
    yield f"no route of {kind!r} is called {route!r}; {hint}"


def _values(row: dict[str, Any]) -> Iterator[str]:
    calls, times, chance = row.get("calls", []), row.get("times"), row.get("probability", 1)
    if not isinstance(calls, list) or not all(_whole(call, 1) for call in calls):
        yield f"calls is {calls!r}; wanted a list of numbers from 1, such as [2]"
    if not (times is None or _whole(times, 1)):
        yield f"times is {times!r}; wanted a number from 1"
    if not (_number(chance) and 0 <= chance <= 1):
        yield f"probability is {chance!r}; wanted a number from 0 to 1"
    if not (_number(row.get("seconds", 0)) and (row.get("seconds", 0) >= 0 or row["kind"] == "skew")):
        yield f"seconds is {row['seconds']!r}; wanted a number from 0"
    for name in ("status", "size_bytes"):
        if not _whole(row.get(name, 0), 0):
            yield f"{name} is {row[name]!r}; wanted a whole number"
    for name in ("body", "field"):
        if not isinstance(row.get(name, ""), str):
            yield f"{name} is {row[name]!r}; wanted a text"


def _price(value: Any) -> Iterator[str]:
    try:
        price = Decimal(str(value))
    except InvalidOperation:
        yield f"value is {value!r}; wanted a price such as 50000.01, or none"
        return
    yield from mistakes_of({"price": price}) if price.is_finite() else [f"value is {value!r}; wanted a price"]


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
