"""Millions of bars are read and laid on the grid in little more memory than they need."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tests.market.made_bars import NEW_YEAR
from trader.market.bars import bars_frame
from trader.market.lake_files import file_name
from trader.market.lake_import import write_bars

PROGRAM = """
import sys
from trader.market.history import Lake
from trader.market.panel import dense

def peak_mb():
    with open("/proc/self/status") as file:  # getrusage would count what the parent had before the fork
        return int(file.read().split("VmHWM:")[1].split()[0]) / 1024

before = peak_mb()
grid = dense(Lake(sys.argv[1]).load_panel(["BTC-USD"], "1m"))
assert grid.marks[0][-1] > 0
print(len(grid.starts), peak_mb() - before)
"""


@pytest.mark.slow
def test_two_million_bars_cost_at_most_one_and_a_half_times_themselves(tmp_path):
    count = 2_000_000
    close = np.linspace(100, 200, count)
    block = np.array([close, close + 1, close - 1, close, np.ones(count)])
    starts = int(NEW_YEAR.timestamp()) - 60 * count + 60 * np.arange(count, dtype=np.int64)
    write_bars(tmp_path / file_name("BTC-USD", "1m"), bars_frame(starts, block))
    bars_mb = count * 6 * 8 / 2**20

    out = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout.split()

    assert int(out[0]) == count
    assert float(out[1]) < 1.5 * bars_mb + 60
