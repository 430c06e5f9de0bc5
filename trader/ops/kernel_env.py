"""
The environment and the room a cycle's kernel is given.

Nothing that could be a key reaches a kernel: variables pass by an allow-list,
and a name that smells of a secret never passes, whoever asks.  The room is a
private directory (0700) on a short path, because a socket's path is short; a
room whose owner died is swept together with the kernels still living in it.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from trader.errors import TraderError

ALLOWED_NAMES = frozenset(
    "PATH HOME USER LOGNAME LANG LANGUAGE TZ TMPDIR VIRTUAL_ENV CONDA_PREFIX LD_LIBRARY_PATH "
    "OPENBLAS_NUM_THREADS OMP_NUM_THREADS".split()
)
ALLOWED_PREFIXES = ("LC_", "PYTHON")
SECRET_NAME = re.compile(r"KEY|SECRET|TOKEN|PASS|CREDENTIAL|AUTH|COINBASE", re.IGNORECASE)
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
BASE_PATH_CHARS_MAX = 40
ROOM_PREFIX = "trader-kernels-"
DRAFT_PREFIX = "trader-draft-"


def kernel_environment(environ: Mapping[str, str], extra: Mapping[str, str], room: Path) -> dict[str, str]:
    """What a kernel may see of *environ*, plus *extra*; *extra* with a secret-looking name is refused."""
    for name in extra:
        if SECRET_NAME.search(name):
            raise TraderError(f"kernel environment: {name} looks like a secret; kernels get none, name it otherwise")
    passed = {name: value for name, value in environ.items() if is_allowed(name)}
    rooms = {"JUPYTER_RUNTIME_DIR": str(room), "IPYTHONDIR": str(room / "ipython")}
    return {**ONE_THREAD, **passed, **extra, **rooms}


def is_allowed(name: str) -> bool:
    """Whether the variable *name* may pass to a kernel."""
    return (name in ALLOWED_NAMES or name.startswith(ALLOWED_PREFIXES)) and not SECRET_NAME.search(name)


class Room:
    """A private directory that is ours while we live, and whose left-over kernels are killed after we died."""

    def __init__(self, base: Path | None = None) -> None:
        self.base = base or _short_base()
        self.swept = sweep(self.base)
        draft = Path(tempfile.mkdtemp(prefix=DRAFT_PREFIX, dir=self.base))
        self._lock = os.open(draft / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.path = draft.rename(self.base / draft.name.replace(DRAFT_PREFIX, ROOM_PREFIX))  # never seen unlocked

    def leave(self) -> None:
        """Remove the directory, all in it, and whoever still lives there."""
        _clear(self.path)
        os.close(self._lock)


def sweep(base: Path) -> int:
    """Kill the kernels and remove the rooms under *base* whose owner is dead; how many rooms there were."""
    swept = 0
    for room in base.glob(ROOM_PREFIX + "*"):
        if not _is_abandoned(room):
            continue
        _clear(room)
        swept += 1
    return swept


def _clear(room: Path) -> None:
    for pid in processes_naming(f"{room}{os.sep}"):
        _kill_group(pid)
    shutil.rmtree(room, ignore_errors=True)


def processes_naming(text: str) -> Iterator[int]:
    """The processes with *text* in their command line; empty where there is no /proc."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes()
        except OSError:
            continue
        if text.encode() in command and int(entry.parent.name) != os.getpid():
            yield int(entry.parent.name)


def _is_abandoned(room: Path) -> bool:
    try:
        if room.stat().st_uid != os.getuid():
            return False
        lock = os.open(room / "lock", os.O_RDWR)
    except FileNotFoundError:
        return True  # half removed already
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True


def _kill_group(pid: int) -> None:
    try:
        os.killpg(os.getpgid(pid), signal.SIGKILL)
    except ProcessLookupError:
        return


def _short_base() -> Path:
    candidates = [os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"]
    for text in candidates:
        if text and len(text) <= BASE_PATH_CHARS_MAX and os.access(text, os.W_OK):
            return Path(text)
    raise TraderError(
        f"kernels: no writable directory with a path of at most {BASE_PATH_CHARS_MAX} characters for their sockets; "
        "set TMPDIR or XDG_RUNTIME_DIR to one"
    )
