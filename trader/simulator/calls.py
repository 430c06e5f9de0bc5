"""
One call of the API, read: what the SDK sends, and nothing else is assumed of it.

Repeated keys are lists, `True` and `False` are booleans, what is missing takes
the venue's default.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from trader.simulator.refusal import BadRequest


@dataclass(frozen=True, slots=True)
class Call:
    """Path parameters, query by repeated key, and the JSON body."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, list[str]] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    ahead_seconds: float = 0.0
    """How far the venue's clock is off in this call."""

    def many(self, name: str) -> list[str]:
        """All values of a repeated key; one value may also be a list with commas."""
        return [part for value in self.query.get(name, []) for part in value.split(",") if part]

    def one(self, name: str, default: str = "") -> str:
        """The last value of a key."""
        return self.query.get(name, [default])[-1]

    def flag(self, name: str) -> bool:
        """True for `true` and Python's `True`."""
        return self.one(name).lower() == "true"

    def number(self, name: str, default: int | None = None, most: int | None = None) -> int | None:
        """A whole number, at most *most*."""
        text = self.one(name)
        if not text:
            return default
        try:
            value = int(text)
        except ValueError as error:
            raise BadRequest(400, "INVALID_ARGUMENT", f"{name} is invalid: {text}") from error
        if value < 0:
            raise BadRequest(400, "INVALID_ARGUMENT", f"{name} is invalid: {text}")
        return value if most is None else min(value, most)

    def time(self, name: str) -> datetime | None:
        """An RFC 3339 time or unix seconds."""
        text = self.one(name)
        if not text:
            return None
        try:
            if text.isdigit():
                return datetime.fromtimestamp(int(text), UTC)
            read = datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError as error:
            raise BadRequest(400, "INVALID_ARGUMENT", f"{name} is invalid: {text}") from error
        return read if read.tzinfo else read.replace(tzinfo=UTC)

    def text(self, name: str) -> str:
        """A string field of the body; another type is the venue's proto error."""
        value = self.body.get(name, "")
        if not isinstance(value, str):
            raise BadRequest(400, "unknown", f"proto: (line 1:1): invalid value for string field {name}: {value!r}")
        return value


def cursor_of(value: str) -> str:
    """An opaque cursor that points behind *value*."""
    return base64.urlsafe_b64encode(value.encode()).decode()


def behind(cursor: str) -> str:
    """What a cursor of ours points behind."""
    try:
        return base64.urlsafe_b64decode(cursor.encode()).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise BadRequest(400, "INVALID_ARGUMENT", "cursor is invalid") from error
