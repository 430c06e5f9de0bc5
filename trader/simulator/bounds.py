"""
What a number or a word that is set here may be: one table for the desk, the files and Python alike.

A value outside of it would stop the venue's arithmetic for good, so it is
refused before it is kept, in a sentence: where, what, and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isnan
from typing import Any, Final

from trader.errors import TraderError


class BadSettings(TraderError):
    """A setting of the venue that cannot be."""


@dataclass(frozen=True, slots=True)
class Range:
    """From *low* (itself allowed only where *low_too*) to *high*."""

    low: Decimal
    high: Decimal
    low_too: bool = True
    why: str = ""

    def __contains__(self, value: Any) -> bool:
        fine = not isnan(value) if isinstance(value, float) else True
        return fine and self.low <= value <= self.high and (self.low_too or value != self.low)

    def __str__(self) -> str:
        why = f"; {self.why}" if self.why else ""
        return f"a number {'from' if self.low_too else 'above'} {self.low:f} to {self.high:f}{why}"


def _range(low: str, high: str, low_too: bool = True, why: str = "") -> Range:
    return Range(Decimal(low), Decimal(high), low_too, why)


INCREMENT: Final = _range("1e-16", "1000000")
SIZE: Final = _range("0", "1000000000000", low_too=False)
YEAR: Final = _range("0", "31622400")
TIME: Final = _range("0", "31622400", why="time does not go back, and no more than a year at once")
SHARE: Final = _range("0", "1")
RATE: Final = _range("0", "1000000", low_too=False)
COUNT: Final = _range("1", "1000000")
AMOUNT: Final = _range("-1000000000000000", "1000000000000000")

RANGES: Final[Mapping[str, Range]] = {
    **dict.fromkeys(("base_increment", "price_increment", "quote_increment"), INCREMENT),
    **dict.fromkeys(("base_min_size", "base_max_size", "quote_min_size", "quote_max_size", "price"), SIZE),
    "spread_bps": _range("0", "5000"),
    **dict.fromkeys(("maker_rate", "taker_rate"), _range("0", "1")),
    **dict.fromkeys(("price_protection", "print_share"), SHARE),
    **dict.fromkeys(("pending_seconds", "cancel_seconds", "edit_seconds", "first_subscribe_seconds"), YEAR),
    **dict.fromkeys(("get_late_seconds", "list_late_seconds", "fills_late_seconds", "balances_late_seconds"), YEAR),
    **dict.fromkeys(("idle_seconds", "block_window_seconds", "block_seconds", "leeway_seconds"), YEAR),
    **dict.fromkeys(("step_seconds", "down_seconds"), TIME),
    **dict.fromkeys(("private_per_second", "public_per_second"), RATE),
    **dict.fromkeys(("orders_open_max", "level2_max", "block_after_errors"), COUNT),
    "repeats_on_reconnect": _range("0", "1000"),
    "clock_skew_seconds": _range("-31622400", "31622400"),
    "speed": _range("0", "100000", why="time does not go back"),
    "amount": AMOUNT,
    "since": _range("0", "1000000000000"),
    "limit": _range("1", "20000"),
}
STATUSES: Final = ("online", "offline", "internal", "delisted", "")
WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "updates": ("random", "before", "after"),
    "waits_as": ("PENDING", "QUEUED"),
    "body": ("empty", "html", "json"),
    "status": STATUSES,
    "algorithms": ("ES256", "EdDSA"),
}
FORMS: Final[Mapping[str, tuple[str, str]]] = {
    "currency": (r"[A-Z0-9]{2,16}", "a currency such as USD"),
    "fails_with": (r"[A-Z_]{0,60}", "a reject reason such as HOLD_FAILURE"),
}
ORDERED: Final = (
    ("base_min_size", "base_max_size", "else no size is right"),
    ("quote_min_size", "quote_max_size", "else no amount is right"),
    ("maker_rate", "taker_rate", "a hold covers the taker's fee, so it must be the higher one"),
)
"""The first may not be above the second."""
DECIMALS_MAX: Final = 18
LONG: Final = 60


def demand(where: str, values: Mapping[str, Any]) -> None:
    """Refuse *values* that cannot be, all of them in one sentence each."""
    if wrong := list(mistakes(values)):
        raise BadSettings("\n".join(f"{where}: {words}" for words in wrong))


def mistakes(values: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with *values*, by name."""
    for name, value in values.items():
        if value is not None and (wanted := _wanted(name, value)):
            yield f"{name} is {_shown(value)}; wanted {wanted}"
    for low, high, why in ORDERED:
        if low in values and high in values and values[low] > values[high]:
            yield f"{low} is {_shown(values[low])} and {high} {_shown(values[high])}; wanted {low} <= {high}: {why}"


def _wanted(name: str, value: Any) -> str:
    """What *name* may be, where *value* is not that."""
    if name in RANGES:
        fine = value in RANGES[name] and (not isinstance(value, Decimal) or _decimals(value) <= DECIMALS_MAX)
        long = isinstance(value, Decimal) and value in RANGES[name]
        return "" if fine else f"at most {DECIMALS_MAX} decimals" if long else str(RANGES[name])
    if name in WORDS:
        said = value if isinstance(value, list | tuple) else [value]
        fine = bool(said) and all(word in WORDS[name] for word in said)
        return "" if fine else f"one of {', '.join(word or '(nothing)' for word in WORDS[name])}"
    if name in FORMS and not re.fullmatch(FORMS[name][0], value):
        return FORMS[name][1]
    return ""


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _shown(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}" if -20 < value.adjusted() < 20 else str(value)
    text = repr(value)
    return text if len(text) <= LONG else f"{text[:LONG]}…"
