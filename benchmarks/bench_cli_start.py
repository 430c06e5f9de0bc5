"""
How long a person waits for the command line to answer, and what it must not load for that.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

RUNS, LIMIT_SECONDS = 15, 0.4
HEAVY = ("pandas", "vectorbt", "plotly")
HELP = [str(Path(sys.executable).parent / "trader"), "--help"]
LOADED = f"import sys, trader; print(*(name for name in {HEAVY!r} if name in sys.modules))"


def run() -> dict[str, Any]:
    """Wall seconds of `trader --help` in processes of its own, and the heavy packages `import trader` pulls."""
    seconds = []
    for _ in range(RUNS + 1):
        begin = time.perf_counter()
        subprocess.run(HELP, check=True, capture_output=True)
        seconds.append(time.perf_counter() - begin)
    usual = median(seconds[1:])  # the first reads the files from disk
    loaded = subprocess.run([sys.executable, "-c", LOADED], check=True, capture_output=True, text=True).stdout.split()
    return {
        "seconds": {"first": round(seconds[0], 3), "median": round(usual, 3), "most": round(max(seconds[1:]), 3)},
        "targets": {
            "trader --help, median seconds": {"value": round(usual, 3), "limit": LIMIT_SECONDS, "ok": usual <= 0.4},
            "heavy packages loaded by import trader": {"value": loaded, "limit": [], "ok": not loaded},
        },
    }
