"""
Where the gateway's socket lies, and how it comes to lie there.

Only its owner may open it (0600).  A path too long for a socket moves to a
private folder (0700); what is in the way and is not a dead socket of ours stays
where it is, and we say so.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import stat
import tempfile
from pathlib import Path

from trader.errors import HeldElsewhere, TraderError

PATH_BYTES_MAX = 100
"""Linux takes 107 bytes, macOS 103."""
PROBE_SECONDS = 1.0
BACKLOG = 64


class SocketInTheWay(TraderError):
    """Something lies where the socket should."""


def socket_path(run_dir: Path, name: str) -> Path:
    """`<run_dir>/<name>.sock`, or a path of the user's own in a private folder where that would be too long."""
    path = run_dir.absolute() / f"{name}.sock"
    if len(os.fsencode(path)) <= PATH_BYTES_MAX:
        run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    folder = base / f"247trader-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise SocketInTheWay(f"{folder}: must be a folder of yours that nobody else may open (0700); mend or remove it")
    short = folder / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}.sock"
    if len(os.fsencode(short)) > PATH_BYTES_MAX:
        raise SocketInTheWay(f"{short}: too long for a socket; set XDG_RUNTIME_DIR to a folder with a short path")
    return short


def bind(path: Path) -> socket.socket:
    """
    A listening unix socket at *path* that only its owner may open.

    A socket nobody serves any more is replaced; one that answers raises HeldElsewhere; anything that is not a socket
    is left alone and raises SocketInTheWay.
    """
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise SocketInTheWay(f"{path}: lies where the gateway's socket should, and is no socket; move it away")
        if _answers(path):
            raise HeldElsewhere(f"{path}: another gateway serves here; stop it first")
        path.unlink()
    made = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made.bind(str(path))
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise SocketInTheWay(f"{path}: no socket can be made here: {error.strerror or error}") from error
    finally:
        os.umask(before)
    return made


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(PROBE_SECONDS)
        return probe.connect_ex(str(path)) == 0
