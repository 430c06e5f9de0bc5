"""
What a backtest costs as history grows: CPU time per bar and per fill, and the peak of memory, at 5,000,000 bars.

The bars are made by a child and read from a file, for making them takes more memory than walking them.  Entries are a
thousandth of NLV, so that the fees of 130,000 fills do not end the trading half way.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.bench_backtest import ROOT, START, cpu_seconds, frames, prepared_on
from trader.market.bars import bars_frame

SHORT, LONG, PAIRS = 50_000, 5_000_000, 3
NOTIONAL_PCT = 0.1
MB = 1_000_000
BYTES_PER_BAR = 6 * 8
"""Start, four prices and volume."""
MAKE = "import sys; from benchmarks.bench_scale import made; made(sys.argv[1])"


def made(path: str) -> None:
    """Write *LONG* bars to *path*."""
    (bars,) = frames(LONG, 60, 1).values()
    np.save(path, np.ascontiguousarray(bars.to_numpy().T))


def run() -> dict[str, Any]:
    """Short against long, in pairs; then the peak of this process, in which nothing else has been."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bars.npy"
        subprocess.run([sys.executable, "-c", MAKE, str(path)], cwd=ROOT, check=True)
        block = np.load(path)
    starts = int(START.timestamp()) + 60 * np.arange(LONG, dtype=np.int64)
    short = prepared_on({"GEN0-USD": bars_frame(starts[:SHORT], block[:, :SHORT].copy())}, 60, NOTIONAL_PCT)
    bars = bars_frame(starts, block)
    del starts, block  # which are the bench's own
    long = prepared_on({"GEN0-USD": bars}, 60, NOTIONAL_PCT)
    fills = {LONG: len(long.walk().fills), SHORT: len(short.walk().fills)}
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB
    bound_mb = 1.5 * LONG * BYTES_PER_BAR / MB + 250
    pairs = [
        (median(cpu_seconds(short.walk) for _ in range(5)) / fills[SHORT], cpu_seconds(long.walk) / fills[LONG])
        for _ in range(PAIRS)
    ]
    ratios = sorted(long_one / short_one for short_one, long_one in pairs)
    return {
        "bars_per_fill": {str(bars): round(bars / count, 1) for bars, count in fills.items()},
        "microseconds_per_fill": [[round(seconds * 1e6, 1) for seconds in pair] for pair in pairs],
        "time_per_fill_long_over_short": [round(ratio, 2) for ratio in ratios],
        "peak_rss_mb": round(peak_mb),
        "bars_mb": LONG * BYTES_PER_BAR // MB,
        "targets": {
            "time per fill, 5,000,000 bars over 50,000": {
                "value": round(median(ratios), 2), "limit": 1.5, "ok": median(ratios) <= 1.5,
            },
            "peak MB at 5,000,000 bars": {"value": round(peak_mb), "limit": bound_mb, "ok": peak_mb <= bound_mb},
        },
    }  # fmt: skip
