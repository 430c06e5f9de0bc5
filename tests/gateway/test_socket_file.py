"""Where the socket lies, who may open it, and what is in its way."""

from __future__ import annotations

import os
import socket
import stat
import tempfile
from pathlib import Path

import pytest

from trader.errors import HeldElsewhere
from trader.gateway.socket_file import PATH_BYTES_MAX, SocketInTheWay, bind, socket_path


@pytest.fixture
def run_dir(tmp_path, monkeypatch):
    """A folder with a path short enough for a socket, as `var/run` has."""
    monkeypatch.chdir(tmp_path)
    short = tmp_path / "r"
    if len(os.fsencode(short)) > PATH_BYTES_MAX - 20:
        pytest.skip(f"the temporary folder's path is too long for a socket: {short}")
    return short


def mode_of(path):
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.mark.req("SEC1")
def test_only_its_owner_may_open_the_socket(run_dir):
    path = socket_path(run_dir, "paper-main")

    with bind(path):
        assert path == run_dir / "paper-main.sock"
        assert mode_of(path) == 0o600
        assert mode_of(run_dir) == 0o700


def test_a_socket_nobody_serves_is_replaced(run_dir):
    path = socket_path(run_dir, "s")
    bind(path).close()

    with bind(path), socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(path))


@pytest.mark.req("SI1")
def test_a_socket_somebody_serves_is_held(run_dir):
    path = socket_path(run_dir, "s")
    with bind(path):
        with pytest.raises(HeldElsewhere, match="another gateway serves here"):
            bind(path)
        assert path.exists()


@pytest.mark.parametrize("kind", ["file", "folder", "link to a file"])
def test_what_is_no_socket_is_left_alone(kind, run_dir):
    path = socket_path(run_dir, "s")
    target = run_dir / "precious"
    target.write_text("precious")
    if kind == "file":
        path.write_text("precious")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(target)

    with pytest.raises(SocketInTheWay, match="is no socket"):
        bind(path)
    assert path.is_dir() or path.read_text() == "precious"


@pytest.mark.req("SEC1")
def test_a_path_too_long_moves_to_a_private_folder(tmp_path, monkeypatch):
    deep = tmp_path / ("a" * 100) / "run"
    with tempfile.TemporaryDirectory(prefix="t") as base:  # pytest's own folders may be too deep already
        monkeypatch.setenv("XDG_RUNTIME_DIR", base)

        path, other = socket_path(deep, "paper-main"), socket_path(deep, "paper-other")

        assert path.parent == Path(base) / f"247trader-{os.getuid()}"
        assert mode_of(path.parent) == 0o700
        assert len(os.fsencode(path)) <= PATH_BYTES_MAX
        assert path != other
        assert path == socket_path(deep, "paper-main")


def test_a_private_folder_that_others_can_open_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / f"247trader-{os.getuid()}").mkdir(mode=0o755)

    with pytest.raises(SocketInTheWay, match="nobody else may open"):
        socket_path(tmp_path / ("a" * 100), "paper-main")
