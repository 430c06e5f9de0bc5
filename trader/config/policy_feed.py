"""
`policy.yaml: risk`, the rules on what the feed reports: how old, how far and how wide is too much.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from trader.config.stanza import Stanza
from trader.config.values import Amount, Choice, Count


class StaleQuote(Stanza):
    """`risk.stale_quote`"""

    max_quote_age_seconds: Annotated[Decimal, Amount(above="0", at_most="60", unit="seconds", default="5")]
    exits_when_stale: Annotated[str, Choice(words=("block", "allow"), default="block")]


class StaleBar(Stanza):
    """`risk.stale_bar`"""

    max_ohlcv_age_seconds: Annotated[Decimal, Amount(above="60", at_most="600", unit="seconds", default="90")]
    exits_when_stale: Annotated[str, Choice(words=("block", "allow"), default="block")]


class Outlier(Stanza):
    """`risk.outlier`"""

    max_jump_sigmas: Annotated[Decimal, Amount(at_least="2", at_most="100", unit="σ", default="6")]
    window_seconds: Annotated[int, Count(at_least="10", at_most="600", unit="seconds", default="60")]
    sigma_floor_bps: Annotated[Decimal, Amount(above="0", at_most="100", unit="bps", default="5")]
    confirmations: Annotated[int, Count(at_least="2", at_most="100", unit="quotes", default="3")]


class Spread(Stanza):
    """`risk.spread`"""

    max_spread_bps: Annotated[Decimal, Amount(above="0", at_most="1000", unit="bps", default="100")]
