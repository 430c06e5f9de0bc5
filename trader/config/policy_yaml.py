"""
`policy.yaml`: what is permitted.

A stanza under `risk` or `breakers` is a rule of that name, its keys the fields
of that rule.  All stanzas must be there: a rule cannot be switched off by
leaving it out.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from trader.config.policy_feed import Outlier, Spread, StaleBar, StaleQuote
from trader.config.stanza import SYMBOL, TIMEFRAMES, NoKeys, Stanza, ThemeName
from trader.config.values import Amount, Choice, Count, Real, Switch, Text

_NLV = "% of NLV"
_MINUTES_MAX = "10080"
_BARS_MAX = "5000"


class Caps(Stanza):
    """What the engine does with a proposal beyond a cap."""

    on_breach: Annotated[str, Choice(words=("trim", "deny"), default="trim")]


class StopBounds(Stanza):
    """`risk.stop_bounds`"""

    stop_loss_pct_min: Annotated[Decimal, Amount(above="0", at_most="100", unit="%", default="0.5")]
    stop_loss_pct_max: Annotated[Decimal, Amount(above="0", at_most="100", unit="%", default="15")]
    take_profit_pct_min: Annotated[Decimal, Amount(above="0", at_most="1000", unit="%", default="0.5")]
    take_profit_pct_max: Annotated[Decimal, Amount(above="0", at_most="1000", unit="%", default="50")]


class MinConviction(Stanza):
    """`risk.min_conviction`"""

    min_conviction_to_propose: Annotated[Decimal, Amount(at_least="0", at_most="1", default="0.5")]


class ThemeCap(Stanza):
    """`risk.theme_cap`"""

    max_theme_exposure_pct: Annotated[Decimal, Amount(above="0", at_most="100", unit=_NLV, default="10")]
    overrides: dict[ThemeName, Annotated[Decimal, Amount(above="0", at_most="100", unit=_NLV)]]


class PositionCap(Stanza):
    """`risk.position_cap`"""

    max_position_size_pct: Annotated[Decimal, Amount(above="0", at_most="100", unit=_NLV, default="5")]


class TotalCap(Stanza):
    """`risk.total_cap`"""

    max_total_at_risk_pct: Annotated[Decimal, Amount(above="0", at_most="100", unit=_NLV, default="15")]


class Cash(Stanza):
    """`risk.cash`"""

    min_cash_pct: Annotated[Decimal, Amount(at_least="0", at_most="99", unit=_NLV, default="0")]


class MinNotional(Stanza):
    """`risk.min_notional`"""

    min_notional_usd: Annotated[Decimal, Amount(at_least="1", at_most="100000", unit="USD", default="10")]


class Cooldown(Stanza):
    """`risk.cooldown`"""

    cooldown_minutes: Annotated[Decimal, Amount(at_least="0", at_most=_MINUTES_MAX, unit="minutes", default="30")]
    cooldown_after_stop_minutes: Annotated[
        Decimal, Amount(at_least="0", at_most=_MINUTES_MAX, unit="minutes", default="120")
    ]


class MaxOpenPositions(Stanza):
    """`risk.max_open_positions`"""

    max_open_positions: Annotated[int, Count(at_least="1", at_most="1000", default="8")]


class Pacing(Stanza):
    """`risk.pacing`"""

    max_trades_per_hour: Annotated[int, Count(at_least="1", at_most="10000", default="5")]
    max_trades_per_day: Annotated[int, Count(at_least="1", at_most="100000", default="20")]
    min_seconds_between_trades: Annotated[int, Count(at_least="0", at_most="86400", unit="seconds", default="60")]


class LossStreak(Stanza):
    """`risk.loss_streak`"""

    max_losses_in_a_row: Annotated[int, Count(at_least="1", at_most="1000", default="4")]
    pause_minutes: Annotated[Decimal, Amount(above="0", at_most=_MINUTES_MAX, unit="minutes", default="240")]


class Risk(Stanza):
    """`risk`: the rules, in the order their verdicts are shown; all are always asked."""

    caps: Caps
    schema_: NoKeys = Field(alias="schema")
    no_shorts: NoKeys
    trading_state_gate: NoKeys
    exchange_down: NoKeys
    product_health: NoKeys
    stale_quote: StaleQuote
    stale_bar: StaleBar
    outlier: Outlier
    spread: Spread
    stop_bounds: StopBounds
    min_conviction: MinConviction
    eligible: NoKeys
    regime_gate: NoKeys
    strategy_cap: NoKeys
    strategy_trades: NoKeys
    theme_cap: ThemeCap
    position_cap: PositionCap
    tier_cap: NoKeys
    total_cap: TotalCap
    cash: Cash
    min_notional: MinNotional
    cooldown: Cooldown
    max_open_positions: MaxOpenPositions
    pacing: Pacing
    loss_streak: LossStreak


class Drawdown(Stanza):
    """`breakers.drawdown`"""

    max_drawdown_pct: Annotated[Decimal, Amount(above="0", at_most="100", unit="%", default="10")]
    window_days: Annotated[int | None, Count(at_least="1", at_most="365", unit="days", optional=True)]


class DailyLoss(Stanza):
    """`breakers.daily_loss`"""

    max_daily_loss_pct: Annotated[Decimal, Amount(above="0", at_most="100", unit="%", default="3")]


class WeeklyLoss(Stanza):
    """`breakers.weekly_loss`"""

    max_weekly_loss_pct: Annotated[Decimal, Amount(above="0", at_most="100", unit="%", default="6")]


class Breakers(Stanza):
    """`breakers`: what stops all entries until the operator lifts it."""

    drawdown: Drawdown
    daily_loss: DailyLoss
    weekly_loss: WeeklyLoss


class Multipliers(Stanza):
    """`regime.multipliers`"""

    bull: Annotated[Decimal, Amount(at_least="0", at_most="2", default="1.2")]
    chop: Annotated[Decimal, Amount(at_least="0", at_most="2", default="1.0")]
    bear: Annotated[Decimal, Amount(at_least="0", at_most="2", default="0.6")]
    crash: Annotated[Decimal, Amount(at_least="0", at_most="2", default="0.0")]


class RegimeKeys(Stanza):
    """`regime`"""

    multipliers: Multipliers
    pinned: Annotated[str | None, Choice(words=("bull", "chop", "bear", "crash"), optional=True)]
    symbol: Annotated[str, Text(**SYMBOL, default="BTC-USD")]
    timeframe: Annotated[str, Choice(words=TIMEFRAMES, default="1h")]
    trend_bars: Annotated[int, Count(at_least="2", at_most=_BARS_MAX, unit="bars", default="200")]
    trend_pct: Annotated[float, Real(at_least="0", at_most="100", unit="%", default="2.0")]
    vol_bars: Annotated[int, Count(at_least="2", at_most=_BARS_MAX, unit="bars", default="168")]
    bear_vol_pct: Annotated[float, Real(above="0", at_most="1000", unit="%", default="120")]
    crash_bars: Annotated[int, Count(at_least="1", at_most=_BARS_MAX, unit="bars", default="48")]
    crash_fall_pct: Annotated[float, Real(above="0", at_most="100", unit="%", default="15")]


class Exits(Stanza):
    """`exits`"""

    max_hold_hours: Annotated[Decimal | None, Amount(above="0", at_most="8760", unit="hours", optional=True)]
    trailing_stop_pct: Annotated[Decimal | None, Amount(above="0", at_most="100", unit="%", optional=True)] = None


class Fees(Stanza):
    """`execution.fees`"""

    maker_bps: Annotated[Decimal, Amount(at_least="0", at_most="1000", unit="bps", default="40")]
    taker_bps: Annotated[Decimal, Amount(at_least="0", at_most="1000", unit="bps", default="60")]


class Execution(Stanza):
    """`execution`"""

    fees: Fees
    entry_style: Annotated[str, Choice(words=("taker", "maker"), default="taker")]
    maker_ttl_bars: Annotated[int, Count(at_least="1", at_most="100", unit="bars", default="1")]
    maker_reprices: Annotated[int, Count(at_least="0", at_most="20", default="1")]
    taker_fallback: Annotated[bool, Switch(default=True)]
    exit_slippage_bps: Annotated[Decimal, Amount(above="0", at_most="5000", unit="bps", default="150")]
    stop_slack_bps: Annotated[Decimal, Amount(above="0", at_most="5000", unit="bps", default="500")]
    max_volume_share_pct: Annotated[Decimal, Amount(above="0", at_most="100", unit="%", default="10")]
    bot_id: Annotated[
        str, Text(what="a bot id", shape=r"[a-z0-9]{1,12}", says="1 to 12 small letters and digits", default="t247")
    ]


class PolicyYaml(Stanza):
    """The whole of `policy.yaml`."""

    risk: Risk
    breakers: Breakers
    regime: RegimeKeys
    exits: Exits
    execution: Execution
