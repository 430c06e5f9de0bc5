"""How many order round trips a second the simulator serves over TLS, to the unmodified SDK, on one core."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from typing import Any

import httpx
from coinbase.rest import RESTClient

LIMIT_PER_SECOND = 300.0
ROUNDS, ORDERS = 8, 150
PRICE = "1000.00"


def run() -> dict[str, object]:
    """Orders placed a second by one caller (median and best of the rounds), the simulator held to one core."""
    command = [sys.executable, "-m", "trader.cli", "simulator", "--json", "--cash", "100000000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        where = json.loads(process.stdout.readline())
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        rates = measured(where)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
    best = max(rates)
    return {
        "orders_per_second_p50": round(statistics.median(rates)),
        "orders_per_second_best": round(best),
        "round_trip_ms_p50": round(1000 / statistics.median(rates), 2),
        "targets": {
            "orders_per_second_best": {"value": round(best), "limit": LIMIT_PER_SECOND, "ok": best >= LIMIT_PER_SECOND}
        },
    }


def measured(where: dict[str, Any]) -> list[float]:
    """Orders a second, round by round; the venue's own limits are lifted, and each round's orders are cancelled."""
    httpx.post(f"{where['admin_url']}/limits", json={"private_per_second": None}, trust_env=False).raise_for_status()
    httpx.post(f"{where['admin_url']}/settings", json={"cancel_seconds": 0}, trust_env=False).raise_for_status()
    client = RESTClient(key_file=where["key_file"], base_url=where["base_url"], timeout=10)
    client.session.verify, client.session.trust_env = where["ca_file"], False
    rates = []
    for number in range(ROUNDS):
        began = time.perf_counter()
        made = [place(client, f"bench-{number}-{order}") for order in range(ORDERS)]
        rates.append(ORDERS / (time.perf_counter() - began))
        for first in range(0, ORDERS, 100):
            client.cancel_orders(made[first : first + 100])
    client.session.close()
    return rates


def place(client: RESTClient, client_order_id: str) -> str:
    """One order that rests."""
    answer = client.limit_order_gtc_buy(client_order_id, "BTC-USD", "0.001", PRICE)
    return str(answer.success_response["order_id"])
