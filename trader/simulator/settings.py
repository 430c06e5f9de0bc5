"""
What may be turned on the simulated venue.

What nobody outside can know of the real one (how a repeated client order id is
answered, whether spot takes stop-limits, how late a list is) is a switch here,
so that a rehearsal can be run both ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class VenueSettings:
    """How the venue behaves; times are seconds of its own clock."""

    seed: int = 0
    maker_rate: Decimal = Decimal("0.004")
    taker_rate: Decimal = Decimal("0.006")
    duplicates_refused: bool = False
    """A repeated client order id: False answers with the first order as success, True refuses it."""
    stop_limit_on_spot: bool = True
    price_protection: Decimal = Decimal("0.05")
    """A market order takes nothing further than this fraction from the mid; the rest is cancelled."""
    print_share: Decimal = Decimal("0.5")
    """How much of each trade of the market a resting order may have."""
    pending_seconds: float = 0.0
    """How long a new order stays PENDING before it reaches the book."""
    waits_as: str = "PENDING"
    """What it is called meanwhile: PENDING or QUEUED."""
    fails_with: str = ""
    """An accepted order turns FAILED instead of reaching the book, with this reject reason (HOLD_FAILURE, …)."""
    cancel_seconds: float = 0.05
    """How long a cancel is CANCEL_QUEUED; fills can still arrive."""
    edit_seconds: float = 0.0
    get_late_seconds: float = 0.0
    """get_order answers 404 for so long after creation."""
    list_late_seconds: float = 0.0
    fills_late_seconds: float = 0.0
    balances_late_seconds: float = 0.0
    orders_open_max: int = 500
    """Per product."""

    def __post_init__(self) -> None:
        assert Decimal(0) <= self.maker_rate <= self.taker_rate, "a hold covers the taker fee, so it must be the higher"
