"""
The backtest's speed as a ratio to the reference loop, with slack: for noticing that it has halved, not for measuring.
"""

from __future__ import annotations

import pytest

from benchmarks.bench_backtest import candles, cpu_seconds, prepared
from benchmarks.reference import bar_loop

BARS, TRIES, LEAST = 50_000, 8, 0.8


@pytest.mark.slow
def test_a_backtest_under_all_rules_is_about_as_fast_as_a_loop_without_any():
    job, bars = prepared(BARS, 60, 1), candles(BARS)

    ratios = []
    for _ in range(TRIES):
        ratios.append(cpu_seconds(lambda: bar_loop(bars)) / cpu_seconds(job.walk))
        if ratios[-1] >= LEAST:
            break

    assert max(ratios) >= LEAST, f"times the reference loop: {ratios}"


@pytest.mark.slow
def test_both_trade_alike():
    fills = len(prepared(BARS, 60, 1).walk().fills)

    assert fills > BARS / 60
    assert abs(fills - 2 * len(bar_loop(candles(BARS)).closed)) <= 2
