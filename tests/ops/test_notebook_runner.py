"""What a cycle's notebook may do, and what the verdict on it is.  Real kernels throughout."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.ops.conftest import AS_OF, gone_within
from tests.ops.notebook_builder import PARAMETERS, code_cells, printed, read
from trader.errors import TraderError
from trader.ops.notebook_runner import Status

pytestmark = pytest.mark.slow

SWALLOWS_INTERRUPTS = """
import time
while True:
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        pass
"""


def statuses(record):
    return [cell.metadata.papermill.status for cell in code_cells(record)]


@pytest.mark.req("NF2")
def test_a_notebook_that_ran_to_its_end_is_complete(a_runner, tmp_path):
    verdict = a_runner("doubled = wanted * 2\nprint(as_of, doubled)").run("c-1", AS_OF, {"wanted": 21})

    record = read(verdict.path)
    assert (verdict.status, verdict.cell, verdict.error) == (Status.COMPLETE, None, None)
    assert verdict.result == {"cycle_id": "c-1", "wanted": 21}
    assert verdict.path == tmp_path / "cycles/2025-03-01/121500-c-1.ipynb"
    assert verdict.sha256 == hashlib.sha256(verdict.path.read_bytes()).hexdigest()
    assert printed(record).startswith("2025-03-01T12:15:00+00:00 42\n")
    assert record.cells[0].source.startswith("**✔ complete** · cycle `c-1`")
    assert record.metadata.trader.status == "complete"
    assert record.metadata.papermill.exception is False
    assert set(statuses(record)) == {"completed"}


def test_a_record_is_private_and_alone_in_its_folder(a_runner):
    verdict = a_runner().run("c-1", AS_OF)

    assert stat.S_IMODE(verdict.path.stat().st_mode) == 0o600
    assert list(verdict.path.parent.iterdir()) == [verdict.path]


def test_an_exception_names_its_cell_and_leaves_the_rest_pending(a_runner):
    verdict = a_runner("fine = 1", "raise ValueError('<b>no & no</b>')", "never = 1").run("c-1", AS_OF)

    record = read(verdict.path)
    assert (verdict.status, verdict.cell) == (Status.FAILED, 4)
    assert verdict.error == "ValueError: <b>no & no</b>"
    assert code_cells(record)[3].execution_count == 4
    assert statuses(record) == ["completed", "completed", "completed", "failed", "pending", "pending"]
    assert record.metadata.papermill.exception is True
    assert "✘ failed at cell [4]" in record.cells[0].source
    assert "&lt;b&gt;no &amp; no" in record.cells[0].source


@pytest.mark.req("STOP")
def test_a_kernel_killed_in_a_cell_is_dead_and_not_completed(a_runner):
    begin = time.monotonic()
    verdict = a_runner("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "never = 1").run("c-1", AS_OF)

    record = read(verdict.path)
    assert (verdict.status, verdict.cell) == (Status.DEAD_KERNEL, 3)
    assert time.monotonic() - begin < 4
    assert statuses(record) == ["completed", "completed", "failed", "pending", "pending"]
    assert record.metadata.papermill.exception is True


def test_a_crash_in_c_leaves_its_last_words(a_runner):
    crash = "import ctypes, faulthandler\nctypes.string_at(0)"
    verdict = a_runner(crash).run("c-1", AS_OF)

    assert verdict.status is Status.DEAD_KERNEL
    assert "Segmentation fault" in verdict.error


def test_a_cell_past_the_deadline_is_interrupted_and_the_record_shows_where(a_runner, pool):
    pool.wait_ready(30)
    verdict = a_runner("import time\ntime.sleep(60)", deadline_seconds=1.0).run("c-1", AS_OF)

    record = read(verdict.path)
    assert (verdict.status, verdict.cell) == (Status.DEADLINE, 3)
    assert 1.0 <= verdict.seconds < 2.0
    assert code_cells(record)[2].outputs[0].ename == "KeyboardInterrupt"
    assert "✘ deadline at cell [3]" in record.cells[0].source


def test_a_cell_that_swallows_the_interrupt_is_killed(a_runner, pool):
    pool.wait_ready(30)
    runner = a_runner(f"import os; print(os.getpid(), flush=True)\n{SWALLOWS_INTERRUPTS}", deadline_seconds=1.0)

    verdict = runner.run("c-1", AS_OF)

    assert (verdict.status, verdict.cell) == (Status.DEADLINE, 3)
    assert 2.0 <= verdict.seconds < 3.0
    assert gone_within(1.0, int(printed(read(verdict.path)).split()[0]))


def test_the_deadline_is_for_the_whole_notebook_not_for_each_cell(a_runner, pool):
    pool.wait_ready(30)
    verdict = a_runner(*["import time; time.sleep(0.4)"] * 10, deadline_seconds=1.0).run("c-1", AS_OF)

    assert verdict.status is Status.DEADLINE
    assert verdict.cell in (4, 5)
    assert verdict.seconds < 2.0


def test_waiting_for_a_kernel_counts_against_the_deadline(a_runner):
    from trader.ops.spare_kernel import KernelSettings
    from trader.ops.spare_pool import SparePool

    with SparePool(KernelSettings(warmup="import time; time.sleep(60)")) as pool:
        verdict = a_runner(pool=pool, deadline_seconds=0.5).run("c-1", AS_OF)

    record = read(verdict.path)
    assert (verdict.status, verdict.cell) == (Status.DEADLINE, None)
    assert verdict.seconds < 1.0
    assert set(statuses(record)) == {"pending"}


def test_a_warm_up_that_fails_is_a_dead_kernel_and_says_why(a_runner):
    from trader.ops.spare_kernel import KernelSettings
    from trader.ops.spare_pool import SparePool

    with SparePool(KernelSettings(warmup="import no_such_module")) as pool:
        verdict = a_runner(pool=pool).run("c-1", AS_OF)

    assert (verdict.status, verdict.cell) == (Status.DEAD_KERNEL, None)
    assert "warm-up code raised ModuleNotFoundError" in verdict.error


def test_a_kernel_that_dies_in_its_warm_up_is_noticed_long_before_the_time_out(a_runner):
    from trader.ops.spare_kernel import KernelSettings
    from trader.ops.spare_pool import SparePool

    dies = KernelSettings(warmup="import os\nos.write(2, b'out of memory')\nos._exit(3)", start_timeout_seconds=600.0)
    with SparePool(dies) as pool:
        verdict = a_runner(pool=pool).run("c-1", AS_OF)

    assert (verdict.status, verdict.cell) == (Status.DEAD_KERNEL, None)
    assert "died before it was ready" in verdict.error


@pytest.mark.req("STOP")
def test_whoever_is_in_a_hurry_cuts_the_run_short(a_runner):
    import threading

    runner = a_runner("import time\ntime.sleep(60)")
    threading.Timer(0.5, runner.hurry, [0.2]).start()

    verdict = runner.run("c-1", AS_OF)

    assert verdict.status is Status.DEADLINE
    assert verdict.seconds < 2.0


@pytest.mark.parametrize("leave", ["raise SystemExit(0)", "import sys; sys.exit()"])
def test_leaving_early_with_success_is_a_failure(a_runner, leave):
    marker = 'print(\'trader-result {"cycle_id": "c-1"}\')'
    verdict = a_runner(f"{marker}\n{leave}", "never = 1").run("c-1", AS_OF)

    assert (verdict.status, verdict.cell) == (Status.FAILED, 3)
    assert "SystemExit" in verdict.error
    assert statuses(read(verdict.path))[-2:] == ["pending", "pending"]


@pytest.mark.parametrize(
    "last",
    [
        pytest.param("pass", id="none printed"),
        pytest.param('print(\'trader-result {"cycle_id": "yesterday"}\')', id="another cycle's"),
        pytest.param("print('trader-result {oops')", id="not JSON"),
    ],
)
def test_without_this_cycles_result_it_is_not_complete(a_runner, last):
    verdict = a_runner(last=last).run("c-1", AS_OF)

    assert verdict.status is Status.FAILED
    assert "no result" in verdict.error


def test_asking_for_input_fails_instead_of_waiting(a_runner):
    verdict = a_runner("input('sure? ')", deadline_seconds=5.0).run("c-1", AS_OF)

    assert verdict.status is Status.FAILED
    assert "StdinNotImplemented" in verdict.error


@pytest.mark.req("STOP")
def test_what_a_cell_left_running_ends_with_the_kernel(a_runner):
    left = "import subprocess, threading, time\nthreading.Thread(target=time.sleep, args=(99,)).start()\n"
    left += "print(subprocess.Popen(['sleep', '99']).pid)"
    verdict = a_runner(left).run("c-1", AS_OF)

    assert verdict.status is Status.COMPLETE
    assert gone_within(2.0, int(printed(read(verdict.path)).split()[0]))


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        pytest.param({"wantd": 1}, "wantd is not a parameter .*did you mean wanted", id="misspelt"),
        pytest.param({"wanted": Decimal(1)}, "wanted: a Decimal would arrive as text", id="a Decimal"),
        pytest.param({"wanted": [AS_OF]}, "would arrive as text", id="a time inside a list"),
        pytest.param({"wanted": float("nan")}, "would arrive as text", id="not a number"),
    ],
)
def test_a_wrong_parameter_stops_before_anything_runs(a_runner, pool, tmp_path, parameters, says):
    runner = a_runner("raise AssertionError('ran')")
    pool.wait_ready(30)
    started = pool.started

    with pytest.raises(TraderError, match=says):
        runner.run("c-1", AS_OF, parameters)

    assert pool.started == started
    assert not (tmp_path / "cycles").exists()


def test_a_notebook_that_cannot_name_its_cycle_is_refused(a_runner):
    with pytest.raises(TraderError, match="cycle_id is not a parameter"):
        a_runner(parameters="wanted = 1")


@pytest.mark.parametrize("cycle_id", ["", "../c", "c 1", "a" * 81])
def test_a_cycle_id_that_is_no_file_name_is_refused(a_runner, cycle_id):
    with pytest.raises(TraderError, match="cycle id"):
        a_runner().run(cycle_id, AS_OF)


def test_a_time_without_a_zone_is_refused(a_runner):
    with pytest.raises(TraderError, match="time zone"):
        a_runner().run("c-1", AS_OF.replace(tzinfo=None))


def test_a_path_with_braces_is_only_a_path(a_runner):
    runner = a_runner(out_dir=None)
    folder = runner.notebook.parent / "{odd}"
    folder.mkdir()
    runner.notebook = runner.notebook.rename(folder / "cycle.ipynb")
    runner.out_dir = folder

    assert runner.run("c-1", AS_OF).status is Status.COMPLETE


@pytest.mark.prove
def test_two_hundred_thousand_lines_are_cut_to_head_and_tail(a_runner):
    noise = "for line in range(200_000): print('line', line)"
    verdict = a_runner(noise, last=f'{noise}\nprint(\'trader-result {{"cycle_id": "c-1"}}\')').run("c-1", AS_OF)

    text = code_cells(read(verdict.path))[2].outputs[0].text
    assert verdict.status is Status.COMPLETE
    assert verdict.is_cut
    assert verdict.path.stat().st_size < 1_000_000
    assert text.startswith("line 0\nline 1\n")
    assert text.endswith("line 199999\n")
    assert "characters left out" in text


def test_huge_and_countless_outputs_are_left_out_with_a_note(a_runner):
    verdict = a_runner(
        "from IPython.display import HTML, display\nHTML('x' * 5_000_000)",
        "for number in range(1_000): display(number)",
        "raise ValueError('y' * 5_000_000)",
    ).run("c-1", AS_OF)

    assert verdict.path.stat().st_size < 400_000
    assert "an output of 5,0" in verdict.path.read_text()
    assert "800 more outputs left out" in verdict.path.read_text()
    assert len(verdict.error) <= 1_000


@pytest.mark.req("SEC1")
@pytest.mark.parametrize("is_redacted", [True, False], ids=["redacted", "control: without redactor it would be there"])
def test_no_secret_reaches_the_record_or_the_verdict(a_runner, is_redacted):
    secret = "organizations/1234/apiKeys/5678"  # pragma: allowlist secret
    show = "half = 'organizations/1234/ap'\nprint(half, end='', flush=True); print('iKeys/5678')\n"
    show += "class Client:\n    def _repr_html_(self): return '<b>' + half + 'iKeys/5678</b>'\n"
    runner = a_runner(
        show + "Client()",
        "raise ValueError(half + 'iKeys/5678')",
        redact=(lambda text: text.replace(secret, "(masked)")) if is_redacted else str,
        parameters=PARAMETERS + "\nwhere = ''",
    )

    verdict = runner.run("c-1", AS_OF, {"where": secret})

    seen = [secret in verdict.path.read_text(), secret in str(verdict.error)]
    assert seen == [not is_redacted] * 2
    assert verdict.status is Status.FAILED


@pytest.mark.req("SEC1")
def test_no_key_is_in_the_kernels_environment(a_runner, monkeypatch):
    from trader.ops.spare_pool import SparePool

    canaries = {name: f"canary-{name}" for name in ("COINBASE_API_SECRET", "GH_TOKEN", "PYTHON_KEY", "AWS_PROFILE")}
    for name, value in (canaries | {"LC_TIME": "C.UTF-8"}).items():
        monkeypatch.setenv(name, value)

    with SparePool(spares=0) as pool:
        look = "import os\nprint(dict(os.environ), open('/proc/self/environ').read())"
        seen = printed(read(a_runner(look, pool=pool).run("c-1", AS_OF).path))

    assert "canary" not in seen
    assert "LC_TIME" in seen


@pytest.mark.req("STOP")
def test_an_unwritable_folder_costs_no_verdict_and_no_record(a_runner, tmp_path):
    runner = a_runner()
    runner.out_dir.write_text("in the way")

    verdict = runner.run("c-1", AS_OF)
    assert verdict.status is Status.COMPLETE
    assert "not written: " in verdict.record_error

    runner.out_dir.unlink()
    later = runner.run("c-2", AS_OF)
    assert later.record_error is None
    assert hashlib.sha256(verdict.path.read_bytes()).hexdigest() == verdict.sha256


def test_a_full_disk_costs_no_verdict_and_leaves_no_fragment(a_runner):
    import resource

    runner = a_runner("print('x' * 50_000)")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        verdict = runner.run("c-1", AS_OF)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert verdict.status is Status.COMPLETE
    assert "not written: File too large" in verdict.record_error
    assert list(verdict.path.parent.iterdir()) == []
    assert runner.write_pending() is None
    assert hashlib.sha256(verdict.path.read_bytes()).hexdigest() == verdict.sha256


def test_a_record_that_is_given_up_is_said_and_what_is_left_at_the_end_is_written_or_named(a_runner, monkeypatch):
    monkeypatch.setattr("trader.ops.notebook_runner.UNWRITTEN_MAX", 1)
    runner = a_runner()
    runner.out_dir.write_text("in the way")
    first, second = (runner.run(name, AS_OF) for name in ("c-1", "c-2"))

    assert "GIVEN UP" not in first.record_error
    assert second.record_error.startswith("1 record GIVEN UP, 1 record kept to be written later: ")
    assert str(first.path) in second.record_error
    runner.out_dir.unlink()
    (lost,) = runner.write_rest()
    assert lost.startswith(f"{first.path}: not written: ")
    assert "given up" in lost
    assert hashlib.sha256(second.path.read_bytes()).hexdigest() == second.sha256
    assert not runner.unwritten


def test_a_record_is_named_by_market_time_in_utc(a_runner):
    from datetime import timedelta, timezone

    new_york = datetime(2025, 2, 28, 20, 0, tzinfo=timezone(timedelta(hours=-5)))

    verdict = a_runner().run("c-1", new_york)

    assert verdict.path.parent.name == "2025-03-01"
    assert verdict.path.name == "010000-c-1.ipynb"
    assert verdict.as_of == datetime(2025, 3, 1, 1, 0, tzinfo=UTC)
    assert os.path.exists(verdict.path)
