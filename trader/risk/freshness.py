"""
Whether what is known of a market is good enough to act on, at one instant.

The rules ask when a decision is made, on its snapshot; the last look asks again
before each send, on what the feed knows by then — the same questions, so what
ages on the way is caught and nothing is judged by two measures.  *now* is an
argument: the latest that the venue's clock may show (our clock, its offset and
the doubt about it added), so that a sound quote is never from the future.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from trader.model.market import FeedHealth, ProductFlag, Quote
from trader.model.money import ZERO
from trader.model.trading import Objection, RiskReason, Side, Unit
from trader.risk.rule import SELL, refusal

BLOCK: Final = "block"
MINUTE_SECONDS: Final = 60
Flags = frozenset[ProductFlag]

_STALE_QUOTE, _STALE_BAR = RiskReason.STALE_QUOTE, RiskReason.STALE_BAR
_MICROSECOND = timedelta(microseconds=1)
_MILLION: Final = 1_000_000
_BAR_LENGTHS: Final = Decimal("1.5")
_NOTHING: Final[Flags] = frozenset()
_TAKER_EXIT_PASSES: Final = frozenset({ProductFlag.LIMIT_ONLY})
"""An exit leaves as a limit IOC: that is a limit order, and takes."""
_MAKER_EXIT_PASSES: Final = frozenset({ProductFlag.LIMIT_ONLY, ProductFlag.POST_ONLY})


@dataclass(frozen=True, slots=True)
class SendFacts:
    """What is known of one order's market when its first byte is about to leave; nothing is taken for granted."""

    side: Side
    now: datetime
    quote: Quote | None
    health: FeedHealth
    flags: Flags
    exchange_down: bool
    post_only: bool = False


@dataclass(frozen=True, slots=True)
class Freshness:
    """The limits of `policy.yaml: risk.{stale_quote,stale_bar,outlier,spread}` that a send is held against again."""

    max_quote_age_seconds: Decimal = Decimal(5)
    max_ohlcv_age_seconds: Decimal = Decimal(90)
    max_jump_sigmas: Decimal = Decimal(6)
    max_spread_bps: Decimal = Decimal(100)
    stale_quote_stops_exits: bool = True
    stale_bar_stops_exits: bool = True


def forbids(facts: SendFacts, policy: Freshness) -> Objection | None:
    """Why this order must not leave now, or None.  An exit is held to what an exit is held to by the rules."""
    objection = exchange_down() if facts.exchange_down else closed_to(facts.flags, facts.side, facts.post_only)
    if objection is not None:
        return objection
    entering = facts.side is not SELL
    if entering or policy.stale_quote_stops_exits:
        objection = stale_quote(facts.quote, facts.now, policy.max_quote_age_seconds)
    if objection is None and (entering or policy.stale_bar_stops_exits):
        objection = stale_bar(facts.health, facts.now, policy.max_ohlcv_age_seconds)
    if objection is None and entering:
        objection = outlier(facts.health, policy.max_jump_sigmas) or too_wide(facts.quote, policy.max_spread_bps)
    return objection


def stale_quote(quote: Quote | None, now: datetime, max_age_seconds: Decimal) -> Objection | None:
    """A quote that has reached *max_age_seconds* by the venue's time is stale; so is one from the future, or none."""
    if quote is None:
        return refusal(_STALE_QUOTE, ZERO, max_age_seconds, Unit.SECONDS, "quote")
    age = _microseconds(quote.time, now)
    if age is not None and 0 <= age < max_age_seconds * _MILLION:
        return None
    return _aged(_STALE_QUOTE, age, max_age_seconds)


def stale_bar(health: FeedHealth, now: datetime, max_age_seconds: Decimal) -> Objection | None:
    """
    A watermark that has reached *max_age_seconds* (1-minute bars; others: one and a half of their lengths) is stale.

    A minute without trades moves the watermark on like any other.
    """
    limit = max_age_seconds if health.bar_seconds == MINUTE_SECONDS else health.bar_seconds * _BAR_LENGTHS
    if health.watermark is None:
        return refusal(_STALE_BAR, ZERO, limit, Unit.SECONDS, "watermark")
    age = _microseconds(health.watermark, now)
    if age is not None and 0 <= age < limit * _MILLION:
        return None
    return _aged(_STALE_BAR, age, limit)


def outlier(health: FeedHealth, max_jump_sigmas: Decimal) -> Objection | None:
    """A mid that jumped more than *max_jump_sigmas* and is not confirmed, or that nothing was there to hold against."""
    if not health.suspect and health.jump_sigmas <= max_jump_sigmas:
        return None
    return refusal(RiskReason.OUTLIER, health.jump_sigmas, max_jump_sigmas, Unit.RATIO, "mid")


def too_wide(quote: Quote | None, max_spread_bps: Decimal) -> Objection | None:
    """A spread above *max_spread_bps*; and a quote that is crossed, zero or no number, whose spread means nothing."""
    if quote is None or not quote.sound:
        return refusal(RiskReason.SPREAD, ZERO, max_spread_bps, Unit.BPS, "quote")
    bid, ask = quote.bid, quote.ask
    if (ask - bid) * 20_000 <= max_spread_bps * (ask + bid):
        return None
    return refusal(RiskReason.SPREAD, quote.spread_bps, max_spread_bps, Unit.BPS, "spread")


def closed_to(flags: Flags, side: Side, post_only: bool = False) -> Objection | None:
    """Any flag stops an entry; an exit only one that does not take an order of its kind."""
    if not flags:
        return None
    passing = _NOTHING if side is not SELL else _MAKER_EXIT_PASSES if post_only else _TAKER_EXIT_PASSES
    stopping = flags - passing
    if not stopping:
        return None
    return refusal(RiskReason.PRODUCT_DISABLED, len(stopping), 0, Unit.COUNT, ",".join(sorted(stopping)))


def exchange_down() -> Objection:
    """What is said of every order while the exchange takes none."""
    return refusal(RiskReason.EXCHANGE_DOWN, 1, 0, Unit.COUNT, "exchange")


def _microseconds(time: datetime, now: datetime) -> int | None:
    """The exact age of *time*, negative in the future; None where it has no zone and so is no instant."""
    return None if time.tzinfo is None else (now - time) // _MICROSECOND


def _aged(risk_reason: RiskReason, age: int | None, limit_seconds: Decimal) -> Objection:
    observed = ZERO if age is None else Decimal(age) / _MILLION
    return refusal(risk_reason, observed, limit_seconds, Unit.SECONDS, "time")
