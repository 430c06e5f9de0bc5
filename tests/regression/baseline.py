"""
The run that the committed baseline is made of.

`python -m tests.regression.baseline` makes it anew, after a change that was
meant: look at what `trader compare` says first, and say in the commit why.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from trader.backtest.compare import baseline_of
from trader.reporting.canonical import dumps
from trader.reporting.store import read_report

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BASELINE = ROOT / "reports" / "baseline" / "baseline.json"
SPAN = ("--seed", "0", "--start", "2020-01-12", "--end", "2020-04-12", "--granularity", "1h", "--cash", "10000")
MIN_ROUND_TRIPS = 100
ENTRY_RULES = (
    "schema", "shorting_disallowed", "reducing", "regime", "not_eligible", "below_conviction", "stop_out_of_bounds",
    "cooldown", "loss_streak", "pacing", "max_open_positions", "strategy_trades", "strategy_cap", "theme_cap",
    "tier_cap", "position_cap", "total_cap", "cash", "min_notional",
)  # fmt: skip
"""What each rule that history can trip says when it refuses; the baseline has every one of them."""
FEED_RULES = ("exchange_down", "product_health", "stale_quote", "stale_bar", "outlier", "spread")
"""Rules on what a live feed reports: history is always fresh, so there they are silent."""


def run(folder: Path, *more: str) -> Path:
    """Backtest into *folder* and return it."""
    strategies = folder / "strategies"
    strategies.mkdir(parents=True)
    for path in (*(ROOT / "strategies").glob("*.py"), HERE / "clumsy.py"):
        shutil.copy(path, strategies)
    command = ("backtest", "--config-dir", str(HERE / "config"), "--strategies-dir", str(strategies))
    done = trader(*command, *SPAN, "--out", str(folder / "report"), *more)
    assert done.returncode == 0, done.stderr
    return folder / "report"


def trader(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "trader.cli", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        report = read_report(run(Path(folder) / "run"))
    BASELINE.parent.mkdir(parents=True, exist_ok=True)
    BASELINE.write_bytes(dumps(baseline_of(report, ENTRY_RULES, MIN_ROUND_TRIPS)))


if __name__ == "__main__":
    main()
