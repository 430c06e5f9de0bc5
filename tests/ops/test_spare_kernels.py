"""A kernel is used once, knows nothing of the one before, and outlives nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path

import papermill
import pytest

from tests.ops.conftest import AS_OF, gone_within, is_running
from tests.ops.notebook_builder import a_notebook, printed, read
from trader.errors import TraderError
from trader.ops import spare_engine
from trader.ops.kernel_env import ROOM_PREFIX, Room, kernel_environment, processes_naming, sweep
from trader.ops.notebook_runner import Status
from trader.ops.spare_pool import SparePool

pytestmark = pytest.mark.slow

PID = "import os\nprint('pid', os.getpid())"


def pid_in(verdict):
    return int(printed(read(verdict.path)).split()[1])


def test_every_cycle_has_a_kernel_of_its_own_that_is_gone_afterwards(a_runner):
    runner = a_runner(PID)

    pids = [pid_in(runner.run(f"c-{number}", AS_OF)) for number in range(3)]

    assert len(set(pids)) == 3
    assert gone_within(2.0, *pids)


def test_nothing_of_one_cycle_reaches_the_next(a_runner):
    look = "import builtins, decimal, os\n"
    look += "print([hasattr(builtins, 'leak'), 'LEAK' in os.environ, decimal.getcontext().prec])"
    leave = "builtins.leak = os.environ['LEAK'] = 'yes'\ndecimal.getcontext().prec = 3"
    runner = a_runner(look, leave, look)

    first, second = (printed(read(runner.run(name, AS_OF).path)).splitlines() for name in ("c-1", "c-2"))

    assert first[0] == second[0] == "[False, False, 28]"
    assert first[1] == "[True, True, 3]", "the control: within a cycle it does leak"


def test_the_warm_up_leaves_modules_and_no_names(a_runner):
    verdict = a_runner("import sys\nprint('pandas' in sys.modules)\npandas").run("c-1", AS_OF)

    assert printed(read(verdict.path)) == "True\n"
    assert verdict.error == "NameError: name 'pandas' is not defined"


def test_a_spare_is_waiting_again_after_a_cycle(a_runner, pool):
    runner = a_runner()
    runner.run("c-1", AS_OF)
    pool.wait_ready(30)

    verdict = runner.run("c-2", AS_OF)

    assert read(verdict.path).metadata.trader.kernel == "spare"
    assert verdict.seconds < 1.0


def test_a_spare_that_died_while_waiting_is_passed_over(a_runner):
    with SparePool() as pool:
        pool.wait_ready(30)
        [waiting] = processes_naming(f"{pool.room}{os.sep}")
        os.kill(waiting, signal.SIGKILL)
        assert gone_within(1.0, waiting)

        verdict = a_runner(pool=pool).run("c-1", AS_OF)

        assert (verdict.status, pool.lost) == (Status.COMPLETE, 1)
        assert read(verdict.path).metadata.trader.kernel == "started"


def test_closing_the_pool_leaves_neither_kernel_nor_folder(a_runner):
    with SparePool(spares=2) as pool:
        room = pool.room
        verdict = a_runner(PID, pool=pool).run("c-1", AS_OF)
        assert room.stat().st_mode & 0o777 == 0o700

    assert list(processes_naming(f"{room}{os.sep}")) == []
    assert gone_within(1.0, pid_in(verdict))
    assert not room.exists()


def test_a_closed_pool_says_so(a_runner):
    with pytest.raises(TraderError, match="pool is closed"):
        a_runner(pool=SparePool()).run("c-1", AS_OF)


def test_papermill_finds_the_engine_by_its_name(tmp_path):
    notebook = a_notebook(tmp_path, "print('alone')")

    done = papermill.execute_notebook(
        str(notebook), str(tmp_path / "out.ipynb"), {"cycle_id": "c"}, engine_name="trader-spare", progress_bar=False
    )

    assert printed(done).startswith("alone\n")
    spare_engine._unprepared().close()
    spare_engine._unprepared.cache_clear()


class StuckKernel:
    """Stands for a kernel whose thread no longer answers."""

    killed = False

    def kill(self):
        self.killed = True


def test_a_deadline_holds_even_when_the_pools_thread_is_stuck():
    run = spare_engine.CycleRun(deadline=time.monotonic() - 60, kernel=StuckKernel())

    with pytest.raises(spare_engine.DeadlinePassed, match="from outside"):
        spare_engine._await(Future(), run)

    assert run.kernel.killed


RUNNER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from trader.ops.notebook_runner import NotebookRunner
from trader.ops.spare_pool import SparePool

with SparePool(spares=2) as pool:
    pool.wait_ready(30)
    print(pool.room, flush=True)
    runner = NotebookRunner(Path(sys.argv[1]), Path(sys.argv[2]), 60, pool=pool, redact=str)
    runner.run("c-1", datetime(2025, 3, 1, tzinfo=UTC))
"""


@pytest.mark.prove
@pytest.mark.req("STOP")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["kill -9", "SIGTERM"])
def test_no_kernel_outlives_its_runner(tmp_path, number):
    busy = a_notebook(tmp_path, f"import pathlib\npathlib.Path({str(tmp_path / 'busy')!r}).touch()\nwhile True: pass")
    command = [sys.executable, "-c", RUNNER, str(busy), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as runner:
        room = runner.stdout.readline().strip()
        wait_for(tmp_path / "busy")
        kernels = list(processes_naming(room + os.sep))
        assert len(kernels) >= 2

        os.kill(runner.pid, number)
        runner.wait(5)

    assert gone_within(4.0, *kernels)
    assert sweep(Path(room).parent) >= 1
    assert not os.path.exists(room)


def test_the_sweep_ends_what_a_dead_owner_left_and_spares_what_lives(tmp_path):
    living = Room(tmp_path)
    dead = tmp_path / f"{ROOM_PREFIX}dead"
    dead.mkdir()
    (dead / "lock").touch()
    (tmp_path / f"{ROOM_PREFIX}half-removed").mkdir()
    orphans = [
        subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(60)", f"{room}/k1.json"], start_new_session=True
        )
        for room in (dead, living.path)
    ]

    assert sweep(tmp_path) == 2

    assert orphans[0].wait(5) == -signal.SIGKILL
    assert is_running(orphans[1].pid)
    assert living.path.exists()
    assert not dead.exists()
    orphans[1].kill()
    orphans[1].wait()
    living.leave()


@pytest.mark.req("SEC1")
def test_only_listed_names_pass_and_no_name_that_smells_of_a_secret(tmp_path):
    environ = dict.fromkeys(
        ["PATH", "LC_ALL", "PYTHONPATH", "PYTHON_AUTH", "LC_TOKEN", "DISPLAY", "coinbase_api_key"], "x"
    )

    passed = kernel_environment(environ, {"TRADER_SOCKET": "/run/s"}, tmp_path)

    assert {name for name in passed if passed[name] == "x"} == {"PATH", "LC_ALL", "PYTHONPATH"}
    assert passed["TRADER_SOCKET"] == "/run/s"
    with pytest.raises(TraderError, match="API_TOKEN looks like a secret"):
        kernel_environment({}, {"API_TOKEN": "x"}, tmp_path)


def wait_for(path, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.02)
