from __future__ import annotations

import os
import threading

import pytest

from trader.ops.kill import KillFlag, KillLatch, NotKilled, NotLifted
from trader.ops.lock import SingleInstance


@pytest.fixture
def run_dir(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


@pytest.mark.req("K1")
def test_nothing_is_pressed_where_there_is_no_flag(run_dir):
    assert KillFlag(run_dir).reason() == ""


@pytest.mark.req("K1")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(b"prices look wrong\nsecond line", "prices look wrong second line", id="why"),
        pytest.param(b"", "KILL is there", id="empty"),
        pytest.param(b"\xff\x00\x1b[2J", "[2J", id="garbage"),
        pytest.param(b"x" * 5_000, "x" * 200, id="long"),
    ],
)
def test_a_file_presses_whatever_is_in_it(run_dir, text, said):
    (run_dir / "KILL").write_bytes(text)

    assert KillFlag(run_dir).reason().endswith(said)


@pytest.mark.req("K1")
def test_what_cannot_be_looked_at_is_pressed(run_dir, tmp_path):
    (run_dir / "KILL").mkdir()
    assert KillFlag(run_dir).reason().endswith("KILL is there")

    assert "vanished" in KillFlag(tmp_path / "gone").reason()

    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the folder should be")
    assert "cannot be looked at" in KillFlag(blocked).reason()


@pytest.mark.req("K1")
def test_a_link_that_leads_nowhere_presses_too(run_dir):
    os.symlink(run_dir / "nowhere", run_dir / "KILL")

    assert KillFlag(run_dir).reason()


@pytest.mark.req("K1")
def test_pressing_writes_the_reason(run_dir):
    flag = KillFlag(run_dir)

    flag.press("the venue lies\nand more")

    assert flag.reason() == "the venue lies"


class Unreadable:
    """A flag at which nobody can look."""

    def __call__(self):
        raise PermissionError(13, "Permission denied")


class FailsOpen(KillLatch):
    """The planted fault: what cannot be looked at is not pressed."""

    def reason(self):
        try:
            return self._look()
        except OSError:
            return ""


@pytest.mark.req("K1")
@pytest.mark.parametrize(("latch", "killed"), [(KillLatch, True), (FailsOpen, False)])
def test_a_flag_that_cannot_be_looked_at_kills(latch, killed):
    assert ("cannot be looked at" in latch(Unreadable()).reason()) is killed


@pytest.mark.req("K1")
def test_pressed_once_is_pressed_until_the_process_ends(run_dir):
    flag = KillFlag(run_dir)
    latch = KillLatch(flag.reason)
    assert latch.reason() == ""

    flag.press("the venue lies")
    assert latch.reason() == "the venue lies"
    flag.path.unlink()
    latch.press("something else")

    assert (latch.reason(), flag.reason()) == ("the venue lies", "")


@pytest.mark.req("K1")
def test_whoever_looks_finds_the_reason_with_the_flag(run_dir):
    """Written in one step: a reader in between would latch an empty reason, which nobody could acknowledge."""
    flag, seen, over = KillFlag(run_dir), set(), threading.Event()

    def look():
        while not over.is_set():
            seen.add(flag.reason())

    reader = threading.Thread(target=look)
    reader.start()
    for _ in range(300):
        flag.press("the venue lies")
    over.set()
    reader.join()

    assert seen <= {"", "the venue lies"}
    assert list(run_dir.iterdir()) == [flag.path]


@pytest.mark.req("K1")
def test_a_flag_that_cannot_be_left_is_said_with_the_other_ways_to_kill(tmp_path):
    (tmp_path / "var").write_text("a file where the folder should be")
    flag = KillFlag(tmp_path / "var/run")

    with pytest.raises(NotKilled, match=r"^NOT KILLED: .*: Not a directory\. ") as refusal:
        flag.press("the venue lies")

    said = str(refusal.value)
    assert (refusal.value.exit_code, f"touch {flag.path};" in said) == (2, True)
    assert said.endswith("kill -USR1 PID")


@pytest.mark.req("K1")
def test_whoever_may_not_write_is_told_which_process_to_signal(run_dir, monkeypatch):
    def forbidden(self, *arguments, **options):
        raise PermissionError(13, "Permission denied")

    with SingleInstance(run_dir, "paper-main"), monkeypatch.context() as elsewhere:
        elsewhere.setattr("pathlib.Path.write_text", forbidden)
        elsewhere.setattr("pathlib.Path.touch", forbidden)
        with pytest.raises(NotKilled, match=f"Permission denied.* kill -USR1 {os.getpid()}$"):
            KillFlag(run_dir).press("the venue lies")


@pytest.mark.req("K1")
def test_where_the_words_do_not_fit_the_bare_flag_kills(run_dir, monkeypatch):
    def full(self, *arguments, **options):
        raise OSError(28, "No space left on device")

    flag = KillFlag(run_dir)
    monkeypatch.setattr("pathlib.Path.write_text", full)

    flag.press("the venue lies")

    assert flag.reason() == f"{flag.path} is there"


@pytest.mark.req("K1")
def test_a_flag_that_cannot_be_taken_away_stays_pressed_and_is_said(run_dir):
    flag = KillFlag(run_dir)
    flag.path.mkdir()

    with pytest.raises(NotLifted, match=r"KILL: cannot be removed: .*; nothing was resumed"):
        flag.lift()

    assert flag.reason()
    flag.path.rmdir()
    flag.lift()
    assert flag.reason() == ""
