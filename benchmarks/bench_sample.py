"""
Sixty days of one-minute bars of twelve products from the built-in market: what the demo and every notebook wait for.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from trader.market.sample import sample_panel
from trader.market.sample_products import PRODUCTS

START, DAYS, SYMBOLS, LIMIT_SECONDS = datetime(2024, 3, 1, tzinfo=UTC), 60, 12, 5.0


def run() -> dict[str, Any]:
    """Seconds of the first time in a process, and of five more."""
    symbols = sorted(PRODUCTS)[:SYMBOLS]
    seconds = []
    for seed in range(6):
        begin = time.perf_counter()
        panel = sample_panel(seed, START, START + timedelta(days=DAYS), symbols)
        seconds.append(round(time.perf_counter() - begin, 3))
    bars = sum(len(frame) for frame in panel.frames.values())
    return {
        "bars": bars,
        "seconds_first": seconds[0],
        "seconds_again": sorted(seconds[1:]),
        "bars_per_second": round(bars / median(seconds[1:])),
        "targets": {"seconds": {"value": seconds[0], "limit": LIMIT_SECONDS, "ok": seconds[0] < LIMIT_SECONDS}},
    }
