"""
One document, one spelling.

The same values give the same bytes on every machine: keys sorted, UTF-8, floats
in their shortest exact form, no NaN, a newline at the end.  What has no number
is null.  The fingerprint is over the trades in that spelling, so that it is
equal exactly when every fill is equal.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np

Json = dict[str, Any]
DIGITS = 8


def dumps(document: object) -> bytes:
    """The canonical bytes of *document*; refuses NaN and Infinity (ValueError)."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8") + b"\n"


def fingerprint(trades: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 over the fills in canonical spelling: equal iff every fill is equal."""
    return hashlib.sha256(dumps([dict(trade) for trade in trades])).hexdigest()


def number(value: float | Decimal | None, digits: int = DIGITS) -> float | None:
    """*value* as a JSON number of at most *digits* decimals; None where it is undefined."""
    if value is None:
        return None
    result = round(float(value), digits)
    if not math.isfinite(result):
        return None
    return result + 0.0  # -0.0 reads as 0.0


def numbers(values: np.ndarray, digits: int = DIGITS) -> list[float | None]:
    """*values* as JSON numbers, None where not finite."""
    rounded = np.round(np.asarray(values, dtype=np.float64), digits) + 0.0
    if np.isfinite(rounded).all():
        return list(rounded.tolist())
    return [value if math.isfinite(value) else None for value in rounded.tolist()]


def decimal_text(value: Decimal | str | int) -> str:
    """A size, price or amount as a plain decimal string: no exponent, no trailing zeros, no minus zero."""
    exact = value if isinstance(value, Decimal) else Decimal(value)
    if not exact.is_finite():
        raise ValueError(f"{value} is not an amount")
    text = format(exact, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def time_text(value: datetime | int | float | str | np.integer[Any]) -> str:
    """An instant as `2024-05-01T00:00:00Z`, from an aware datetime, epoch seconds or such a text."""
    if isinstance(value, str):
        return value
    moment = value.astimezone(UTC) if isinstance(value, datetime) else datetime.fromtimestamp(float(value), UTC)
    text = moment.isoformat().removesuffix("+00:00")
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "Z"


def times_text(seconds: np.ndarray) -> list[str]:
    """Whole epoch seconds as texts, all at once."""
    stamps = np.datetime_as_string(np.asarray(seconds, dtype=np.int64).astype("datetime64[s]"), unit="s")
    return [f"{stamp}Z" for stamp in stamps.tolist()]


def epoch_seconds(text: str) -> int:
    """Epoch seconds of an ISO text; one without an offset is UTC."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def plain(value: Any) -> Any:
    """*value* with only what JSON knows: mappings, lists, texts, numbers, booleans and null."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain(inner) for inner in value)
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, (float, Decimal)):
        return number(value)
    return value if value is None or isinstance(value, (bool, int)) else str(value)
