"""
`signals.yaml`: what the deterministic triggers take for strong, unless a strategy's own params say otherwise (S1).

A stanza is a trigger of `trader.signals`, its keys the arguments of that
function and the score from which it fires.
"""

from __future__ import annotations

from typing import Annotated

from trader.config.stanza import Stanza
from trader.config.values import Count, Real

_BARS_MAX = "5000"


class Trigger(Stanza):
    """What every trigger has."""

    lookback_bars: Annotated[int, Count(at_least="2", at_most=_BARS_MAX, unit="bars")]
    threshold: Annotated[float, Real(above="0", at_most="1")]


class PriceMove(Trigger):
    """`price_move`"""

    full_move_pct: Annotated[float, Real(above="0", at_most="1000", unit="%")]


class Breakout(Trigger):
    """`breakout`"""

    full_break_pct: Annotated[float, Real(above="0", at_most="1000", unit="%")]


class VolumeSpike(Trigger):
    """`volume_spike`"""

    full_ratio: Annotated[float, Real(above="1", at_most="1000", unit="times")]


class Momentum(Trigger):
    """`momentum`"""

    full_sigmas: Annotated[float, Real(above="0", at_most="20", unit="sigmas")]


class Reversal(Trigger):
    """`reversal`"""

    full_fall_pct: Annotated[float, Real(above="0", at_most="100", unit="%")]
    full_rebound_pct: Annotated[float, Real(above="0", at_most="1000", unit="%")]


class MeanReversion(Trigger):
    """`mean_reversion`"""

    full_sigmas: Annotated[float, Real(above="0", at_most="20", unit="sigmas")]


class SignalsYaml(Stanza):
    """The whole of `signals.yaml`."""

    max_triggers_per_cycle: Annotated[int, Count(at_least="1", at_most="1000", default="5")]
    price_move: PriceMove
    breakout: Breakout
    volume_spike: VolumeSpike
    momentum: Momentum
    reversal: Reversal
    mean_reversion: MeanReversion
