"""
Equal configurations, equal hashes: 5, 5.0 and 5.00 are one number, order and layout do not count.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any


def fingerprint(tree: object) -> str:
    """SHA-256 of *tree* in its one spelling."""
    text = json.dumps(_canonical(tree), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def plain(value: Any, of_text: Callable[[str], str]) -> Any:
    """*value* with only what JSON knows, every text passed through *of_text*."""
    if isinstance(value, dict):
        return {of_text(str(key)): plain(inner, of_text) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner, of_text) for inner in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return of_text(value) if isinstance(value, str) else value


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(inner) for inner in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, Decimal | int | float):
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        return ["number", f"{number.normalize() + 0:f}"]
    return value.isoformat() if isinstance(value, datetime) else str(value)
