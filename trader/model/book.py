"""
What we own and have working at one instant, and what the rules must remember.

A rule keeps no memory: cooldowns, pacing, peaks and streaks are here, written
by the ledger alone, so a restart or a replay judges alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from trader.model.money import HUNDRED, ZERO
from trader.model.orders import Order, Position
from trader.model.quick import quick
from trader.model.trading import Side, SizedProposal, TradingState

Key = tuple[str, str]
"""(strategy, symbol)"""


@quick
@dataclass(frozen=True, slots=True)
class Performance:
    """
    The account's value per unit over time, so that deposits are not profit (DD1).

    A unit is worth 1 USD at the start; a deposit buys units at the current value.  *nav* is NLV / units.
    *peaks* are (UTC day number since 1970, highest nav that day), oldest first, kept for the rolling window.
    """

    units: Decimal
    nav: Decimal
    peak: Decimal
    day: int = 0
    day_start: Decimal = ZERO
    week: int = 0
    week_start: Decimal = ZERO
    peaks: tuple[tuple[int, Decimal], ...] = ()

    @property
    def drawdown_pct(self) -> Decimal:
        """How far nav is below the session peak, in per cent (≥ 0)."""
        return _fall_pct(self.peak, self.nav)

    def rolling_drawdown_pct(self, days: int) -> Decimal:
        """How far nav is below the highest nav of the last *days* UTC days, in per cent (≥ 0)."""
        highest = max((peak for day, peak in self.peaks if day > self.day - days), default=self.nav)
        return _fall_pct(highest, self.nav)

    @property
    def daily_loss_pct(self) -> Decimal:
        """Loss since 00:00 UTC in per cent (0 in profit)."""
        return _fall_pct(self.day_start, self.nav)

    @property
    def weekly_loss_pct(self) -> Decimal:
        """Loss since Monday 00:00 UTC in per cent (0 in profit)."""
        return _fall_pct(self.week_start, self.nav)


def _fall_pct(since: Decimal, now: Decimal) -> Decimal:
    return (since - now) / since * HUNDRED if since > now else ZERO


@quick
@dataclass(frozen=True, slots=True)
class Book:
    """
    One instant's holdings, working orders and memory.  USD unless named otherwise.

    *exposure* is worst-case USD per (strategy, symbol): held size at mark, and every working BUY (sent but
    unacknowledged included) at its worst case with fees; a partly filled order counts its remainder only (E2).
    *claimed* is the base size that working SELLs already claim.  *entries* are the instants of the BUY intents of
    the last 24 hours, oldest first; *entries_now* counts this instant's per strategy.
    """

    as_of: datetime
    cash_usd: Decimal
    nlv_usd: Decimal
    state: TradingState = TradingState.ACTIVE
    positions: Mapping[Key, Position] = field(default_factory=dict)
    working: Mapping[str, Order] = field(default_factory=dict)
    marks: Mapping[str, Decimal] = field(default_factory=dict)
    exposure: Mapping[Key, Decimal] = field(default_factory=dict)
    reserved_usd: Decimal = ZERO
    claimed: Mapping[Key, Decimal] = field(default_factory=dict)
    themes: Mapping[str, str] = field(default_factory=dict)
    tiers: Mapping[str, str] = field(default_factory=dict)
    last_fill_at: Mapping[str, datetime] = field(default_factory=dict)
    last_stop_at: Mapping[str, datetime] = field(default_factory=dict)
    entries: tuple[datetime, ...] = ()
    entries_now: Mapping[str, int] = field(default_factory=dict)
    losses_in_a_row: int = 0
    last_loss_at: datetime | None = None
    performance: Performance = field(default_factory=lambda: Performance(ZERO, ZERO, ZERO))
    unmarked: tuple[str, ...] = ()
    """Symbols held without a fresh, accepted price: what was lost is unknown, so nothing is entered (NF1)."""
    unsold: Mapping[Key, Decimal] = field(default_factory=dict)
    """Base size that a strategy asked to sell and that was not sold: it is asked for again (EXITS)."""

    @property
    def free_cash_usd(self) -> Decimal:
        """Cash less what working BUYs may still cost."""
        return self.cash_usd - self.reserved_usd

    @property
    def total_exposure_usd(self) -> Decimal:
        """Worst case over everything held and working."""
        return sum(self.exposure.values(), ZERO)

    def symbol_exposure_usd(self, symbol: str) -> Decimal:
        """Worst case in *symbol*, over all strategies."""
        return sum((usd for key, usd in self.exposure.items() if key[1] == symbol), ZERO)

    def strategy_exposure_usd(self, strategy: str) -> Decimal:
        """Worst case of *strategy*, over all symbols."""
        total = ZERO
        for key, usd in self.exposure.items():
            if key[0] == strategy:
                total += usd
        return total

    def theme_exposure_usd(self, theme: str) -> Decimal:
        """Worst case over the symbols of *theme*."""
        total, theme_of = ZERO, self.themes.get
        for key, usd in self.exposure.items():
            if theme_of(key[1], "OTHER") == theme:
                total += usd
        return total

    def tier_exposure_usd(self, tier: str) -> Decimal:
        """Worst case over the symbols of *tier*."""
        total, tier_of = ZERO, self.tiers.get
        for key, usd in self.exposure.items():
            if tier_of(key[1], "") == tier:
                total += usd
        return total

    def position(self, strategy: str, symbol: str) -> Position | None:
        """What *strategy* holds of *symbol*."""
        return self.positions.get((strategy, symbol))

    def sellable(self, strategy: str, symbol: str) -> Decimal:
        """Base size held less what working SELLs already claim (R1); never negative."""
        held = self.positions.get((strategy, symbol))
        if held is None:
            return ZERO
        return max(ZERO, held.size - self.claimed.get((strategy, symbol), ZERO))

    @property
    def open_symbols(self) -> frozenset[str]:
        """Symbols held or with a working BUY."""
        return frozenset(symbol for (_, symbol), usd in self.exposure.items() if usd > ZERO)

    @property
    def working_buys(self) -> tuple[str, ...]:
        """Ids of the orders that end when entries stop: every working BUY, maker or market."""
        return tuple(order_id for order_id, order in self.working.items() if order.intent.side is Side.BUY)

    def pct(self, usd: Decimal) -> Decimal:
        """*usd* in per cent of NLV; 0 where NLV is not positive."""
        return usd / self.nlv_usd * HUNDRED if self.nlv_usd > ZERO else ZERO

    def after(self, proposal: SizedProposal, approved_usd: Decimal) -> Book:
        """The book as it would be with *approved_usd* of *proposal* working: a SELL frees nothing until it fills."""
        key = (proposal.strategy, proposal.symbol)
        if proposal.side is Side.SELL:
            size = approved_usd / proposal.reference_price
            return replace(self, claimed={**self.claimed, key: self.claimed.get(key, ZERO) + size})
        cost = approved_usd * proposal.cost_factor
        return replace(
            self,
            exposure={**self.exposure, key: self.exposure.get(key, ZERO) + cost},
            reserved_usd=self.reserved_usd + cost,
            entries=(*self.entries, self.as_of),
            entries_now={**self.entries_now, proposal.strategy: self.entries_now.get(proposal.strategy, 0) + 1},
            themes={**self.themes, proposal.symbol: proposal.theme},
            tiers={**self.tiers, proposal.symbol: proposal.tier},
        )
