from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contenders import KEY, Contender, a_holder
from tests.workers import WORKERS
from trader.errors import HeldElsewhere
from trader.ops import holder as holders
from trader.ops import lock as locks
from trader.ops.holder import describe, myself, read_holder, start_time
from trader.ops.lock import NoPlaceForLock, SingleInstance


def one_round(run_dir: Path, how_many: int) -> list[str]:
    at_once = WORKERS.Barrier(how_many)
    contenders = [Contender(run_dir, at_once) for _ in range(how_many)]
    outcomes = [contender.outcome() for contender in contenders]
    holders_pids = [contender.pid for contender, said in zip(contenders, outcomes, strict=True) if said == "held"]
    for contender in contenders:
        contender.end()
    assert len(holders_pids) == 1
    return [said for said in outcomes if f"by process {holders_pids[0]} (trader run, PAPER, since 20" in said]


@pytest.mark.req("SI1", "NF3")
@pytest.mark.slow
def test_of_two_processes_started_at_once_exactly_one_proceeds_fifty_times(tmp_path):
    for _ in range(50):
        named = one_round(tmp_path, how_many=2)

        assert len(named) == 1
        assert f"single-instance lock {tmp_path / KEY}.lock" in named[0]


@pytest.mark.prove
@pytest.mark.req("SI1")
@pytest.mark.parametrize("deleting", [False, True])
def test_of_many_contenders_one_proceeds_even_while_the_lock_file_is_being_deleted(tmp_path, deleting):
    over = threading.Event()

    def delete() -> None:
        while not over.wait(0.0005):
            (tmp_path / f"{KEY}.lock").unlink(missing_ok=True)

    vandal = threading.Thread(target=delete)
    if deleting:
        vandal.start()
    try:
        for n in range(8 if deleting else 25):
            one_round(tmp_path, how_many=2 + n % 4)
    finally:
        over.set()
        if deleting:
            vandal.join()


@pytest.mark.req("SI1", "NF3", "STOP")
def test_a_holder_killed_with_9_is_succeeded_at_once(tmp_path):
    first = a_holder(tmp_path)
    os.kill(first.pid, signal.SIGKILL)

    begun = time.monotonic()
    with SingleInstance(tmp_path, KEY) as second:
        assert second.held()
        assert read_holder(second.path).pid == os.getpid()
    assert time.monotonic() - begun < 1.0
    first.process.join()


@pytest.mark.req("SI1")
def test_the_second_in_one_process_is_refused_too_and_leaves_the_first_alone(tmp_path):
    with SingleInstance(tmp_path, KEY, command="notebook") as first:
        with pytest.raises(HeldElsewhere, match=rf"by process {os.getpid()} \(notebook") as refusal:
            SingleInstance(tmp_path, KEY).acquire()

        assert refusal.value.exit_code == 3
        assert first.held()
        with pytest.raises(HeldElsewhere):
            SingleInstance(tmp_path, KEY).acquire()
        SingleInstance(tmp_path, "paper-other").acquire().release()


@pytest.mark.req("SI1")
@pytest.mark.parametrize(
    "record",
    [
        pytest.param("", id="empty"),
        pytest.param("not json", id="garbage"),
        pytest.param("a live process with that number", id="a reused number"),
        pytest.param("another boot", id="before a reboot"),
    ],
)
def test_a_record_without_a_lock_blocks_nobody(tmp_path, record):
    """The control: a scheme that trusts the file would find a running process in it."""
    me = myself("PAPER", "trader run")
    texts = {
        "a live process with that number": holders.dumps(replace(me, started="1")),
        "another boot": holders.dumps(replace(me, boot_id="other")),
    }
    (tmp_path / f"{KEY}.lock").write_text(texts.get(record, record))

    with SingleInstance(tmp_path, KEY) as lock:
        assert lock.held()


@pytest.mark.slow
@pytest.mark.req("SI1")
def test_deleting_the_lock_file_lets_nobody_in_and_it_is_put_back(tmp_path):
    first = SingleInstance(tmp_path, KEY).acquire()
    first.path.unlink()

    intruder = Contender(tmp_path, WORKERS.Barrier(1))
    assert f"already run by process {os.getpid()}" in intruder.outcome()
    first.path.unlink(missing_ok=True)

    assert first.held()
    assert read_holder(first.path).pid == os.getpid()
    first.release()
    intruder.end()


@pytest.mark.req("SI1")
def test_without_the_kernels_name_a_deletion_would_let_a_second_in_and_the_first_would_know(tmp_path, monkeypatch):
    """The control: what the file alone can do, and what is left of it where there is no such table."""
    monkeypatch.setattr(SingleInstance, "_lock_name", lambda self: None)
    first = SingleInstance(tmp_path, KEY).acquire()
    first.path.unlink()

    second = SingleInstance(tmp_path, KEY).acquire()

    assert second.held()
    assert not first.held()
    first.release()
    assert second.held()
    second.release()


SPAWNS = """
import os, signal, subprocess, sys
from pathlib import Path
from trader.ops.lock import SingleInstance
lock = SingleInstance(Path(sys.argv[1]), "paper-main").acquire()
if sys.argv[2] == "exec":
    child = subprocess.Popen(["cat"], close_fds=False).pid
else:
    child = os.fork()
    if child == 0:
        os.write(1, b"held %d\\n" % lock.held())
        os.read(0, 1)
        os._exit(0)
os.write(1, b"child %d\\n" % child)
os.kill(os.getpid(), 9)
"""


@pytest.mark.req("SI1")
@pytest.mark.parametrize("how", ["exec", "fork"])
def test_what_the_holder_started_does_not_inherit_the_lock(tmp_path, how):
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", SPAWNS, tmp_path, how], stdin=pipe, stdout=pipe, stderr=pipe) as dying:
        assert dying.stdin is not None and dying.stdout is not None and dying.stderr is not None
        said = dict(dying.stdout.readline().split() for _ in range(1 if how == "exec" else 2))
        dying.wait(20)
        try:
            os.kill(int(said[b"child"]), 0)  # it lives on: it waits for its stdin to end
            SingleInstance(tmp_path, KEY).acquire().release()
            assert said.get(b"held") == (None if how == "exec" else b"0")  # the forked one knew that it holds nothing
        finally:
            dying.stdin.close()
        assert dying.stderr.read() == b""  # and it has ended


def test_a_lock_kept_by_an_unknown_or_a_dead_holders_child_is_described(tmp_path, monkeypatch):
    path = tmp_path / f"{KEY}.lock"
    monkeypatch.setattr(locks, "PATIENCE_SECONDS", 0.05)
    kept = locks._try_lock(path)
    assert kept is not None

    with pytest.raises(HeldElsewhere, match="a process that left no name"):
        SingleInstance(tmp_path, KEY).acquire()
    holders.write_holder(kept, replace(myself("", ""), started="1"))
    with pytest.raises(HeldElsewhere, match="now gone, has left running"):
        SingleInstance(tmp_path, KEY).acquire()
    os.close(kept)


def test_releasing_leaves_the_file_unsigned_and_private(tmp_path):
    lock = SingleInstance(tmp_path / "run", KEY)
    with lock:
        assert lock.path.stat().st_mode & 0o777 == 0o600
        assert lock.path.parent.stat().st_mode & 0o777 == 0o700

    assert lock.path.read_bytes() == b""
    assert not lock.held()
    lock.release()


def test_a_process_is_told_apart_from_those_that_are_not_there(tmp_path):
    me = myself("PAPER", "x")
    gone = subprocess.Popen(["true"])
    gone.wait()

    assert me.alive
    assert not replace(me, started="1").alive
    assert not replace(me, boot_id="other").alive
    assert not replace(me, pid=gone.pid).alive
    assert start_time(gone.pid) == ""
    assert "since 20" in describe(tmp_path, KEY, me)


def test_where_the_system_tells_no_start_time_the_number_has_to_do(monkeypatch):
    me = replace(myself("", ""), started="")

    assert me.alive
    assert replace(me, pid=1).alive
    assert not replace(me, pid=2**22 - 3).alive


@pytest.mark.req("SI1")
def test_the_refusal_names_no_verb_that_is_not_there_and_cuts_no_word(tmp_path):
    long = "trader run --set " + " ".join(f"risk.key_{n}=value" for n in range(40))
    holder = replace(myself("paper", ""), command=holders.shortened(long))

    said = describe(tmp_path / "lock", KEY, holder)

    kept = holder.command.removesuffix(" …")
    assert len(holder.command) <= 200
    assert long.startswith(kept + " ")
    assert kept in said
    assert "trader status" not in said
    assert holders.shortened("trader run") == "trader run"


@pytest.mark.req("SI1")
@pytest.mark.parametrize(
    ("place", "says"),
    [
        pytest.param("a file/run", "Not a directory", id="a file in the way"),
        pytest.param("folder", "Is a directory", id="a folder in the lock's own place"),
        pytest.param(
            "/proc/nope/run", "No such file",
            id="where nothing can be made", marks=pytest.mark.skipif(sys.platform != "linux", reason="needs /proc"),
        ),
    ],
)  # fmt: skip
def test_a_place_that_keeps_no_lock_is_refused_in_a_sentence(tmp_path, place, says):
    (tmp_path / "a file").touch()
    (tmp_path / f"folder/{KEY}.lock").mkdir(parents=True)

    with pytest.raises(NoPlaceForLock, match=f"{KEY} cannot be kept here: {says}.*paths.var must be a folder"):
        SingleInstance(tmp_path / place, KEY).acquire()
