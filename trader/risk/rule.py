"""
What a risk rule and a breaker are.

A rule looks at one proposal and the book, and either stays silent or objects,
saying how much it would permit.  It keeps no memory and reads no clock: what
must be remembered lives in the book, so a restart or a replay judges alike.
A breaker looks at the book alone and asks for another trading state.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Protocol

from trader.model.book import Book, Performance
from trader.model.decision import Trip
from trader.model.money import ZERO
from trader.model.trading import Objection, RiskReason, Side, SizedProposal, TradingState, Unit

BUY: Final = Side.BUY
SELL: Final = Side.SELL

_PER_CENT: Final = Decimal("0.01")
_STEPS_PER_USD: Final = Decimal("1E+8")
_STEP_USD: Final = Decimal("1E-8")


class Rule(Protocol):
    """Silent, or an objection with numbers; frozen, and without memory, clock, I/O or log."""

    def check(self, proposal: SizedProposal, book: Book, /) -> Objection | None: ...


class EntriesOnly:
    """What a rule inherits from that is silent on every exit, so that it need not be asked about one."""

    __slots__ = ()


class Breaker(Protocol):
    """Silent, or a trip with numbers; only the operator moves back."""

    def check(self, book: Book, /) -> Trip | None: ...

    def nav_floor(self, performance: Performance, /) -> Decimal:
        """The nav at or below which it trips, all else of *performance* being as it is; rises with the peak."""


def room_usd(money_usd: Decimal, cost_factor: Decimal) -> Decimal:
    """The largest notional, in steps of 1e-8 USD, that *money_usd* pays for at worst case; never negative."""
    if money_usd <= ZERO:
        return ZERO
    return money_usd * _STEPS_PER_USD // cost_factor * _STEP_USD


def beyond_cap(
    risk_reason: RiskReason,
    cap_type: str,
    proposal: SizedProposal,
    book: Book,
    exposure_usd: Decimal,
    limit_pct: Decimal,
) -> Objection | None:
    """Objects when *exposure_usd* and *proposal*, at worst case, exceed *limit_pct* of NLV; permits the room left."""
    worst_case_usd = exposure_usd + proposal.notional_usd * proposal.cost_factor
    limit_usd = book.nlv_usd * limit_pct * _PER_CENT
    if worst_case_usd <= limit_usd:
        return None

    proposed_pct = book.pct(worst_case_usd)
    return Objection(
        risk_reason,
        permitted_usd=room_usd(limit_usd - exposure_usd, proposal.cost_factor),
        observed=proposed_pct,
        limit=limit_pct,
        unit=Unit.PCT_OF_NLV,
        cap_type=cap_type,
        current_pct=book.pct(exposure_usd),
        proposed_pct=proposed_pct,
    )


def refusal(
    risk_reason: RiskReason, observed: Decimal | int, limit: Decimal | int, unit: Unit, field: str | None = None
) -> Objection:
    """An objection that permits nothing."""
    return Objection(risk_reason, ZERO, Decimal(observed), Decimal(limit), unit, field=field)


def fallen_to(since: Decimal, limit_pct: Decimal) -> Decimal:
    """The nav that is *limit_pct* below *since*."""
    return since - since * limit_pct * _PER_CENT


def fallen(breaker: str, risk_reason: RiskReason, observed_pct: Decimal, limit_pct: Decimal) -> Trip | None:
    """A trip to exits only once *observed_pct* has reached *limit_pct*."""
    if observed_pct < limit_pct:
        return None
    return Trip(breaker, TradingState.REDUCING, risk_reason, observed_pct, limit_pct)
