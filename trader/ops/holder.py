"""
Who holds a lock: a process, told apart from every other that ever had its number.

Boot, process number and start time together name one process, so a reused
number is a stranger and a dead holder is known to be dead.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from trader.model.codec import CodecError, dumps, loads

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
MAX_BYTES = 4_096
COMMAND_CHARS = 200


@dataclass(frozen=True, slots=True)
class Holder:
    """One process and what it does; *started* is the kernel's start time in ticks since boot, empty where unknown."""

    boot_id: str
    pid: int
    started: str
    mode: str
    command: str
    since: str

    @property
    def alive(self) -> bool:
        """The very process still runs; where the system cannot tell, whatever has its number counts as it."""
        if self.boot_id != boot_id():
            return False
        if self.started:
            return start_time(self.pid) == self.started
        return _has_number(self.pid)

    @classmethod
    def of_process(cls, pid: int) -> Holder:
        """What the system knows of process *pid*."""
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except OSError:
            command = ""
        return cls(boot_id(), pid, start_time(pid), "", shortened(command), "")


def shortened(command: str) -> str:
    """*command* in at most so many characters, ended after a whole word."""
    if len(command) <= COMMAND_CHARS:
        return command
    return f"{command[: COMMAND_CHARS - 1].rpartition(' ')[0] or command[: COMMAND_CHARS - 2]} …"


def myself(mode: str, command: str) -> Holder:
    """This process."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Holder(boot_id(), os.getpid(), start_time(os.getpid()), mode, command, now)


def boot_id() -> str:
    """Which boot of the machine this is; empty where the system does not say."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def start_time(pid: int) -> str:
    """When process *pid* started, in ticks since boot; empty where it does not run, or the system does not say."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    after_name = stat.rpartition(")")[2].split()
    return "" if after_name[0] in "ZX" else after_name[19]


def write_holder(descriptor: int, holder: Holder) -> None:
    """Sign the locked file *descriptor*."""
    text = (dumps(holder) + "\n").encode()
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text, 0)


def read_holder(path: Path) -> Holder | None:
    """Who signed the lock file at *path*; None where nobody did, or not yet."""
    try:
        return loads(Holder, path.read_bytes()[:MAX_BYTES].decode("utf-8", "replace"))
    except (OSError, CodecError):
        return None


def describe(path: Path, account_key: str, holder: Holder | None) -> str:
    """The sentence for whoever came second."""
    if holder is None:
        who, then = "by a process that left no name", "stop it first"
    elif not holder.alive:
        who, then = f"by what process {holder.pid}, now gone, has left running", "stop that first"
    else:
        doing = ", ".join(
            part for part in (holder.command, holder.mode, holder.since and f"since {holder.since}") if part
        )
        who, then = f"by process {holder.pid} ({doing or 'unnamed'})", "stop it first"
    return f"{account_key} is already run {who}: single-instance lock {path}; {then}"


def _has_number(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
