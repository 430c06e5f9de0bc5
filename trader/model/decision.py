"""
One decision, start to end: what was proposed, judged and planned at one instant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from trader.model.orders import OrderIntent
from trader.model.quick import quick
from trader.model.trading import RiskReason, TradeProposal, TradingState, Verdict


@quick
@dataclass(frozen=True, slots=True)
class StrategyReport:
    """How one strategy fared at one instant: *outcome* is ok, skipped or failed."""

    strategy: str
    outcome: str
    detail: str = ""
    proposals_count: int = 0
    seconds: float = 0.0


@quick
@dataclass(frozen=True, slots=True)
class Proposals:
    """What `propose` gives: the wishes of all strategies, and how each strategy fared."""

    snapshot_id: str
    as_of: datetime
    proposals: tuple[TradeProposal, ...] = ()
    reports: tuple[StrategyReport, ...] = ()


@dataclass(frozen=True, slots=True)
class Trip:
    """A breaker has tripped: the state it asks for and the numbers."""

    breaker: str
    state: TradingState
    risk_reason: RiskReason
    observed_pct: Decimal
    limit_pct: Decimal


@dataclass(frozen=True, slots=True)
class Superseded:
    """A proposal that lost against another on the same symbol, before risk saw it."""

    proposal: TradeProposal
    winner: str
    why: str


@quick
@dataclass(frozen=True, slots=True)
class Decision:
    """What `dispose` gives; everything in it is journaled before anything is sent."""

    as_of: datetime
    snapshot_id: str
    verdicts: tuple[Verdict, ...] = ()
    intents: tuple[OrderIntent, ...] = ()
    trips: tuple[Trip, ...] = ()
    superseded: tuple[Superseded, ...] = ()
    cancels: tuple[str, ...] = ()
    """Client order ids of working orders to cancel (a state change, an expired time-to-live)."""
    notes: Mapping[str, str] = field(default_factory=dict)
