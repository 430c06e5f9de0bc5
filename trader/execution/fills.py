"""
At what price a bar fills an order: the fill conventions, as arithmetic.

Pure: one order or holding, one bar, the product and its costs in, a price out.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from trader.model.market import Product
from trader.model.money import BPS, ONE, Liquidity, ceil_to, exact, floor_to
from trader.model.orders import OrderIntent
from trader.model.trading import ExitReason, Side

CostsBps = tuple[Decimal, Decimal]
"""(half spread, slippage) in bps."""


class BarRow(NamedTuple):
    """One closed bar as floats; volume in base units."""

    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(slots=True)
class Resting:
    """An order at the venue, and what of it is filled."""

    intent: OrderIntent
    filled: Decimal


@dataclass(slots=True)
class Holding:
    """
    What one strategy holds of one symbol at the venue, with the protection attached to it.

    *bought_within* is set in the interval in which a limit filled: its high may have come before the fill.
    """

    size: Decimal
    stop_price: Decimal | None
    take_profit_price: Decimal | None
    entry_id: str
    bought_within: bool = False
    triggered: bool = False
    """The stop was hit and part of the holding is still there: it goes at the next open, wherever that is."""
    floats: tuple[float, float] = (0.0, float("inf"))

    def __post_init__(self) -> None:
        self.floats = (
            float(self.stop_price) if self.stop_price is not None else 0.0,
            float(self.take_profit_price) if self.take_profit_price is not None else float("inf"),
        )
        if self.triggered:
            self.trigger()

    def trigger(self) -> None:
        """From now on every bar is at or below the stop."""
        self.triggered = True
        self.floats = (float("inf"), float("inf"))

    def touched(self, bar: BarRow) -> bool:
        """Whether *bar* reaches the stop or the target."""
        stop, target = self.floats
        return bar.low <= stop or bar.high >= target

    def added(self, intent: OrderIntent, size: Decimal, within: bool) -> Holding:
        """This holding with more bought: the tighter of old and new protection holds for all of it."""
        stops = [price for price in (self.stop_price, intent.stop_price) if price is not None]
        targets = [price for price in (self.take_profit_price, intent.take_profit_price) if price is not None]
        return Holding(
            self.size + size,
            max(stops, default=None),
            min(targets, default=None),
            self.entry_id,
            within or self.bought_within,
            self.triggered,
        )


@dataclass(frozen=True, slots=True)
class ProtectiveExit:
    """A stop or target that a bar touched: fill price, and the price it would have been without costs."""

    exit_reason: ExitReason
    price: Decimal
    undisturbed: Decimal
    liquidity: Liquidity
    at_open: bool


def resting_price(intent: OrderIntent, bar: BarRow) -> Decimal | None:
    """Where a resting BUY limit fills: at the open if that gaps below, at the limit if traded through, or not."""
    limit = intent.limit_price
    assert limit is not None, "a maker order has a limit"
    assert intent.side is Side.BUY, "only entries rest"
    opened, low = exact(bar.open), exact(bar.low)
    if opened < limit:
        return opened
    return limit if low < limit else None


def protective_exit(holding: Holding, bar: BarRow, costs_bps: CostsBps, product: Product) -> ProtectiveExit | None:
    """What *bar* does to a holding's protection: the stop first, at the open where it gaps through."""
    stop, target = holding.floats
    if holding.stop_price is not None and bar.low <= stop:
        gap = bar.open <= stop  # always so once it was triggered: the rest goes at the open
        trigger = exact(bar.open) if gap else holding.stop_price
        price = market_price(Side.SELL, trigger, costs_bps, product)
        return ProtectiveExit(ExitReason.STOP_LOSS, price, trigger, Liquidity.TAKER, gap)
    if holding.take_profit_price is not None and not holding.bought_within:
        if bar.open >= target:
            price = floor_to(exact(bar.open), product.quote_increment)
            return ProtectiveExit(ExitReason.TAKE_PROFIT, price, price, Liquidity.MAKER, True)
        if bar.high > target:
            price = holding.take_profit_price
            return ProtectiveExit(ExitReason.TAKE_PROFIT, price, price, Liquidity.MAKER, False)
    return None


def market_price(side: Side, price: Decimal, costs_bps: CostsBps, product: Product) -> Decimal:
    """*price*, moved against us by half spread and slippage, on the increment (up for BUY, down for SELL)."""
    share = (costs_bps[0] + costs_bps[1]) * BPS
    if side is Side.BUY:
        return ceil_to(price * (ONE + share), product.quote_increment)
    return max(floor_to(price * (ONE - share), product.quote_increment), product.quote_increment)
