"""
One rule a file; stanza `policy.yaml: risk.<name>` = module = class in snake case.

*ORDER* is the order in which an engine asks them, and so the order of the
objections in a verdict: is it sound, is the market, is it time, and is there
room, from the strategy's own budget outwards.  It cannot change what is permitted.
"""

from __future__ import annotations

from typing import Final

ORDER: Final = (
    "schema",
    "no_shorts",
    "trading_state_gate",
    "exchange_down",
    "product_health",
    "stale_quote",
    "stale_bar",
    "outlier",
    "spread",
    "regime_gate",
    "eligible",
    "min_conviction",
    "stop_bounds",
    "cooldown",
    "loss_streak",
    "pacing",
    "max_open_positions",
    "strategy_trades",
    "strategy_cap",
    "theme_cap",
    "tier_cap",
    "position_cap",
    "total_cap",
    "cash",
    "min_notional",
)
