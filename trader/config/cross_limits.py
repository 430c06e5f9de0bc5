"""
Limits that contradict each other: none may promise what another forbids.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from trader.config import policy_yaml as policy
from trader.config.app_yaml import AppYaml
from trader.config.checking import Mistake
from trader.config.facts import Facts
from trader.config.policy_feed import Spread
from trader.config.strategies_yaml import StrategyKeys
from trader.config.universe_yaml import Hysteresis, TierKeys
from trader.config.wording import shown

TOTAL = "risk.total_cap.max_total_at_risk_pct"
POSITION = "risk.position_cap.max_position_size_pct"


def limits(facts: Facts) -> Iterator[Mistake]:
    """Every contradiction between limits."""
    for check in (
        _total,
        _position,
        _tiers,
        _tier_order,
        _stops,
        _breakers,
        _pacing,
        _regime,
        _costs,
        _times,
        _smallest,
    ):
        yield from check(facts)


def _total(facts: Facts) -> Iterator[Mistake]:
    cap = facts.stanza(policy.TotalCap, "policy", "risk", "total_cap")
    if cap is None:
        return
    total = cap.max_total_at_risk_pct
    for path, value, what in _shares(facts):
        if value > total:
            where = TOTAL if path[0] == "policy" else f"policy.yaml: {TOTAL}"
            yield path, f"{shown(value)} is above {where} ({shown(total)}); {what} cannot exceed the total"
    cash = facts.stanza(policy.Cash, "policy", "risk", "cash")
    if cash is not None and cash.min_cash_pct + total > 100:
        sentence = (
            f"{shown(cash.min_cash_pct)} and {TOTAL} ({shown(total)}) are more than 100; cash kept cannot be at risk"
        )
        yield ("policy", "risk", "cash", "min_cash_pct"), sentence


def _shares(facts: Facts) -> Iterator[tuple[tuple[str, ...], Decimal, str]]:
    """Every limit that is a share of the total: its place, its value, what it limits."""
    position = facts.stanza(policy.PositionCap, "policy", "risk", "position_cap")
    if position is not None:
        yield ("policy", "risk", "position_cap", "max_position_size_pct"), position.max_position_size_pct, "a position"
    theme = facts.stanza(policy.ThemeCap, "policy", "risk", "theme_cap")
    if theme is not None:
        yield ("policy", "risk", "theme_cap", "max_theme_exposure_pct"), theme.max_theme_exposure_pct, "a theme"
        for name, value in theme.overrides.items():
            yield ("policy", "risk", "theme_cap", "overrides", name), value, "a theme"
    for name, tier in facts.named(TierKeys, "universe", "tiers").items():
        yield ("universe", "tiers", name, "max_allocation_pct"), tier.max_allocation_pct, "a tier"
    for name, strategy in facts.named(StrategyKeys, "strategies").items():
        yield ("strategies", name, "budget", "max_at_risk_pct"), strategy.budget.max_at_risk_pct, "a strategy"


def _position(facts: Facts) -> Iterator[Mistake]:
    position = facts.stanza(policy.PositionCap, "policy", "risk", "position_cap")
    for name, tier in facts.named(TierKeys, "universe", "tiers").items():
        path = ("universe", "tiers", name, "base_size_pct")
        if position is not None and tier.base_size_pct > position.max_position_size_pct:
            limit = f"policy.yaml: {POSITION} ({shown(position.max_position_size_pct)})"
            yield path, f"{shown(tier.base_size_pct)} is above {limit}; one entry cannot exceed a position"
        if tier.base_size_pct > tier.max_allocation_pct:
            limit = f"max_allocation_pct ({shown(tier.max_allocation_pct)})"
            yield path, f"{shown(tier.base_size_pct)} is above {limit}; one entry cannot exceed its tier"


def _tiers(facts: Facts) -> Iterator[Mistake]:
    guard = facts.stanza(Spread, "policy", "risk", "spread")
    for name, tier in facts.named(TierKeys, "universe", "tiers").items():
        if tier.spread_bps > tier.max_spread_bps:
            limit = f"max_spread_bps ({shown(tier.max_spread_bps)})"
            sentence = f"{shown(tier.spread_bps)} is above {limit}; nothing in this tier could ever be traded"
            yield ("universe", "tiers", name, "spread_bps"), sentence
        elif guard is not None and tier.spread_bps >= guard.max_spread_bps:
            limit = f"policy.yaml: risk.spread.max_spread_bps ({shown(guard.max_spread_bps)})"
            sentence = f"{shown(tier.spread_bps)} is not below {limit}; nothing in this tier could ever be traded"
            yield ("universe", "tiers", name, "spread_bps"), sentence
    bands = facts.stanza(Hysteresis, "universe", "hysteresis")
    if bands is not None and bands.exit_multiplier > bands.enter_multiplier:
        sentence = f"{shown(bands.exit_multiplier)} is above enter_multiplier ({shown(bands.enter_multiplier)})"
        yield ("universe", "hysteresis", "exit_multiplier"), f"{sentence}; a symbol would flap"


def _tier_order(facts: Facts) -> Iterator[Mistake]:
    for (better, first), (name, second) in pairwise(facts.named(TierKeys, "universe", "tiers").items()):
        if second.min_volume_24h_usd >= first.min_volume_24h_usd:
            limit = f"that of {better} ({shown(first.min_volume_24h_usd)})"
            sentence = f"{shown(second.min_volume_24h_usd)} is not below {limit}; tiers stand best first"
            yield ("universe", "tiers", name, "min_volume_24h_usd"), sentence


def _stops(facts: Facts) -> Iterator[Mistake]:
    stops = facts.stanza(policy.StopBounds, "policy", "risk", "stop_bounds")
    if stops is None:
        return
    for what in ("stop_loss_pct", "take_profit_pct"):
        low, high = getattr(stops, f"{what}_min"), getattr(stops, f"{what}_max")
        if low >= high:
            path = ("policy", "risk", "stop_bounds", f"{what}_min")
            yield path, f"{shown(low)} is not below {what}_max ({shown(high)}); no proposal could pass"
    yield from _trail(facts, stops)


def _trail(facts: Facts, stops: policy.StopBounds) -> Iterator[Mistake]:
    """A trailing stop is a stop, and as near and as far as one may be."""
    exits = facts.stanza(policy.Exits, "policy", "exits")
    trail = exits.trailing_stop_pct if exits is not None else None
    if trail is None:
        return
    path = ("policy", "exits", "trailing_stop_pct")
    if trail < stops.stop_loss_pct_min:
        limit = f"risk.stop_bounds.stop_loss_pct_min ({shown(stops.stop_loss_pct_min)})"
        yield path, f"{shown(trail)} is below {limit}; noise alone would stop every position out"
    elif trail > stops.stop_loss_pct_max:
        limit = f"risk.stop_bounds.stop_loss_pct_max ({shown(stops.stop_loss_pct_max)})"
        yield path, f"{shown(trail)} is above {limit}; a trailing stop is held to a stop's bounds"


def _breakers(facts: Facts) -> Iterator[Mistake]:
    day = facts.stanza(policy.DailyLoss, "policy", "breakers", "daily_loss")
    week = facts.stanza(policy.WeeklyLoss, "policy", "breakers", "weekly_loss")
    if day is not None and week is not None and day.max_daily_loss_pct > week.max_weekly_loss_pct:
        limit = f"breakers.weekly_loss.max_weekly_loss_pct ({shown(week.max_weekly_loss_pct)})"
        sentence = f"{shown(day.max_daily_loss_pct)} is above {limit}; a day cannot lose more than its week"
        yield ("policy", "breakers", "daily_loss", "max_daily_loss_pct"), sentence


def _pacing(facts: Facts) -> Iterator[Mistake]:
    pacing = facts.stanza(policy.Pacing, "policy", "risk", "pacing")
    if pacing is not None and pacing.max_trades_per_hour > pacing.max_trades_per_day:
        sentence = f"{pacing.max_trades_per_hour} is above max_trades_per_day ({pacing.max_trades_per_day})"
        yield ("policy", "risk", "pacing", "max_trades_per_hour"), f"{sentence}; an hour is part of its day"
    rest = facts.stanza(policy.Cooldown, "policy", "risk", "cooldown")
    if rest is not None and rest.cooldown_after_stop_minutes < rest.cooldown_minutes:
        limit = f"cooldown_minutes ({shown(rest.cooldown_minutes)})"
        sentence = f"{shown(rest.cooldown_after_stop_minutes)} is below {limit}; a stop-out is a fill too"
        yield ("policy", "risk", "cooldown", "cooldown_after_stop_minutes"), sentence


def _regime(facts: Facts) -> Iterator[Mistake]:
    multipliers = facts.stanza(policy.Multipliers, "policy", "regime", "multipliers")
    if multipliers is None:
        return
    for (better, high), (worse, low) in pairwise(multipliers):
        if low > high:
            sentence = f"{shown(low)} is above {better} ({shown(high)}); worse weather never means more risk"
            yield ("policy", "regime", "multipliers", worse), sentence


def _costs(facts: Facts) -> Iterator[Mistake]:
    fees = facts.stanza(policy.Fees, "policy", "execution", "fees")
    if fees is not None and fees.maker_bps > fees.taker_bps:
        sentence = f"{shown(fees.maker_bps)} is above taker_bps ({shown(fees.taker_bps)}); waiting never costs more"
        yield ("policy", "execution", "fees", "maker_bps"), sentence


def _times(facts: Facts) -> Iterator[Mistake]:
    app = facts.stanza(AppYaml, "app")
    if app is None:
        return
    if app.cycle_deadline_seconds > app.interval_seconds:
        sentence = f"{shown(app.cycle_deadline_seconds)} is above interval_seconds ({app.interval_seconds})"
        yield ("app", "cycle_deadline_seconds"), f"{sentence}; a cycle ends before the next begins"
    if app.strategy_timeout_seconds > app.cycle_deadline_seconds:
        limit = f"cycle_deadline_seconds ({shown(app.cycle_deadline_seconds)})"
        sentence = f"{shown(app.strategy_timeout_seconds)} is above {limit}; one strategy cannot outlast the cycle"
        yield ("app", "strategy_timeout_seconds"), sentence


def _smallest(facts: Facts) -> Iterator[Mistake]:
    app = facts.stanza(AppYaml, "app")
    position = facts.stanza(policy.PositionCap, "policy", "risk", "position_cap")
    smallest = facts.stanza(policy.MinNotional, "policy", "risk", "min_notional")
    if app is None or position is None or smallest is None:
        return
    largest = app.starting_cash_usd * position.max_position_size_pct / 100
    if largest < smallest.min_notional_usd:
        limit = f"policy.yaml: risk.min_notional.min_notional_usd ({shown(smallest.min_notional_usd)})"
        sentence = f"a full position of {shown(app.starting_cash_usd)} USD is {shown(largest)} USD, below {limit}"
        yield ("app", "starting_cash_usd"), f"{sentence}; nothing could ever be bought"
