"""
Fields that a noun was given after the first of it was written down: `field(default=…, metadata=LATER)`.

Such a field is spelt only where it says something.  What was recorded before it
existed reads back with its default and is still canonical, byte for byte, so an
old journal verifies for ever and a feed that never uses the field pays nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field
from types import MappingProxyType
from typing import Any, Final

LATER: Final[Mapping[Any, Any]] = MappingProxyType({"later": True})


def is_later(part: Field[Any]) -> bool:
    """Whether *part* is left out of the canonical form where it holds its default."""
    return "later" in part.metadata
