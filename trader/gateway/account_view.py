"""
The account as somebody looking at it wants it: what is held, how it is protected, and how much room is left.

A view is made of the book and the rules that judge it, so that what is shown
as a cap is the cap that binds, regime included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from trader.model.book import Book
from trader.model.events import Event, OrderChanged, OrderFilled
from trader.model.money import ONE, ZERO
from trader.model.orders import Fill, Order, Position
from trader.model.trading import TradingState
from trader.risk.rules.position_cap import PositionCap
from trader.risk.rules.strategy_cap import StrategyCap
from trader.risk.rules.theme_cap import ThemeCap
from trader.risk.rules.tier_cap import TierCap
from trader.risk.rules.total_cap import TotalCap

if TYPE_CHECKING:
    from trader.risk.rule import Rule


@dataclass(frozen=True, slots=True)
class ExposureLine:
    """How much of one cap is used: worst-case USD, in per cent of NLV, and the limit in force."""

    cap_type: str
    name: str
    usd: Decimal
    pct: Decimal
    limit_pct: Decimal


@dataclass(frozen=True, slots=True)
class Bare:
    """A position for which no stop rests at the venue, and *why*: only a running process protects it."""

    strategy: str
    symbol: str
    why: str

    def sentence(self) -> str:
        """For a person."""
        return f"no stop rests at the venue for {self.symbol} of {self.strategy} ({self.why})"


@dataclass(frozen=True, slots=True)
class AccountView:
    """
    One account at *as_of*.

    *fills* and *changes* are what has happened since the cycle before: executions, and orders that moved.
    *unprotected* are the positions whose stop should rest at a venue and does not.
    """

    as_of: datetime
    mode: str
    account: str
    state: TradingState
    cash_usd: Decimal
    nlv_usd: Decimal
    drawdown_pct: Decimal
    daily_loss_pct: Decimal
    positions: tuple[Position, ...] = ()
    marks: Mapping[str, Decimal] | None = None
    working: tuple[Order, ...] = ()
    exposure: tuple[ExposureLine, ...] = ()
    fills: tuple[Fill, ...] = ()
    changes: tuple[OrderChanged, ...] = ()
    unprotected: tuple[Bare, ...] = ()


def view_of(
    book: Book, mode: str, account: str, rules: Sequence[Rule], multiplier: Decimal, happened: Iterable[Event],
    unprotected: tuple[Bare, ...] = (),
) -> AccountView:  # fmt: skip
    """*book* with the caps of *rules* at the regime's *multiplier*, and what *happened* since the cycle before."""
    events = tuple(happened)
    return AccountView(
        as_of=book.as_of,
        mode=mode,
        account=account,
        state=book.state,
        cash_usd=book.cash_usd,
        nlv_usd=book.nlv_usd,
        drawdown_pct=book.performance.drawdown_pct,
        daily_loss_pct=book.performance.daily_loss_pct,
        positions=tuple(position for _, position in sorted(book.positions.items())),
        marks=dict(book.marks),
        working=tuple(order for _, order in sorted(book.working.items())),
        exposure=tuple(exposure_lines(book, rules, multiplier)),
        fills=tuple(event.fill for event in events if isinstance(event, OrderFilled)),
        changes=tuple(event for event in events if isinstance(event, OrderChanged)),
        unprotected=unprotected,
    )


def exposure_lines(book: Book, rules: Sequence[Rule], multiplier: Decimal) -> Iterable[ExposureLine]:
    """The total against its cap, then every strategy, theme, tier and symbol that has something at risk."""
    hard = min(ONE, multiplier)
    found = {type(rule): rule for rule in rules}
    total, position = found.get(TotalCap), found.get(PositionCap)
    strategy, theme, tier = found.get(StrategyCap), found.get(ThemeCap), found.get(TierCap)
    symbols = sorted({symbol for _, symbol in book.exposure})
    if isinstance(total, TotalCap):
        yield _line(book, "total", "", book.total_exposure_usd, total.max_total_at_risk_pct * hard)
    if isinstance(strategy, StrategyCap):
        budgets = {name: budget.max_at_risk_pct * multiplier for name, budget in strategy.budgets.items()}
        yield from _lines(book, "strategy", {name for name, _ in book.exposure}, book.strategy_exposure_usd, budgets)
    if isinstance(theme, ThemeCap):
        themes = {book.themes.get(symbol, "OTHER") for symbol in symbols}
        limits = {name: theme.overrides.get(name, theme.max_theme_exposure_pct) * multiplier for name in themes}
        yield from _lines(book, "theme", themes, book.theme_exposure_usd, limits)
    if isinstance(tier, TierCap):
        allocations = {name: pct * multiplier for name, pct in tier.allocations.items()}
        tiers = {book.tiers.get(symbol, "") for symbol in symbols}
        yield from _lines(book, "tier", tiers, book.tier_exposure_usd, allocations)
    if isinstance(position, PositionCap):
        limit = position.max_position_size_pct * hard
        yield from _lines(book, "position", set(symbols), book.symbol_exposure_usd, dict.fromkeys(symbols, limit))


def _lines(
    book: Book, cap_type: str, names: set[str], usd_of: Callable[[str], Decimal], limits: Mapping[str, Decimal]
) -> Iterable[ExposureLine]:
    return (_line(book, cap_type, name, usd_of(name), limits.get(name, ZERO)) for name in sorted(names))


def _line(book: Book, cap_type: str, name: str, usd: Decimal, limit_pct: Decimal) -> ExposureLine:
    return ExposureLine(cap_type, name, usd, book.pct(usd), limit_pct)
