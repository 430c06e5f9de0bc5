"""
One trading loop per account: whoever holds the lock trades, everybody else is told who that is.

The lock is the kernel's (`flock`), so it dies with its process and no stale
file ever blocks.  The file itself is never deleted by us; where somebody else
deletes it, a name in the kernel's socket table (Linux) still keeps a second
loop out, and `held` puts the file back.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import socket
import struct
import sys
import time
import weakref
from pathlib import Path
from types import TracebackType
from typing import Self

from trader.errors import HeldElsewhere, TraderError
from trader.ops.holder import Holder, describe, myself, read_holder, write_holder

PATIENCE_SECONDS = 2.0
"""How long the kernel may take to clear up after a process that has just died."""
CONVINCED_SECONDS = 0.1
"""A holder that still looks alive after this long is not one that was just killed."""
POLL_SECONDS = 0.01
BACKLOG = 64
"""Callers that may ask the kernel who holds the name; nobody ever answers them."""


class NoPlaceForLock(TraderError):
    """The lock's folder cannot be made, or takes no file."""


class SingleInstance:
    """
    The single-instance lock of *account_key* in *run_dir*, as a context manager or by `acquire` and `release`.

    `held` answers whether it is still ours: ask before every send.  A forked child holds nothing.
    """

    def __init__(self, run_dir: Path, account_key: str, *, mode: str = "", command: str = "") -> None:
        self.path = run_dir / f"{account_key}.lock"
        self.account_key = account_key
        self._mode, self._command = mode, command
        self._fd: int | None = None
        self._guard: socket.socket | None = None
        self._pid = 0
        _KNOWN.add(self)

    def acquire(self) -> Self:
        """Take the lock, or raise HeldElsewhere (exit 3) naming the holder; NoPlaceForLock where none can be kept."""
        try:
            self._take()
        except OSError as error:
            raise NoPlaceForLock(
                f"{self.path}: the lock of {self.account_key} cannot be kept here: {error.strerror or error}; "
                "app.yaml: paths.var must be a folder that you may write to, or that can be made"
            ) from error
        return self

    def held(self) -> bool:
        """Still ours, and nobody else can have it; a deleted lock file is put back."""
        if self._fd is None or os.getpid() != self._pid:
            return False
        if _is_at(self._fd, self.path):
            return True
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (descriptor := _try_lock(self.path)) is None:
            if self._guard is None or time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        write_holder(descriptor, myself(self._mode, self._command))
        os.close(self._fd)
        self._fd = descriptor
        return True

    def release(self) -> None:
        """Give the lock back; the file stays."""
        if self._fd is not None and os.getpid() == self._pid:
            os.ftruncate(self._fd, 0)
        self._close(self._fd)
        self._fd = None

    def __enter__(self) -> Self:
        return self.acquire()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        self.release()

    def _take(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = self._lock_file()
        try:
            self._guard = self._lock_name()
            write_holder(descriptor, myself(self._mode, self._command))
            self._fd, self._pid = descriptor, os.getpid()
        finally:
            if self._fd is None:
                self._close(descriptor)

    def _lock_file(self) -> int:
        """The locked file; waits only for a holder that is dead or has not signed yet."""
        began = time.monotonic()
        while (descriptor := _try_lock(self.path)) is None:
            holder = read_holder(self.path)
            patience = CONVINCED_SECONDS if holder is not None and holder.alive else PATIENCE_SECONDS
            if time.monotonic() - began > patience:
                raise HeldElsewhere(describe(self.path, self.account_key, holder))
            time.sleep(POLL_SECONDS)
        return descriptor

    def _lock_name(self) -> socket.socket | None:
        """The account's name in the kernel's table, which deleting files does not free; None where there is none."""
        if sys.platform != "linux":
            return None
        place = self.path.parent.stat()
        key = f"{place.st_dev}:{place.st_ino}:{self.account_key}"
        name = "\0" + "247trader-" + hashlib.sha256(key.encode()).hexdigest()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            guard = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                guard.bind(name)
                guard.listen(BACKLOG)
                return guard
            except OSError as error:
                guard.close()
                if error.errno != errno.EADDRINUSE:
                    raise
            if time.monotonic() > deadline:
                raise HeldElsewhere(describe(self.path, self.account_key, _listener(name)))
            time.sleep(POLL_SECONDS)

    def _close(self, descriptor: int | None) -> None:
        if self._guard is not None:
            self._guard.close()
            self._guard = None
        if descriptor is not None:
            os.close(descriptor)

    def forget(self) -> None:
        """In a forked child: let go of what only the parent holds."""
        self._close(self._fd)
        self._fd = None


def _try_lock(path: Path) -> int | None:
    """A descriptor that holds the lock of the file that is at *path* now; None where somebody else has it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        if _is_at(descriptor, path):
            return descriptor
        os.close(descriptor)  # deleted between open and lock: what we hold guards nothing


def _is_at(descriptor: int, path: Path) -> bool:
    """The open file is the one *path* names."""
    ours = os.fstat(descriptor)
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)


def _listener(name: str) -> Holder | None:
    """Who holds the *name*, as the kernel says."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.settimeout(PATIENCE_SECONDS)
        try:
            caller.connect(name)
            credentials = caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError:
            return None
    pid = struct.unpack("3i", credentials)[0]
    return Holder.of_process(pid) if pid > 0 else None  # 0: a process of another container


_KNOWN: weakref.WeakSet[SingleInstance] = weakref.WeakSet()


def _forget_all() -> None:
    for lock in list(_KNOWN):
        lock.forget()


os.register_at_fork(after_in_child=_forget_all)
