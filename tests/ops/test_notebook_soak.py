"""Long proofs: kernels killed at any instant, and many cycles in one process."""

from __future__ import annotations

import os
import signal
import threading
from datetime import timedelta
from random import Random

import pytest

from tests.ops.conftest import AS_OF
from tests.ops.notebook_builder import code_cells, read
from trader.ops.kernel_env import processes_naming
from trader.ops.notebook_runner import Status
from trader.ops.spare_pool import SparePool

pytestmark = pytest.mark.prove

ROUNDS = 15
CYCLES = 40
NAPS = ["import time; time.sleep(0.02)"] * 5


@pytest.mark.req("STOP")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_whenever_its_kernel_is_struck_complete_means_that_the_last_cell_ran(a_runner, number):
    rng, seen = Random(int(number)), set()
    with SparePool() as pool:
        runner = a_runner(*NAPS, pool=pool, deadline_seconds=4.0)
        for number_of_round in range(ROUNDS):
            pool.wait_ready(60)
            [kernel] = processes_naming(f"{pool.room}{os.sep}")
            striker = threading.Timer(rng.uniform(0, 0.25), strike, [kernel, number])
            striker.start()
            verdict = runner.run(f"c-{number_of_round}", AS_OF)
            striker.join()

            cells = code_cells(read(verdict.path))
            ran = [cell.metadata.papermill.status for cell in cells]
            assert (verdict.status is Status.COMPLETE) == (set(ran) == {"completed"})
            assert (verdict.result is not None) == (verdict.status is Status.COMPLETE)
            # a stray interrupt between two cells may cost ipykernel its reply; then the deadline is what ends it
            assert verdict.status is not Status.DEADLINE or number == signal.SIGINT
            seen.add(verdict.status)
    assert Status.COMPLETE in seen
    assert len(seen) > 1, "the control: some strikes hit"


def strike(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def test_many_cycles_leave_nothing_behind_in_the_runner(a_runner):
    with SparePool() as pool:
        runner = a_runner("import pandas\npandas.DataFrame({'a': range(100)})", pool=pool)
        for cycle in range(CYCLES):
            runner.run(f"c-{cycle}", AS_OF + timedelta(minutes=cycle))
            if cycle == 9:
                pool.wait_ready(60)
                before = held()
        pool.wait_ready(60)
        after = held()

    assert after["threads"] == before["threads"]
    assert after["descriptors"] <= before["descriptors"] + 2
    assert after["mb"] < before["mb"] + 10


def held():
    with open("/proc/self/statm") as statm:
        pages = int(statm.read().split()[1])
    return {
        "threads": threading.active_count(),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "mb": pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
    }
