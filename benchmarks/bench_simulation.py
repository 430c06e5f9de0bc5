"""How many simulated cycles a second one core lives through: seeds of every climate, the whole decision path."""

from __future__ import annotations

import gc
import statistics
import time
from typing import Any

from tests.simulation.runner import some
from tests.simulation.weather import PROFILES

LIMIT_PER_SECOND = 500.0
ROUNDS, CYCLES = 3, 120


def run() -> dict[str, Any]:
    """Cycles a second by the core's own time and by the clock, over rounds of one seed of every climate."""
    gc.set_threshold(100_000, 20, 100)  # as the proof runs
    by_core, by_clock = [], []
    for number in range(ROUNDS + 1):
        began, worked = time.perf_counter(), time.process_time()
        tally = some(range(number * len(PROFILES), (number + 1) * len(PROFILES)), CYCLES)
        if tally.failures:
            raise AssertionError("; ".join(map(str, tally.failures)))
        if number:  # the first one warms up
            by_core.append(tally.cycles / (time.process_time() - worked))
            by_clock.append(tally.cycles / (time.perf_counter() - began))
    median = statistics.median(by_core)
    return {
        "cycles_a_round": len(PROFILES) * CYCLES,
        "cycles_per_cpu_second": sorted(round(rate) for rate in by_core),
        "cycles_per_second_on_the_clock": sorted(round(rate) for rate in by_clock),
        "targets": {
            "cycles per second and core": {
                "value": round(median), "limit": LIMIT_PER_SECOND, "ok": median >= LIMIT_PER_SECOND,
            }
        },
    }  # fmt: skip
