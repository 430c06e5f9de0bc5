from __future__ import annotations

import os

import pytest

from trader.ops.kill import KillFlag


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
