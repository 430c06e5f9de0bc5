"""
What a single value may be, said once: the check, the bounds in words, the default.

Strict where money hangs on it: a boolean is no number, a quoted number only
where a decimal is meant, and NaN, infinity or null are never "no limit": where
there is no limit there is no order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic_core import PydanticCustomError, core_schema

from trader.config.wording import near, shown

REFUSED = "refused"
DECIMALS_MAX = 12
_PLAIN_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,29})(?:\.[0-9]{1,30})?")


class Checked:
    """What all kinds of value have in common; stands in `Annotated[type, kind]`."""

    default: Any = None
    optional: bool = False

    @property
    def allowed(self) -> str:
        """What may be written, but for null."""
        raise AssertionError(f"{type(self).__name__} says nothing")

    @property
    def in_words(self) -> str:
        """What may be written, null included where it may."""
        return self.allowed + (", or null" if self.optional else "")

    def convert(self, value: object) -> object:
        """The checked value; `ValueError` with the first half of a sentence where it is wrong."""
        raise AssertionError(f"{type(self).__name__} converts nothing")

    def check(self, value: object) -> object:
        """The value as the program uses it, or the sentence as pydantic carries it."""
        if value is None and self.optional:
            return None
        try:
            return self.convert(value)
        except ValueError as error:
            said = str(error)
            sentence = f"{said} Allowed: {self.in_words}" if said.endswith("?") else f"{said}; allowed: {self.in_words}"
            raise PydanticCustomError(REFUSED, "{sentence}", {"sentence": sentence}) from None

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount(Checked):
    """An exact number between bounds; *unit* is for the reader."""

    above: str | None = None
    at_least: str | None = None
    at_most: str
    unit: str = ""
    default: str | None = None
    optional: bool = False

    @property
    def allowed(self) -> str:
        low = f"above {self.above}" if self.above is not None else str(self.at_least)
        return f"{low} to {self.at_most}" + (f" {self.unit}" if self.unit else "")

    def convert(self, value: object) -> object:
        number = self._number(value)
        if not number.is_finite():
            raise ValueError(f"{shown(value)} is not a finite number")
        if self.above is not None and number <= Decimal(self.above):
            raise ValueError(f"{shown(value)} is not above {self.above}")
        if self.at_least is not None and number < Decimal(self.at_least):
            raise ValueError(f"{shown(value)} is below {self.at_least}")
        if number > Decimal(self.at_most):
            raise ValueError(f"{shown(value)} is above {self.at_most}")
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < -DECIMALS_MAX:
            raise ValueError(f"{shown(value)} has more than {DECIMALS_MAX} decimals")
        return number

    @staticmethod
    def _number(value: object) -> Decimal:
        if isinstance(value, Decimal):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return Decimal(repr(value))
        if isinstance(value, str) and _PLAIN_DECIMAL.fullmatch(value):
            return Decimal(value)
        raise ValueError(f"{shown(value)} is not a number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Real(Amount):
    """A number for research and features: the same bounds, a float."""

    def convert(self, value: object) -> object:
        number = Amount.convert(self, value)
        assert isinstance(number, Decimal)
        return float(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Amount):
    """A whole number between bounds, never quoted."""

    def convert(self, value: object) -> object:
        if isinstance(value, str):
            raise ValueError(f"{shown(value)} is not a number")
        number = Amount.convert(self, value)
        assert isinstance(number, Decimal)
        if number != number.to_integral_value():
            raise ValueError(f"{shown(value)} is not a whole number")
        return int(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch(Checked):
    """true or false, spelt so."""

    default: bool | None = None
    optional: bool = False

    @property
    def allowed(self) -> str:
        return "true, false"

    def convert(self, value: object) -> object:
        if not isinstance(value, bool):
            raise ValueError(f"{shown(value)} is neither true nor false")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Checked):
    """One of a few words; *refused* maps a word that will come to why it is not there."""

    words: tuple[str, ...]
    refused: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None
    optional: bool = False

    @property
    def allowed(self) -> str:
        return ", ".join(self.words)

    def convert(self, value: object) -> object:
        if isinstance(value, str) and value in self.words:
            return value
        if isinstance(value, str) and value in self.refused:
            raise ValueError(f"{value} {self.refused[value]}")
        meant = near(value, self.words) if isinstance(value, str) else None
        raise ValueError(f"{shown(value)} is none of the choices" + (f"; did you mean {meant}?" if meant else ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Checked):
    """Text of a shape: *what* it is called, and the shape in words."""

    what: str
    shape: str
    says: str
    default: str | None = None
    optional: bool = False

    @property
    def allowed(self) -> str:
        return self.says

    def convert(self, value: object) -> object:
        if not isinstance(value, str) or not re.fullmatch(self.shape, value):
            hint = value.upper() if isinstance(value, str) and re.fullmatch(self.shape, value.upper()) else None
            raise ValueError(f"{shown(value)} is not {self.what}" + (f"; did you mean {hint}?" if hint else ""))
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant(Checked):
    """A UTC day or instant within the life of this market."""

    default: None = None
    optional: bool = False

    @property
    def allowed(self) -> str:
        return "a UTC day or instant from 2009 to 2099, like 2026-12-31 or 2026-12-31T18:00:00Z"

    def convert(self, value: object) -> object:
        if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d", value):
            raise ValueError(f"{shown(value)} is not a date")
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{shown(value)} is no day of the calendar") from None
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        if not 2009 <= moment.year <= 2099:
            raise ValueError(f"{shown(value)} is out of time")
        return moment.astimezone(UTC)
