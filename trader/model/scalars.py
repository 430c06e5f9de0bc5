"""
How each plain value is spelt in canonical JSON, and read back to the same value.

One spelling a value: whatever reads back as the same noun is written with the
same bytes, so hashes over them mean something.  What cannot be spelt, or was
spelt otherwise, is a `CodecError`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

import numpy as np

from trader.errors import TraderError


class CodecError(TraderError):
    """A value that has no canonical form, or a text that is not one; the message names type and field."""


@dataclass(frozen=True, slots=True)
class Coder:
    """How one type is written as plain JSON values and read back."""

    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


def shown(value: object) -> str:
    """*value* in a message: its type, and its text where that is short and harmless."""
    text = repr(value) if type(value) in (str, int, float, bool, type(None), Decimal) else ""
    return f"{type(value).__name__} {text[:80]}".rstrip()


def exactly(kind: type) -> Coder:
    """A value JSON has itself (str, bool): it must be of *kind* and of nothing else."""

    def same(value: Any) -> Any:
        if type(value) is kind:
            return value
        if kind is str and isinstance(value, str):
            return str.__str__(value)
        raise CodecError(f"{shown(value)} where {kind.__name__} belongs")

    return Coder(same, same)


def _write_int(value: Any) -> int:
    if type(value) is int:
        return value
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return int(value)
    raise CodecError(f"{shown(value)} where int belongs")


def _read_int(plain: Any) -> int:
    if type(plain) is not int:
        raise CodecError(f"{shown(plain)} where int belongs")
    return plain


_NO_NUMBER = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def write_float(value: Any) -> float | str:
    """*value* as a JSON number; NaN and the infinities, which JSON lacks, as their names."""
    if type(value) is not float:
        if not isinstance(value, (int, float, np.integer, np.floating)) or isinstance(value, bool):
            raise CodecError(f"{shown(value)} where float belongs")
        try:
            value = float(value)
        except OverflowError:
            raise CodecError(f"an int of {value.bit_length()} bits where float belongs") from None
    if math.isfinite(value):
        return float(value)
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def read_float(plain: Any) -> float:
    """The float that `write_float` wrote."""
    if type(plain) is float:
        return plain
    if type(plain) is str and plain in _NO_NUMBER:
        return _NO_NUMBER[plain]
    raise CodecError(f"{shown(plain)} where float belongs")


def _write_decimal(value: Any) -> str:
    if type(value) is not Decimal:
        raise CodecError(f"{shown(value)} where Decimal belongs")
    if not value.is_finite():
        raise CodecError(f"{value} is not an amount")
    return str(value)


def _read_decimal(plain: Any) -> Decimal:
    if type(plain) is not str:
        raise CodecError(f"{shown(plain)} where a decimal text belongs")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        raise CodecError(f"{shown(plain)} is not a decimal") from None
    if not value.is_finite() or str(value) != plain:
        raise CodecError(f"{shown(plain)} is not an amount in canonical form")
    return value


def write_time(value: Any) -> str:
    """An instant as `2024-05-01T00:00:00Z`, with microseconds only where there are any."""
    if not isinstance(value, datetime):
        raise CodecError(f"{shown(value)} where datetime belongs")
    if value.tzinfo is not UTC:
        if value.utcoffset() is None:
            raise CodecError(f"{value.isoformat()} has no time zone")
        value = value.astimezone(UTC)
    text: str = value.isoformat()
    return text[:-6] + "Z"


def _read_time(plain: Any) -> datetime:
    try:
        value = datetime.fromisoformat(plain)
    except (TypeError, ValueError):
        raise CodecError(f"{shown(plain)} is not an instant") from None
    if value.tzinfo is not UTC or write_time(value) != plain:
        raise CodecError(f"{shown(plain)} is not an instant in canonical form (2024-05-01T00:00:00Z)")
    return value


def enumeration(kind: type[StrEnum]) -> Coder:
    """A member of *kind* by its value."""
    members = {member.value: member for member in kind}

    def write(value: Any) -> str:
        if type(value) is not kind:
            raise CodecError(f"{shown(value)} where {kind.__name__} belongs")
        return str(value._value_)

    def read(plain: Any) -> StrEnum:
        member = members.get(plain) if type(plain) is str else None
        if member is None:
            raise CodecError(f"{shown(plain)} is not a {kind.__name__}; allowed: {', '.join(members)}")
        return member

    return Coder(write, read)


SCALARS: dict[type, Coder] = {
    str: exactly(str),
    bool: exactly(bool),
    int: Coder(_write_int, _read_int),
    float: Coder(write_float, read_float),
    Decimal: Coder(_write_decimal, _read_decimal),
    datetime: Coder(write_time, _read_time),
}
