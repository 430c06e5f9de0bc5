"""
`universe.yaml`: who may be traded, and what trading them costs (U1, U2).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from trader.config.stanza import Stanza, StanzaName, Symbol, ThemeName
from trader.config.values import Amount, Count, Instant

_NLV = "% of NLV"


class TierKeys(Stanza):
    """One tier: who enters it, how much it may hold, what trading in it costs."""

    min_volume_24h_usd: Annotated[Decimal, Amount(at_least="0", at_most="100000000000", unit="USD")]
    max_spread_bps: Annotated[Decimal, Amount(above="0", at_most="1000", unit="bps")]
    max_allocation_pct: Annotated[Decimal, Amount(above="0", at_most="100", unit=_NLV)]
    base_size_pct: Annotated[Decimal, Amount(above="0", at_most="100", unit=_NLV)]
    spread_bps: Annotated[Decimal, Amount(at_least="0", at_most="1000", unit="bps")]
    slippage_bps: Annotated[Decimal, Amount(at_least="0", at_most="1000", unit="bps")]
    symbols: tuple[Symbol, ...]


class Hysteresis(Stanza):
    """What keeps a symbol at a threshold from flapping."""

    enter_multiplier: Annotated[Decimal, Amount(at_least="1", at_most="10", default="1.1")]
    exit_multiplier: Annotated[Decimal, Amount(above="0", at_most="1", default="0.8")]
    confirm_cycles: Annotated[int, Count(at_least="1", at_most="1000", unit="cycles", default="3")]


class UniverseYaml(Stanza):
    """The whole of `universe.yaml`; tiers best first."""

    tiers: dict[StanzaName, TierKeys]
    themes: dict[ThemeName, tuple[Symbol, ...]]
    never_trade: tuple[Symbol, ...]
    bans: dict[Symbol, Annotated[datetime, Instant()]]
    hysteresis: Hysteresis
