"""How many order round trips a second the simulator serves over TLS, to the unmodified SDK, on one core."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import httpx
from coinbase.rest import RESTClient

LIMIT_PER_SECOND = 300.0
ROUNDS, TRIPS, CALLERS = 6, 100, 2
PRICE = "1000.00"
RESTING, TAKING = "create, get, cancel", "create IOC, get"


def run() -> dict[str, object]:
    """Round trips a second by one caller and by two, what one costs the simulator, and the callers' own share."""
    command = [sys.executable, "-m", "trader.cli", "simulator", "--json", "--cash", "100000000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found: dict[str, object] = {}
    best = 0.0
    try:
        where = json.loads(process.stdout.readline())
        first, others = cores()
        if first is not None:
            os.sched_setaffinity(process.pid, {first})
            os.sched_setaffinity(0, others)
        lift_limits(where)
        for kind in (RESTING, TAKING):
            one = [measured(where, kind, f"one {number}") for number in range(ROUNDS)]
            before = cpu_seconds(process.pid)
            many, asked = together(where, kind)
            used = cpu_seconds(process.pid) - before
            found |= told(kind, [rate for rate, _ in one], many, statistics.median(share for _, share in one))
            found[f"{kind}: simulator's CPU, ms"] = round(used / asked * 1000, 2)
            best = max(many) if kind == RESTING else best
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
    ok = best >= LIMIT_PER_SECOND
    return found | {"targets": {f"{RESTING} a second": {"value": round(best), "limit": LIMIT_PER_SECOND, "ok": ok}}}


def told(kind: str, one: list[float], many: list[float], share: float) -> dict[str, object]:
    """Median and best of the rounds."""
    return {
        f"{kind}: one caller, a second": f"{statistics.median(one):.0f} (best {max(one):.0f})",
        f"{kind}: {CALLERS} callers, a second": f"{statistics.median(many):.0f} (best {max(many):.0f})",
        f"{kind}: the caller's own CPU, % of the time": round(share * 100),
    }


def cores() -> tuple[int | None, set[int]]:
    """One core for the simulator, the others (or the same one, where there is no other) for the callers."""
    if not hasattr(os, "sched_getaffinity"):
        return None, set()
    first, *others = sorted(os.sched_getaffinity(0))
    return first, set(others) or {first}


def cpu_seconds(pid: int) -> float:
    """What a process has used so far; 0 where there is no /proc."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def lift_limits(where: dict[str, Any]) -> None:
    """The venue's own limits are out of the way, and a cancel is done at once."""
    for path, asked in (("limits", {"private_per_second": None}), ("settings", {"cancel_seconds": 0})):
        httpx.post(f"{where['admin_url']}/{path}", json=asked, trust_env=False).raise_for_status()


def together(where: dict[str, Any], kind: str) -> tuple[list[float], int]:
    """Rates of rounds in which several callers ask at once, and the round trips made for it."""
    rates = []
    with ProcessPoolExecutor(CALLERS, mp_context=get_context("spawn")) as pool:
        for number in range(ROUNDS):
            parts = [pool.submit(measured, where, kind, f"many {number} {caller}") for caller in range(CALLERS)]
            rates.append(sum(part.result()[0] for part in parts))
    return rates, ROUNDS * CALLERS * TRIPS


def measured(where: dict[str, Any], kind: str, name: str) -> tuple[float, float]:
    """Round trips a second of one caller, and which share of the time its own CPU was at work."""
    client = RESTClient(key_file=where["key_file"], base_url=where["base_url"], timeout=10)
    client.session.verify, client.session.trust_env = where["ca_file"], False
    client.get_unix_time()
    trip: Callable[[RESTClient, str], None] = resting if kind == RESTING else taking
    began, worked = time.perf_counter(), time.process_time()
    for number in range(TRIPS):
        trip(client, f"{kind} {name} {number}")
    took, busy = time.perf_counter() - began, time.process_time() - worked
    client.session.close()
    return TRIPS / took, busy / took


def resting(client: RESTClient, client_order_id: str) -> None:
    """One order that rests, is looked at and cancelled."""
    answer = client.limit_order_gtc_buy(client_order_id, "BTC-USD", "0.001", PRICE)
    order_id = str(answer.success_response["order_id"])
    client.get_order(order_id)
    client.cancel_orders([order_id])


def taking(client: RESTClient, client_order_id: str) -> None:
    """One order that takes what is there, and is looked at."""
    answer = client.limit_order_ioc_buy(client_order_id, "BTC-USD", "0.0001", "900000.00")
    client.get_order(str(answer.success_response["order_id"]))
