"""
Exact numbers, and how the venue writes them.

Quote-sized orders have sizes of 16 decimals, so products of two numbers need
more digits than Decimal's usual 28: everything that touches money runs under
`exactly`, where nothing is ever rounded by accident.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Context, Decimal, localcontext
from typing import Final, ParamSpec, TypeVar

Args = ParamSpec("Args")
Answer = TypeVar("Answer")

EXACT: Final = Context(prec=80)
SIXTEEN: Final = Decimal("1e-16")
ZERO: Final = Decimal(0)


def exactly(function: Callable[Args, Answer]) -> Callable[Args, Answer]:
    """*function* with 80 digits to calculate in."""

    @functools.wraps(function)
    def wrapped(*args: Args.args, **kwargs: Args.kwargs) -> Answer:
        with localcontext(EXACT):
            return function(*args, **kwargs)

    return wrapped


def sixteen(value: Decimal) -> Decimal:
    """*value* cut to the 16 decimals the venue keeps."""
    return value.quantize(SIXTEEN, ROUND_DOWN)


def plain(value: Decimal) -> str:
    """As the venue writes it: no exponent, no trailing zeros, zero is `0`."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def multiple_of(value: Decimal, step: Decimal) -> bool:
    """Whether *value* is a whole number of *step*s."""
    return value % step == 0


def stamp(time: datetime, decimals: int = 6) -> str:
    """RFC 3339 in UTC with *decimals* of a second: 0, 3, 6 or 9."""
    text = time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{time.microsecond:06d}000"[:decimals]
    return f"{text}.{fraction}Z" if fraction else f"{text}Z"
