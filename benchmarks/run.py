"""
Every benchmark, one after the other, each in a process of its own, into reports/bench.json.

A benchmark is a module `benchmarks/bench_<name>.py` with `run() -> dict`: figures by name, and under "targets" what was
promised: `{"bars per second": {"value": …, "limit": …, "ok": True}}`.  A missed target is told and makes the run fail,
unless it says `"hard": False`: then it is an aim, told and no more.  A benchmark that breaks does not stop the others.

    python -m benchmarks.run [NAME…]
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "reports/bench.json"
LIMIT_SECONDS = 900
ONE = "import importlib, json, sys; json.dump(importlib.import_module(sys.argv[1]).run(), open(sys.argv[2], 'w'))"


def discover(folder: Path) -> list[str]:
    """The names of the benchmarks in *folder*."""
    return sorted(path.stem.removeprefix("bench_") for path in folder.glob("bench_*.py"))


def measure(name: str, root: Path) -> dict[str, Any]:
    """What the benchmark *name* found, or how it broke."""
    answer = root / f"reports/.bench-{name}.json"
    answer.parent.mkdir(parents=True, exist_ok=True)
    answer.unlink(missing_ok=True)
    begin = time.perf_counter()
    try:
        done = subprocess.run(
            [sys.executable, "-c", ONE, f"benchmarks.bench_{name}", str(answer)],
            cwd=root, timeout=LIMIT_SECONDS, check=False, stdout=2,
        )  # fmt: skip
        if done.returncode:
            return {"error": f"left with {done.returncode}"}
        return {**json.loads(answer.read_text(encoding="utf-8")), "seconds": round(time.perf_counter() - begin, 2)}
    except subprocess.TimeoutExpired:
        return {"error": f"not done after {LIMIT_SECONDS} s"}
    finally:
        answer.unlink(missing_ok=True)


def missed(results: dict[str, dict[str, Any]]) -> tuple[list[str], list[str]]:
    """A sentence for each broken benchmark and each missed target, and one for each missed aim."""
    targets = [f"{name}: {result['error']}" for name, result in results.items() if "error" in result]
    aims = []
    for name, result in results.items():
        for target, row in result.get("targets", {}).items():
            if not row["ok"]:
                said = f"{name}: {target}: {row['value']} misses {row['limit']}"
                if row.get("hard", True):
                    targets.append(said)
                else:
                    aims.append(f"{said} (an aim)")
    return targets, aims


def machine() -> dict[str, Any]:
    """Where it was measured; a figure without its machine is a rumour."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
    }


def main(names: list[str], root: Path = ROOT) -> int:
    known = discover(root / "benchmarks")
    unknown = sorted(set(names) - set(known))
    if unknown or not known:
        print(f"no benchmark called {', '.join(unknown) or 'anything'}; there are: {', '.join(known)}", file=sys.stderr)
        return 2

    before = machine()
    results = {}
    for name in names or known:
        results[name] = measure(name, root)
        print(f"{name}\n{json.dumps(results[name], indent=2, sort_keys=True)}", flush=True)

    out = root / OUT.relative_to(ROOT)
    out.write_text(
        json.dumps({"machine": before, "results": results}, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )
    problems, aims = missed(results)
    print("\n".join([*problems, *aims, f"written to {out.relative_to(root)}"]))
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
