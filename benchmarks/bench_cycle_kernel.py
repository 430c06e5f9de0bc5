"""
A cycle's notebook through papermill, from the call to the record on disk, exchange and gateway excluded.

The notebook does what a cycle does: bars of ten products, rolling features, a few proposals, a table, a result line.
Each run finds its spare kernel ready, as it does at any cadence above a second or two; `refill` is what getting the
next one ready costs off the critical path.  `saturated` repeats it with every core busy.  `stock` is papermill's own
engine on the same notebook in the same process: the ratio is what the spare kernel is for.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nbformat
import papermill

from trader.ops.notebook_runner import NotebookRunner
from trader.ops.spare_pool import SparePool

RUNS, SATURATED_RUNS, STOCK_RUNS = 60, 20, 5
AS_OF = datetime(2025, 3, 1, tzinfo=UTC)
CELLS = [
    "import json\nimport numpy as np\nimport pandas as pd\nfrom pydantic import Field, create_model",
    """index = pd.date_range(end=as_of, periods=300, freq="15min", tz="UTC")
rng = np.random.default_rng(seed)
walks = {f"P{n}-USD": 100 * np.exp(rng.normal(0, 0.004, 300).cumsum()) for n in range(10)}
volume = rng.lognormal(3, 1, 300)
bars = {symbol: pd.DataFrame({"close": walk, "volume": volume}, index) for symbol, walk in walks.items()}""",
    """features = {}
for symbol, frame in bars.items():
    fast, slow = frame["close"].rolling(10).mean(), frame["close"].rolling(50).mean()
    spread = (frame["close"] - slow) / frame["close"].rolling(50).std()
    surge = frame["volume"] / frame["volume"].rolling(20).median()
    features[symbol] = pd.DataFrame({"fast": fast, "slow": slow, "spread": spread, "surge": surge})""",
    """latest = pd.DataFrame({symbol: frame.iloc[-1] for symbol, frame in features.items()}).T
latest["crossed"] = latest["fast"] > latest["slow"]
latest.round(4)""",
    """fields = {"symbol": (str, ...), "pct": (float, Field(ge=0, le=5))}
Proposal = create_model("Proposal", **fields)
proposals = [Proposal(symbol=symbol, pct=2.0) for symbol in latest.index[latest["crossed"] & (latest["surge"] > 0.5)]]
pd.DataFrame([proposal.model_dump() for proposal in proposals])""",
    'print("trader-result " + json.dumps({"cycle_id": cycle_id, "proposals": len(proposals)}))',
]


def run() -> dict[str, Any]:
    """The figures and the promised limits (PERFORMANCE (iii), NF2)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        notebook = _notebook(folder)
        with SparePool() as pool:
            runner = NotebookRunner(notebook, folder / "cycles", 30.0, pool=pool, redact=str)
            _cycles(runner, 3, "warm")
            before = _rss_mb()
            quiet, refill = _cycles(runner, RUNS, "quiet")
            after = _rss_mb()
            saturated = _saturated(lambda: _cycles(runner, SATURATED_RUNS, "busy")[0])
        stock = [_stock(notebook, folder) for _ in range(STOCK_RUNS)]
    p95, p99 = _at(quiet, 0.95), _at(quiet, 0.99)
    return {
        "cycle_seconds": _spread(quiet),
        "cycle_seconds_saturated": _spread(saturated),
        "stock_papermill_seconds": _spread(stock),
        "refill_seconds": _spread(refill),
        "faster_than_stock": round(_at(stock, 0.5) / _at(quiet, 0.5), 1),
        "runner_rss_growth_mb": round(after - before, 1),
        "targets": {
            "cycle p95 (aim, s)": _target(p95, 0.15, hard=False),
            "cycle p99 (aim, s)": _target(p99, 0.25, hard=False),
            "cycle p95, cores saturated (hard, s; the aim is 0.3)": _target(_at(saturated, 0.95), 1.0),
        },
    }


def _notebook(folder: Path) -> Path:
    new = nbformat.v4
    parameters = new.new_code_cell('cycle_id = ""\nas_of = ""\nseed = 1', metadata={"tags": ["parameters"]})
    cells = [new.new_markdown_cell("# A cycle"), parameters, *(new.new_code_cell(cell) for cell in CELLS)]
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    path = folder / "cycle.ipynb"
    path.write_text(json.dumps(new.new_notebook(cells=cells, metadata={"kernelspec": kernel})))
    return path


def _cycles(runner: NotebookRunner, runs: int, name: str) -> tuple[list[float], list[float]]:
    seconds, refill = [], []
    for number in range(runs):
        begin = time.perf_counter()
        runner.pool.wait_ready(60)
        refill.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        verdict = runner.run(f"{name}-{number}", AS_OF + timedelta(minutes=15 * number), {"seed": number})
        seconds.append(time.perf_counter() - begin)
        assert verdict.is_complete, verdict
        assert not verdict.record_error, verdict
    return seconds, refill[1:]


def _saturated(measure: Callable[[], list[float]]) -> list[float]:
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        return measure()
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def _stock(notebook: Path, folder: Path) -> float:
    begin = time.perf_counter()
    papermill.execute_notebook(
        str(notebook),
        str(folder / "stock.ipynb"),
        {"cycle_id": "s", "as_of": AS_OF.isoformat()},
        progress_bar=False,
    )
    return time.perf_counter() - begin


def _rss_mb() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * resource.getpagesize() / 1e6


def _at(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def _spread(values: list[float]) -> dict[str, float]:
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {"n": len(values)} | {name: round(_at(values, share), 4) for name, share in shares.items()}


def _target(value: float, limit: float, hard: bool = True) -> dict[str, Any]:
    return {"value": round(value, 4), "limit": limit, "ok": value <= limit, "hard": hard}
