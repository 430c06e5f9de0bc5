"""
Money is exact.

Sizes, prices and cash are `Decimal` from here to the journal; a float becomes
one through its shortest decimal form, so that 0.1 means 0.1.  Rounding always
goes the way that cannot break a cap: sizes down, and prices against us.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from functools import lru_cache

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)
BPS = Decimal("0.0001")
FEE_STEP_USD = Decimal("0.00000001")


class Liquidity(StrEnum):
    """Which side of the fee schedule a fill pays."""

    MAKER = "MAKER"
    TAKER = "TAKER"


def exact(value: float) -> Decimal:
    """The shortest decimal that reads back as the float *value* (0.1 gives 0.1, not 0.1000…0555)."""
    return Decimal(repr(value if type(value) is float else float(value)))


@lru_cache(maxsize=1024)
def remembered(value: float) -> Decimal:
    """`exact`, for numbers that come again and again: a strategy asks for the same few.  A zero has no sign."""
    return exact(value + 0.0)


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of *step* not above *value*."""
    return (value / step).to_integral_value(ROUND_FLOOR) * step


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of *step* not below *value*."""
    return (value / step).to_integral_value(ROUND_CEILING) * step


@dataclass(frozen=True, slots=True)
class FeeModel:
    """The one fee model: risk's minimum notional, sizing and PnL all ask it (X3)."""

    maker_bps: Decimal = Decimal(40)
    taker_bps: Decimal = Decimal(60)

    def rate(self, liquidity: Liquidity) -> Decimal:
        """Fee as a fraction of notional: 60 bps gives 0.006."""
        return (self.maker_bps if liquidity is Liquidity.MAKER else self.taker_bps) * BPS

    def fee_usd(self, notional_usd: Decimal, liquidity: Liquidity) -> Decimal:
        """Fee in USD on *notional_usd*, to 1e-8 USD, half even."""
        return (notional_usd * self.rate(liquidity)).quantize(FEE_STEP_USD, ROUND_HALF_EVEN)
