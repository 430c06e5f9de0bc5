"""
Whose books a gateway keeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Account:
    """One account of one mode; *cash_usd* is what a new one starts with, *source* the market it runs on, if known."""

    mode: str
    name: str
    cash_usd: Decimal
    engine_version: str
    config_hash: str
    source: str = ""

    @property
    def tag(self) -> str:
        """What tells its files from another account's: `paper-main`."""
        return f"{self.mode}-{self.name}"
