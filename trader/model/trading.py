"""
From a wish to a verdict: the nouns of the first half of the decision path.

Strategies write `TradeProposal`, sizing makes a `SizedProposal` of it, a rule
may object with an `Objection`, the risk engine concludes with a `Verdict`.
All frozen; money, sizes and prices are `Decimal`; times are UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trader.model.later import LATER
from trader.model.market import FeedHealth, Product, Quote
from trader.model.money import ZERO
from trader.model.quick import quick


class Side(StrEnum):
    """Spot, long only: a BUY opens or adds, a SELL reduces or closes."""

    BUY = "BUY"
    SELL = "SELL"


class RiskReason(StrEnum):
    """Why a rule objects."""

    SHORTING_DISALLOWED = "shorting_disallowed"
    SCHEMA = "schema"
    BELOW_CONVICTION = "below_conviction"
    STOP_OUT_OF_BOUNDS = "stop_out_of_bounds"
    STRATEGY_CAP = "strategy_cap"
    STRATEGY_TRADES = "strategy_trades"
    THEME_CAP = "theme_cap"
    POSITION_CAP = "position_cap"
    TOTAL_CAP = "total_cap"
    TIER_CAP = "tier_cap"
    CASH = "cash"
    MIN_NOTIONAL = "min_notional"
    COOLDOWN = "cooldown"
    PACING = "pacing"
    MAX_OPEN_POSITIONS = "max_open_positions"
    STALE_QUOTE = "stale_quote"
    STALE_BAR = "stale_bar"
    OUTLIER = "outlier"
    SPREAD = "spread"
    PRODUCT_DISABLED = "product_disabled"
    NOT_ELIGIBLE = "not_eligible"
    REGIME = "regime"
    DRAWDOWN = "drawdown"
    DAILY_LOSS = "daily_loss"
    WEEKLY_LOSS = "weekly_loss"
    LOSS_STREAK = "loss_streak"
    HALTED = "halted"
    REDUCING = "reducing"
    KILLED = "killed"
    EXCHANGE_DOWN = "exchange_down"
    UNKNOWN_STATE = "unknown_state"


class Unit(StrEnum):
    """What the numbers of an objection count."""

    PCT_OF_NLV = "pct_of_nlv"
    USD = "usd"
    PCT = "pct"
    BPS = "bps"
    SECONDS = "seconds"
    COUNT = "count"
    BASE = "base"
    RATIO = "ratio"


class TradingState(StrEnum):
    """What the gateway permits; only the operator moves back."""

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"
    KILLED = "killed"


class ExitReason(StrEnum):
    """Why a position closes."""

    SIGNAL = "signal"
    STOP_LOSS = "stop_loss"
    TAKE_PROFIT = "take_profit"
    MAX_HOLD = "max_hold"
    FLATTEN = "flatten"
    TRAILING_STOP = "trailing_stop"

    @property
    def stops_out(self) -> bool:
        """The price went against the position: the longer cooldown follows (CD1)."""
        return self in _STOPS_OUT


_STOPS_OUT = frozenset({ExitReason.STOP_LOSS, ExitReason.TRAILING_STOP})
BY_STRATEGY = (None, ExitReason.SIGNAL)
"""Exit reasons of what a strategy proposed, the second where it is asked for again; the others are ours."""


@quick
@dataclass(frozen=True, slots=True)
class TradeProposal:
    """
    A strategy's wish.  Percentages as numbers (2.5 means 2.5 %).

    *notional_pct* is of NLV for a BUY and of this strategy's own position for a SELL (100 = all);
    *conviction* 0–1; *strategy* is written by the registry, whatever the strategy put there.
    """

    symbol: str
    side: Side
    notional_pct: float
    stop_loss_pct: float
    take_profit_pct: float
    conviction: float
    reason: str = ""
    tags: tuple[str, ...] = ()
    strategy: str = ""


@dataclass(frozen=True, slots=True)
class Defect:
    """A field of a proposal that is missing or out of bounds: its name, value and bound in words."""

    field: str
    value: str
    bound: str
    risk_reason: RiskReason = RiskReason.SCHEMA
    observed: Decimal = ZERO
    limit: Decimal = ZERO


@quick
@dataclass(frozen=True, slots=True)
class SizedProposal:
    """
    One candidate as the rules see it: sized in USD, with all they may ask about it but the book.

    *notional_usd* excludes fees; *cost_factor* turns it into worst-case money: 1 + taker fee + half spread + slippage.
    *size* is the base quantity (for a SELL exact, for a BUY at *reference_price*, unrounded).
    *multiplier* is the regime's; *exit_reason* is None for entries.  *product* is None where unknown.
    *quote*, *health* and *exchange_down* are what the snapshot reports of the symbol; *health* is None in history.
    """

    symbol: str
    side: Side
    strategy: str
    notional_usd: Decimal
    size: Decimal
    reference_price: Decimal
    cost_factor: Decimal
    as_of: datetime
    tier: str
    theme: str
    multiplier: Decimal
    conviction: float
    stop_loss_pct: Decimal
    take_profit_pct: Decimal
    product: Product | None
    eligible: bool
    exit_reason: ExitReason | None = None
    reason: str = ""
    defects: tuple[Defect, ...] = ()
    quote: Quote | None = field(default=None, metadata=LATER)
    health: FeedHealth | None = field(default=None, metadata=LATER)
    exchange_down: bool = field(default=False, metadata=LATER)

    @property
    def worst_case_usd(self) -> Decimal:
        """What the proposal may cost at worst, fee and slippage included."""
        return self.notional_usd * self.cost_factor


@quick
@dataclass(frozen=True, slots=True)
class Objection:
    """How much of a proposal a rule permits, and the numbers that made it object.

    *permitted_usd* is notional without fees, in the same terms as `SizedProposal.notional_usd`.
    """

    risk_reason: RiskReason
    permitted_usd: Decimal
    observed: Decimal
    limit: Decimal
    unit: Unit
    cap_type: str | None = None
    current_pct: Decimal | None = None
    proposed_pct: Decimal | None = None
    field: str | None = None


@quick
@dataclass(frozen=True, slots=True)
class Verdict:
    """What the engine concludes on one candidate: the smallest permitted size and every objection."""

    proposal: SizedProposal
    approved_usd: Decimal
    objections: tuple[Objection, ...] = ()

    @property
    def denied(self) -> bool:
        """Nothing of the proposal is permitted."""
        return self.approved_usd <= ZERO

    @property
    def trimmed(self) -> bool:
        """Some, but not all, is permitted."""
        return ZERO < self.approved_usd < self.proposal.notional_usd
