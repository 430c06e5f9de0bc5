"""
What config says, as the pure core reads it.

Config files are checked once, at the edge; below that edge only these frozen
nouns exist, so the core cannot meet a missing key or a string for a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from trader.model.market import Regime
from trader.model.money import BPS, ONE, FeeModel

OTHER = "OTHER"
"""Theme of a symbol that no theme lists."""


@dataclass(frozen=True, slots=True)
class Tier:
    """One class of symbols: who enters it, how much it may hold, and what trading it costs.

    *spread_bps* is the full quoted spread a historical feed synthesises; *slippage_bps* is added to half of it.
    """

    name: str
    min_volume_24h_usd: Decimal
    max_spread_bps: Decimal
    max_allocation_pct: Decimal
    base_size_pct: Decimal
    spread_bps: Decimal
    slippage_bps: Decimal


@dataclass(frozen=True, slots=True)
class UniversePolicy:
    """`universe.yaml`: tiers (best first), who belongs where, and the hysteresis (U1).

    A symbol enters at `min_volume × enter_multiplier` and leaves below `min_volume × exit_multiplier`; either only
    after *confirm_cycles* reviews in a row.  *banned_until* maps a symbol to the instant its ban ends.
    """

    tiers: tuple[Tier, ...]
    tier_of: Mapping[str, str]
    theme_of: Mapping[str, str]
    never_trade: frozenset[str] = frozenset()
    banned_until: Mapping[str, datetime] = field(default_factory=dict)
    enter_multiplier: Decimal = Decimal("1.1")
    exit_multiplier: Decimal = Decimal("0.8")
    confirm_cycles: int = 3

    def tier(self, name: str) -> Tier | None:
        """The tier called *name*, or None."""
        return next((tier for tier in self.tiers if tier.name == name), None)

    def theme(self, symbol: str) -> str:
        """The theme of *symbol*, OTHER where none lists it."""
        return self.theme_of.get(symbol, OTHER)


@dataclass(frozen=True, slots=True)
class RegimePolicy:
    """`policy.yaml: regime` (U3).  *pinned* overrides detection.

    On closed *timeframe* bars of *symbol*: crash when the close is *crash_fall_pct* or more below the highest close of
    the last *crash_bars*; else bull / bear when the close is at least *trend_pct* above / below its *trend_bars* mean,
    and bear also when annualised realised volatility over *vol_bars* exceeds *bear_vol_pct*; else chop.
    """

    multipliers: Mapping[Regime, Decimal]
    pinned: Regime | None = None
    symbol: str = "BTC-USD"
    timeframe: str = "1h"
    trend_bars: int = 200
    trend_pct: float = 2.0
    vol_bars: int = 168
    bear_vol_pct: float = 120.0
    crash_bars: int = 48
    crash_fall_pct: float = 15.0

    @property
    def warmup_bars(self) -> int:
        """Closed bars needed before anything but chop can be read."""
        return max(self.trend_bars, self.vol_bars + 1, self.crash_bars)


@dataclass(frozen=True, slots=True)
class ExitPolicy:
    """
    `policy.yaml: exits`: *max_hold_hours* closes a position that old; None never does.

    *trailing_stop_pct* closes one whose price has fallen so far, in per cent, from its highest since entry.
    """

    max_hold_hours: Decimal | None = None
    trailing_stop_pct: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ExecutionPolicy:
    """`policy.yaml: execution`: how verdicts become orders, and what the simulated exchange assumes.

    *entry_style* taker (market, next open) or maker (limit at the bid, *maker_ttl_bars* bars).
    A fill takes at most *max_volume_share_pct* of its bar's volume.  On a venue a maker entry is repriced
    *maker_reprices* times and then taken, if *taker_fallback*, within its approved worst case; an exit sells at most
    *exit_slippage_bps* below its reference, a stop that triggered *stop_slack_bps* below its stop.
    """

    fees: FeeModel = FeeModel()
    entry_style: str = "taker"
    maker_ttl_bars: int = 1
    max_volume_share_pct: Decimal = Decimal(10)
    bot_id: str = "t247"
    maker_reprices: int = 1
    taker_fallback: bool = True
    exit_slippage_bps: Decimal = Decimal(150)
    stop_slack_bps: Decimal = Decimal(500)

    def cost_factor(self, tier: Tier | None) -> Decimal:
        """Worst-case money per USD of notional bought: 1 + taker fee + half spread + slippage."""
        bps = self.fees.taker_bps
        if tier is not None:
            bps += tier.spread_bps / 2 + tier.slippage_bps
        return ONE + bps * BPS


@dataclass(frozen=True, slots=True)
class Budget:
    """`strategies.yaml: <name>.budget` (STR3)."""

    max_at_risk_pct: Decimal = Decimal(5)
    max_trades_per_cycle: int = 2


@dataclass(frozen=True, slots=True)
class StrategyStanza:
    """One strategy's stanza in `strategies.yaml`, checked but for its params, which its own `Params` checks."""

    name: str
    enabled: bool = False
    priority: int = 100
    budget: Budget = Budget()
    symbols: tuple[str, ...] | None = None
    params: Mapping[str, object] = field(default_factory=dict)
