"""
What remembering costs: a durable commit with its published head, the codec, opening and replaying a long journal.

`bare_fsync_us` is one fsynced append of 512 bytes in the same folder: what the disk itself charges in this run.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from trader.model.codec import digest, dumps, loads, loads_event
from trader.model.events import AccountOpened, CycleBegan, OrderFilled
from trader.model.market import Bars, Regime, Snapshot
from trader.model.money import Liquidity
from trader.model.orders import Fill
from trader.model.trading import Side
from trader.state.journal import SqliteJournal, verify
from trader.state.memory import MemoryJournal

COMMITS, RECORDS, BATCH = 1_000, 50_000, 500
NOW = datetime(2025, 3, 1, tzinfo=UTC)
FILL = Fill(
    "f", "t247-BTC-USD-1740787200-ab12cd34", NOW, "BTC-USD", Side.BUY, Decimal("0.01"), Decimal("84123.45"),
    Decimal("5.04740700"), Liquidity.TAKER, "sma_cross",
)  # fmt: skip


def run() -> dict[str, Any]:
    """The figures, microseconds unless named otherwise, and the promised limits."""
    event, text = OrderFilled(FILL), dumps(OrderFilled(FILL))
    snapshot = _snapshot(50, 200)
    body = dumps(snapshot)
    memory = MemoryJournal()
    found: dict[str, Any] = {
        "dumps_fill": _best(lambda: dumps(event), 5_000),
        "loads_fill": _best(lambda: loads_event(text), 5_000),
        "snapshot_50x200_ms": (_best(lambda: dumps(snapshot), 5) + _best(lambda: loads(Snapshot, body), 5)) / 1e3,
        "memory_append": _best(lambda: memory.append((event,)), 20_000),
    }
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        found |= _on_disk(Path(folder), body)
    limits = {"dumps_fill": 30, "snapshot_50x200_ms": 60, "memory_append": 0.3, "append_p99": 20_000}
    found = {name: round(value, 3) for name, value in found.items()}
    targets = {
        name: {"value": found[name], "limit": limit, "ok": found[name] <= limit} for name, limit in limits.items()
    }
    return {**found, "targets": targets}


def _on_disk(folder: Path, body: str) -> dict[str, float]:
    path = folder / "paper-bench" / "state.sqlite"
    with SqliteJournal(path, mode="PAPER", account="bench") as journal:
        journal.append([AccountOpened(NOW, "PAPER", "bench", Decimal(10_000), "0", "")])
        spent = sorted(_seconds(lambda n=n: journal.append(_fills(n, 1))) for n in range(COMMITS))
        began = CycleBegan(NOW, "c1", digest(body))
        with_snapshot = _seconds(lambda: journal.append([began], {"c1": body}))
        for n in range(COMMITS, RECORDS, BATCH):
            journal.append(_fills(n, BATCH))
    found = {f"append_p{q}": spent[COMMITS * q // 100] * 1e6 for q in (50, 95, 99)}
    found |= {"append_with_snapshot_ms": with_snapshot * 1e3, "bare_fsync_us": _bare_fsync(folder)}

    begun = perf_counter()
    journal = SqliteJournal(path, mode="PAPER", account="bench")
    found["open_50k_s"] = perf_counter() - begun
    found["replay_50k_s"] = _seconds(lambda: sum(1 for _ in journal.replay()))
    journal.close()
    found["verify_50k_s"] = _seconds(lambda: verify(path))
    found["bytes_per_fill"] = path.stat().st_size / RECORDS
    return found


def _fills(first: int, count: int) -> list[OrderFilled]:
    return [OrderFilled(replace(FILL, fill_id=f"f{n}")) for n in range(first, first + count)]


def _snapshot(symbols: int, length: int) -> Snapshot:
    rng = np.random.default_rng(7)
    bars = {}
    for name in (f"P{n}-USD" for n in range(symbols)):
        close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.004, length))), 2)
        start = np.arange(length, dtype=np.int64) * 3600
        bars[(3600, name)] = Bars(
            name, 3600, start, close, close + 0.5, close - 0.5, close, rng.lognormal(3, 1, length)
        )
    return Snapshot("c1", NOW, {}, {}, {}, Regime.CHOP, {}, bars=bars)


def _bare_fsync(folder: Path) -> float:
    descriptor = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT)
    try:
        return _best(lambda: (os.write(descriptor, b"x" * 512), os.fsync(descriptor)), 100)
    finally:
        os.close(descriptor)


def _seconds(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun


def _best(work: Callable[[], object], times: int) -> float:
    """Microseconds a call, the best of five rounds."""
    return min(_seconds(lambda: [work() for _ in range(times)]) for _ in range(5)) / times * 1e6
