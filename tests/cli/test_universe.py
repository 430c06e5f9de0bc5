"""`trader universe explain`: the numbers behind who is in and who is out."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

EXPLAIN = [sys.executable, "-m", "trader.cli", "universe", "explain", "--at", "2025-01-20", "--granularity", "1h"]


def explain(*more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*EXPLAIN, *more], capture_output=True, text=True, timeout=60)


@pytest.mark.slow
@pytest.mark.req("U1")
def test_a_symbol_below_its_volume_is_out_with_the_measured_value_against_the_limit():
    ran = explain("--json", "--set", "universe.tiers.tier3.min_volume_24h_usd=400_000")

    told = json.loads(ran.stdout)
    out = [row for row in told["symbols"] if not row["eligible"]]

    assert ran.returncode == 0, ran.stderr
    assert {row["exclusion_reason"] for row in out} == {"volume"}
    assert all(float(row["observed"].replace(",", "")) < float(row["limit"].replace(",", "")) for row in out)
    assert len(out) < len(told["symbols"])


@pytest.mark.slow
@pytest.mark.req("U1")
def test_a_symbol_never_to_be_traded_is_out_whatever_its_volume():
    ran = explain("--json", "--set", "universe.never_trade=[DOGE-USD]")

    rows = {row["symbol"]: row for row in json.loads(ran.stdout)["symbols"]}

    assert (rows["DOGE-USD"]["eligible"], rows["DOGE-USD"]["exclusion_reason"]) == (False, "never_trade")
    assert rows["BTC-USD"]["eligible"]


@pytest.mark.slow
def test_an_unknown_symbol_is_a_sentence():
    ran = explain("--symbols", "BTC-USDX")

    assert (ran.returncode, "Traceback" in ran.stderr) == (2, False)
    assert "BTC-USDX" in ran.stderr and "BTC-USD" in ran.stderr
