"""`trader run` as a user types it: real processes, real kernels, real signals."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from tests.gateway.sessions import ROOT, Running, command, document, in_folders, journaled, run, with_cell
from trader.cli.main import main
from trader.model.events import CycleEnded, OrderFilled, Started, Stopped
from trader.ops.lock import SingleInstance

pytestmark = pytest.mark.slow

SPAN = ("--end", "2025-01-10T12:00")


def slow_notebook(folder):
    """The live cycle with a cell before the decision that says it is there and sleeps."""
    sleeping = f"import pathlib, time\npathlib.Path({str(folder / 'asleep')!r}).touch()\ntime.sleep(60)"
    return str(with_cell(folder, 3, sleeping))


def wait_until_asleep(folder, running):
    deadline = time.monotonic() + 60
    while not (folder / "asleep").exists():
        assert running.process.poll() is None, running.said
        assert time.monotonic() < deadline, running.said
        time.sleep(0.05)


def kernels_of(pid):
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


def gone(pids, seconds=5.0):
    deadline = time.monotonic() + seconds
    while any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def backtest_fingerprint(folder, *options):
    overrides = [part for override in in_folders(folder) for part in ("--set", override)]
    asked = [sys.executable, "-m", "trader.cli", "backtest", "--config-dir", "config/demo", "--granularity", "1h",
               "--start", "2025-01-10", *overrides, "--out", str(folder / "report"), "--json", *options]  # fmt: skip
    done = subprocess.run(asked, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["fingerprint"]


@pytest.mark.req("SCH1", "NF2", "SEC1")
def test_ten_cycles_trade_and_leave_a_readable_record(tmp_path):
    done = run(tmp_path, "--cycles", "10", "--json")

    told = document(done)
    assert told["fills"] > 0
    assert [one["notebook"] for one in told["cycles"]] == ["complete"] * 10
    assert told["ended"] == "10 cycles were asked for"
    assert done.stderr.count("notebook complete") == 10
    assert len(list((tmp_path / "reports/cycles").rglob("*.ipynb"))) == 10
    events = journaled(tmp_path)
    ended = [event for event in events if isinstance(event, CycleEnded)]
    assert all(re.fullmatch(r"[0-9a-f]{64}", event.notebook_sha256) for event in ended)
    assert all({"gather", "notebook", "decide"} == set(event.timings_seconds) for event in ended)
    assert isinstance(events[-1], Stopped)
    assert sum(isinstance(event, OrderFilled) for event in events) == told["fills"]
    assert not list((tmp_path / "var/run").glob("*.sock"))


@pytest.mark.req("BT1", "STOP", "NF3")
def test_paper_is_backtest_through_a_stop_and_a_kill(tmp_path):
    """History in three lives — 4 cycles, a kill -9 in the middle, the rest — fills what the backtest fills."""
    first = document(run(tmp_path, *SPAN, "--cycles", "4", "--json"))
    second = Running(tmp_path, *SPAN)
    second.wait_for("notebook complete", times=3)
    kernels = kernels_of(second.process.pid)
    second.process.send_signal(signal.SIGKILL)
    second.end()

    third = document(run(tmp_path, *SPAN, "--json"))

    assert third["ended"] == "history is exhausted"
    assert third["fills"] > 5
    assert third["fingerprint"] == backtest_fingerprint(tmp_path, *SPAN)
    assert first["fingerprint"] != third["fingerprint"]
    assert gone(kernels)
    events = journaled(tmp_path)
    assert [event.epoch for event in events if isinstance(event, Started)] == [1, 2, 3]
    assert sum(isinstance(event, Stopped) for event in events) == 2

    again = document(run(tmp_path, *SPAN, "--json"))
    assert (again["cycles"], again["fingerprint"]) == ([], third["fingerprint"])


@pytest.mark.req("STOP", "NF3")
def test_sigterm_in_the_middle_of_a_cycle_ends_it_in_ten_seconds_and_all_goes_on_later(tmp_path):
    running = Running(tmp_path, *SPAN, "--notebook", slow_notebook(tmp_path))
    wait_until_asleep(tmp_path, running)
    begun, kernels = time.monotonic(), kernels_of(running.process.pid)
    running.process.send_signal(signal.SIGTERM)

    code = running.end()

    assert code == 0, running.said
    assert time.monotonic() - begun < 10
    assert gone(kernels)
    assert "stopped by SIGTERM" in running.said
    events = journaled(tmp_path)
    assert isinstance(events[-1], Stopped)
    assert [event.notebook_status for event in events if isinstance(event, CycleEnded)] == ["deadline"]
    assert not list((tmp_path / "var/run").glob("*.sock"))
    assert not (tmp_path / "var/run/paper-test.lock").read_text().strip()

    after = document(run(tmp_path, *SPAN, "--cycles", "2", "--json"))
    assert [one["notebook"] for one in after["cycles"]] == ["complete"] * 2
    assert after["cycles"][0]["as_of"] == "2025-01-10T01:00:00+00:00"


@pytest.mark.req("STOP")
def test_a_second_sigint_insists(tmp_path):
    running = Running(tmp_path, *SPAN, "--notebook", slow_notebook(tmp_path))
    wait_until_asleep(tmp_path, running)
    running.process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    begun = time.monotonic()
    running.process.send_signal(signal.SIGINT)

    assert running.end() == 130, running.said
    assert time.monotonic() - begun < 6
    assert isinstance(journaled(tmp_path)[-1], Stopped)


@pytest.mark.req("SI1", "NF3")
def test_a_second_instance_leaves_with_3_and_names_the_holder(tmp_path):
    with SingleInstance(tmp_path / "var/run", "paper-test", mode="paper", command="trader run"):
        done = run(tmp_path, "--cycles", "1")

    assert done.returncode == 3
    assert str(os.getpid()) in done.stderr
    assert "Traceback" not in done.stderr
    assert document(run(tmp_path, "--cycles", "1", "--json"))["cycles"]


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        pytest.param(["--mode", "live"], 2, "live is not enabled", id="live"),
        pytest.param(["--feed", "coinbase"], 2, "still being made", id="a live feed from a day on"),
        pytest.param(["--feed", "laek"], 2, "unknown; there are sample, lake, coinbase", id="no such feed"),
        pytest.param(["--feed", "lake"], 2, "which lake?", id="a lake of nobody's"),
        pytest.param(["--data", "/nowhere"], 2, "use --feed lake", id="bars on disk for the sample"),
        pytest.param(["--feed", "lake", "--data", "/nowhere"], 2, "/nowhere", id="a lake that is not there"),
        pytest.param(["--symbols", "BTC-USD,BTX-USD"], 2, "BTX-USD: not in", id="an unknown symbol"),
        pytest.param(["--end", "2025-01-01"], 2, "is not after --start", id="an end before the start"),
        pytest.param(["--start", "yesterday"], 2, "not a date", id="no date"),
        pytest.param(["--interval", "5400"], 2, "must be a multiple of 3600 seconds", id="an interval off the grid"),
        pytest.param(["--cycles", "0"], 2, "must be 1 or more", id="no cycles"),
        pytest.param(["--speed", "0"], 2, "above 0", id="no speed"),
        pytest.param(["--speed", "fast"], 2, "a number above 0", id="a speed in words"),
        pytest.param(["--granularity", "1d"], 2, "cannot be made into 1h", id="bars too coarse"),
        pytest.param(["--strategies", "sma_cros"], 2, "did you mean sma_cross?", id="a misspelt strategy"),
        pytest.param(["--notebook", "nowhere.ipynb"], 2, "nowhere.ipynb: cannot be read", id="no notebook"),
        pytest.param(["--set", "policy.risk.x=1"], 2, "policy.risk.x", id="an unknown key"),
    ],
)
def test_what_cannot_be_had_is_refused_in_a_sentence_before_anything_starts(options, code, says, tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        main(command(tmp_path, *options)[3:])

    said = capsys.readouterr()
    assert (left.value.code, says in said.err) == (code, True), said.err
    assert "Traceback" not in said.err
    assert said.out == ""
    assert not (tmp_path / "var/paper-test").exists()


@pytest.mark.req("SI1")
@pytest.mark.parametrize("kind", ["served by another", "no socket"])
def test_a_socket_in_use_or_no_socket_at_all_is_left_alone(kind, tmp_path, monkeypatch):
    from trader.gateway.socket_file import socket_path

    monkeypatch.setenv("XDG_RUNTIME_DIR", "/tmp")
    path = socket_path(tmp_path / "var/run", "paper-test")
    with socket.socket(socket.AF_UNIX) as other:
        if kind == "no socket":
            path.write_text("precious")
        else:
            other.bind(str(path))
            other.listen()
        done = run(tmp_path, "--cycles", "1")

    assert done.returncode == (2 if kind == "no socket" else 3)
    assert str(path) in done.stderr
    assert path.exists()
    path.unlink()


@pytest.mark.req("M1")
def test_a_dry_run_decides_and_sends_nothing(tmp_path):
    told = document(run(tmp_path, "--mode", "dry_run", "--cycles", "3", "--json"))

    assert sum(one["orders"] for one in told["cycles"]) > 0
    assert (told["fills"], told["nlv_usd"]) == (0, 10_000.0)
    assert not (tmp_path / "var/paper-test").exists()
    assert journaled(tmp_path, "dry_run")


@pytest.mark.req("SCH1")
def test_a_pace_skips_what_it_cannot_keep_up_with_and_counts_it(tmp_path):
    """Twenty hours a second: more slots than cycles, and every interval in between is played."""
    told = document(run(tmp_path, "--cycles", "3", "--speed", "72000", "--json"))

    assert len(told["cycles"]) == 3
    assert told["skipped"] > 0
    assert [one["notebook"] for one in told["cycles"]] == ["complete"] * 3
