"""
One kernel, started before it is needed and used once.

It is warm (what a cycle imports is imported), connected, alone in its process
group, without keys, and it dies with the thread that started it.  The warm-up
leaves no name behind: a notebook finds the namespace of a new kernel.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from trader.errors import TraderError
from trader.ops.kernel_env import kernel_environment

LOG_BYTES_MAX = 100_000
LAST_WORDS_CHARS = 600
CRASH = "Fatal Python error"
GLANCE_SECONDS = 0.1

DEFAULT_WARMUP = """
import datetime, decimal, json, math
import numpy, pandas, pydantic
from IPython.display import HTML, Markdown, display
from pydantic import BaseModel, Field, create_model
index = pandas.date_range(end="2025-01-01", periods=300, freq="h", tz="UTC")
frame = pandas.DataFrame({"close": numpy.linspace(1.0, 2.0, 300), "volume": 1.0}, index=index)
for window in (frame["close"].rolling(20), frame["close"].ewm(span=20)):
    frame["mean"], frame["deviation"] = window.mean(), window.std()
frame["median"], frame["high"] = frame["volume"].rolling(20).median(), frame["close"].rolling(20).max()
frame["change"] = frame["close"].pct_change().fillna(0.0).shift(1)
frame["is_up"] = (frame["mean"] > frame["median"]) & (frame["deviation"] < 1)
frame.groupby(frame.index.date).agg({"close": "last", "volume": "sum"})
table = pandas.DataFrame({"a": frame.iloc[-1], "b": frame.iloc[-2]}).T.round(4)
table.index[table["is_up"] == True], table.reset_index().sort_values("close").to_dict("records")
pandas.concat([frame.tail(3), frame.head(3)]).resample("4h").last()
Row = create_model("Row", symbol=(str, ...), pct=(float, Field(ge=0)), at=(datetime.datetime, ...))
rows = pandas.DataFrame([Row(symbol="A", pct=1, at="2025-01-01T00:00:00Z").model_dump() for _ in range(3)])
for shown in (frame.tail(3), table, rows):
    shown._repr_html_(), repr(shown)
get_ipython().display_formatter.format(rows)
"""

FIRST_WORDS = """
import ctypes, faulthandler, os, signal, sys
faulthandler.enable(file=open({log!r}, "ab"), all_threads=False)
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != {parent}:
        os.kill(os.getpid(), signal.SIGKILL)
"""


class KernelStartFailed(TraderError):
    """A kernel could not be started or warmed."""


@dataclass(frozen=True, slots=True)
class KernelSettings:
    """How kernels are made: the code that warms them, what they see besides the allow-list, where they stand."""

    warmup: str = DEFAULT_WARMUP
    extra_env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    start_timeout_seconds: float = 60.0


class SpareKernel:
    """A started kernel and our open connection to it; all methods but `kill` belong to the pool's thread."""

    def __init__(self, manager: AsyncKernelManager, stem: Path) -> None:
        self.manager = manager
        self._client: AsyncKernelClient | None = None
        self.pid = 0
        self._log = stem.with_suffix(".log")

    @classmethod
    async def start(cls, settings: KernelSettings, room: Path, number: int) -> SpareKernel:
        """A ready, warm kernel; `KernelStartFailed` says why not.  Nothing is left of one that did not get so far."""
        stem = room / f"k{number}"
        manager = AsyncKernelManager(
            kernel_name="python3",
            transport="ipc",
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[]),  # the interpreter we run in, not a user's spec
            connection_file=f"{stem}.json",
        )
        kernel = cls(manager, stem)
        is_ready = False
        try:
            await kernel._launch(settings, room)
            await kernel._unless_it_dies(kernel._prepare(settings))
            is_ready = True
        finally:
            if not is_ready:
                await kernel.dispose()
        return kernel

    async def _launch(self, settings: KernelSettings, room: Path) -> None:
        with self._log.open("wb") as sink:
            await self.manager.start_kernel(
                env=kernel_environment(os.environ, settings.extra_env, room),
                cwd=str(settings.cwd or Path.cwd()),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                extra_arguments=["--HistoryManager.enabled=False"],
            )
        provisioner = self.manager.provisioner
        assert isinstance(provisioner, LocalProvisioner)
        assert provisioner.pid is not None
        self.pid = provisioner.pid
        self._client = self.manager.client()  # not before: it copies the addresses the launch chose

    @property
    def client(self) -> AsyncKernelClient:
        """Our connection, open from start to disposal."""
        assert self._client is not None
        return self._client

    async def _prepare(self, settings: KernelSettings) -> None:
        timeout = settings.start_timeout_seconds
        self.client.start_channels()
        self.client.allow_stdin = False
        try:
            await self.client.wait_for_ready(timeout=timeout)
            for code in (FIRST_WORDS.format(parent=os.getpid(), log=str(self._log)), settings.warmup):
                reply = await self._run_quietly(code, timeout)
                if reply["status"] != "ok":
                    reason = f"{reply.get('ename', 'unknown')}: {reply.get('evalue', '')}"
                    raise KernelStartFailed(f"kernel: the warm-up code raised {reason}")
        except (RuntimeError, TimeoutError) as failure:
            raise KernelStartFailed(f"kernel: not ready within {timeout:g} s ({failure}) {self.last_words()}") from None

    async def _unless_it_dies(self, preparing: Coroutine[Any, Any, None]) -> None:
        """See *preparing* through; a process that is gone will never answer, so nobody waits for the time-out."""
        task = asyncio.ensure_future(preparing)
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=GLANCE_SECONDS)
                if not task.done() and not await self.is_alive():
                    raise KernelStartFailed(f"kernel: died before it was ready {self.last_words()}".rstrip())
            task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run_quietly(self, code: str, timeout: float) -> dict[str, Any]:
        alone = f"exec(compile({code!r}, '<warm-up>', 'exec'), {{'__name__': 'warm_up'}})"
        reply: dict[str, Any] = await self.client.execute_interactive(
            alone, silent=True, store_history=False, timeout=timeout, output_hook=_ignore
        )
        content: dict[str, Any] = reply["content"]
        return content

    async def is_alive(self) -> bool:
        """Whether the process still runs."""
        return bool(await self.manager.is_alive())

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in whatever it is doing."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """End it now, with everything it started; from any thread."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if not self.pid:
            return
        try:
            os.killpg(self.pid, number)  # a kernel leads its own session, so its group has its number
        except ProcessLookupError:
            return

    async def dispose(self) -> None:
        """Kill it, close the connection, remove its files."""
        self.kill()
        if self._client is not None:
            self._client.stop_channels()
        await self.manager.shutdown_kernel(now=True)
        self._log.unlink(missing_ok=True)

    def last_words(self) -> str:
        """The end of what the process wrote outside its cells, for instance a crash in C."""
        try:
            text = self._log.read_bytes()[-LOG_BYTES_MAX:].decode(errors="replace")
        except OSError:
            return ""
        crash = text.rfind(CRASH)
        return (text[crash:] if crash >= 0 else text[-LAST_WORDS_CHARS:])[:LAST_WORDS_CHARS].strip()


def _ignore(message: dict[str, Any]) -> None:
    """Warm-up output is nobody's."""
