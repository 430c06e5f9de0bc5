"""
Who may be traded, and why the others may not.

Pure: the answer follows from this review's measures, the last review's answer
and the policy, so a replay, a backtest and a restart agree.  What is not known
is not eligible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from enum import Enum
from itertools import pairwise
from typing import Final

import numpy as np

from trader.model.market import FloatArray, IntArray, Membership
from trader.model.money import HUNDRED
from trader.policy import Tier, UniversePolicy

VOLUME, SPREAD, UNLISTED_VOLUME = "volume", "spread", "unlisted_volume"
NEVER_TRADE, BANNED, NO_DATA = "never_trade", "banned", "no_data"
_UNMEASURED = frozenset({NEVER_TRADE, BANNED, NO_DATA})
"""Exclusions that no measure decided: they hold at once, and after them the next measure decides at once."""

UNKNOWN_CENTS = -1
"""A 24 h volume that nobody knows, in an array of cents."""


class Assumed(Enum):
    """Instead of a measure: what history does not quote, the tier that the review finds assumes (`Tier.spread_bps`)."""

    TIER_SPREAD = "the tier's own spread"


TIER_SPREAD: Final = Assumed.TIER_SPREAD
Spread = Decimal | Assumed


@dataclass(frozen=True, slots=True)
class Measure:
    """What a review looks at: traded in the last 24 h, and quoted now; None is unknown."""

    symbol: str
    volume_24h_usd: Decimal | None
    spread_bps: Spread | None


def review(
    measures: Iterable[Measure], previous: Mapping[str, Membership], policy: UniversePolicy, as_of: datetime
) -> dict[str, Membership]:
    """
    The membership of every measured symbol at *as_of*, given that of the review before (U1).

    A symbol enters at `min_volume × enter_multiplier` and leaves below `min_volume × exit_multiplier`, or beyond the
    tier's spread, once that has held for `confirm_cycles` reviews in a row.  The first review that has a measure
    decides at once, at the enter threshold; never-trade, bans and missing measures exclude at once.
    """
    return {one.symbol: _review_one(one, previous.get(one.symbol), policy, as_of) for one in measures}


def changes(previous: Mapping[str, Membership], current: Mapping[str, Membership]) -> tuple[Membership, ...]:
    """Those of *current* whose answer, tier or reason is another than before, by symbol."""
    return tuple(member for symbol, member in sorted(current.items()) if differs(previous.get(symbol), member))


def differs(before: Membership | None, now: Membership) -> bool:
    """Another answer, tier or reason; numbers and streaks aside."""
    return before is None or _answer(before) != _answer(now)


def _answer(member: Membership) -> tuple[bool, str, str]:
    return member.eligible, member.tier, member.exclusion_reason


def _review_one(one: Measure, before: Membership | None, policy: UniversePolicy, as_of: datetime) -> Membership:
    listed = policy.tier_of.get(one.symbol)
    unmeasured = _excluded_unmeasured(one, policy, as_of)
    if unmeasured:
        tier_name = listed or (before.tier if before is not None else policy.tiers[-1].name)
        return Membership(one.symbol, tier_name, False, exclusion_reason=unmeasured)

    volume = one.volume_24h_usd
    assert volume is not None
    decided = before if before is not None and before.exclusion_reason not in _UNMEASURED else None
    inside = decided is not None and decided.eligible
    tier = _tier(listed, volume, decided.tier if decided is not None and inside else None, policy)
    spread = _spread_bps(one, tier)
    multiplier = policy.exit_multiplier if inside else policy.enter_multiplier
    volume_min = tier.min_volume_24h_usd * multiplier
    passes = volume >= volume_min and spread <= tier.max_spread_bps

    streak = decided.streak + 1 if decided is not None and passes is not inside else 0
    if decided is None or streak >= policy.confirm_cycles:
        eligible, streak = passes, 0
    else:
        eligible = inside
    if eligible:
        leaves_below = tier.min_volume_24h_usd * policy.exit_multiplier
        return Membership(one.symbol, tier.name, True, streak, "", volume, leaves_below)

    waits_for_spread = passes and decided is not None and decided.exclusion_reason == SPREAD
    if waits_for_spread or (volume >= volume_min and not passes):
        return Membership(one.symbol, tier.name, False, streak, SPREAD, spread, tier.max_spread_bps)
    return Membership(one.symbol, tier.name, False, streak, VOLUME if listed else UNLISTED_VOLUME, volume, volume_min)


def _spread_bps(one: Measure, tier: Tier) -> Decimal:
    assert one.spread_bps is not None
    return tier.spread_bps if isinstance(one.spread_bps, Assumed) else one.spread_bps


def _excluded_unmeasured(one: Measure, policy: UniversePolicy, as_of: datetime) -> str:
    if one.symbol in policy.never_trade:
        return NEVER_TRADE
    ban_ends = policy.banned_until.get(one.symbol)
    if ban_ends is not None and as_of < ban_ends:
        return BANNED
    known = _is_number(one.volume_24h_usd) and (one.spread_bps is TIER_SPREAD or _is_number(one.spread_bps))
    return "" if known else NO_DATA


def _is_number(figure: Spread | None) -> bool:
    return isinstance(figure, Decimal) and figure.is_finite()


def _tier(listed: str | None, volume: Decimal, keeps: str | None, policy: UniversePolicy) -> Tier:
    """Where config lists it; else the tier it is in; else the best tier whose volume it reaches, or the last."""
    named = policy.tier(listed or keeps or "")
    if named is not None:
        return named
    reached = (tier for tier in policy.tiers if volume >= tier.min_volume_24h_usd * policy.enter_multiplier)
    return next(reached, policy.tiers[-1])


def dollar_volume_cents(close: FloatArray, volume: FloatArray) -> IntArray:
    """Money traded in each bar, in whole cents, so that sums over a window are exact."""
    return np.rint(close * volume * 100.0).astype(np.int64)


def rolling_volume_cents(dollar_volume_cents: IntArray, window: int) -> IntArray:
    """
    Money traded in the *window* entries that end at each instant; an instant without a bar must stand as 0.

    Integers, so a value depends on its window alone, to the last bit; what lies before the first entry counts as 0.
    """
    total = np.cumsum(dollar_volume_cents, dtype=np.int64)
    rolled = total.copy()
    rolled[window:] -= total[:-window]
    return rolled


def membership_series(
    symbol: str,
    volume_cents: IntArray,
    instants_seconds: IntArray,
    policy: UniversePolicy,
    spread_bps: Spread,
    previous: Membership | None = None,
) -> tuple[tuple[int, Membership], ...]:
    """
    Where the membership of *symbol* changes (`differs`), as (index, membership), the first instant included.

    The same as calling `review` at every instant (UTC epoch seconds) with the volume there (`UNKNOWN_CENTS` where
    nobody knows) and one *spread_bps*: between two crossings of a threshold an answer settles and then stays, so only
    the instants until it has settled are looked at.
    """
    found: list[tuple[int, Membership]] = []
    before = previous
    edges = _edges(symbol, volume_cents, instants_seconds, policy)
    for start, end in pairwise(edges):
        for i in range(start, end):
            cents = int(volume_cents[i])
            volume = None if cents == UNKNOWN_CENTS else Decimal(cents) / HUNDRED
            as_of = datetime.fromtimestamp(int(instants_seconds[i]), UTC)
            now = _review_one(Measure(symbol, volume, spread_bps), before, policy, as_of)
            if i == 0 or differs(before, now):
                found.append((i, now))
            settled = before is not None and not differs(before, now) and before.streak == now.streak
            before = now
            if settled:
                break
    return tuple(found)


def _edges(symbol: str, volume_cents: IntArray, instants_seconds: IntArray, policy: UniversePolicy) -> list[int]:
    """Indices where the volume crosses any threshold or becomes (un)known, or a ban ends; with 0 and the length."""
    thresholds = sorted(
        {
            int((tier.min_volume_24h_usd * multiplier * HUNDRED).to_integral_value(ROUND_CEILING))
            for tier in policy.tiers
            for multiplier in (policy.enter_multiplier, policy.exit_multiplier)
        }
    )
    reached = np.searchsorted(np.array([UNKNOWN_CENTS + 1, *thresholds]), volume_cents, side="right") * 2
    ban_ends = policy.banned_until.get(symbol)
    if ban_ends is not None:
        reached += instants_seconds < ban_ends.timestamp()
    crossings = np.flatnonzero(np.diff(reached)) + 1
    return [0, *crossings.tolist(), len(volume_cents)] if len(volume_cents) else [0]
