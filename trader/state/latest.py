"""
When something happened last, by symbol.
"""

from __future__ import annotations

from datetime import datetime

from trader.model.orders import Fill


def later(last: dict[str, datetime], fill: Fill) -> None:
    """Note *fill* in *last*, where the latest time stays: a venue may tell of an earlier fill after a later one."""
    before = last.get(fill.symbol)
    if before is None or before < fill.time:
        last[fill.symbol] = fill.time
