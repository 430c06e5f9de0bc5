"""
The spare kernels waiting to be used, and the thread that looks after them.

A kernel leaves the pool once and never comes back.  Its successor is started
after the cycle, not during it.  All kernels are children of one thread that
lives as long as the pool, so that they die with it, even on kill -9.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections import deque
from collections.abc import Coroutine
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from trader.errors import TraderError
from trader.ops.kernel_env import Room
from trader.ops.spare_kernel import KernelSettings, SpareKernel

CLOSE_SECONDS_MAX = 10.0
T = TypeVar("T")


class SparePool:
    """*spares* started kernels, each for one use; with 0 every kernel is started when asked for."""

    def __init__(self, settings: KernelSettings | None = None, spares: int = 1) -> None:
        self.settings = settings or KernelSettings()
        self.spares = spares
        self.started = 0
        self.lost = 0
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self._room: Room | None = None
        self._waiting: deque[asyncio.Task[SpareKernel]] = deque()
        self._chores: set[asyncio.Task[None]] = set()
        self._taking = asyncio.Lock()

    def open(self) -> Self:
        """Sweep what an earlier run left, and begin to start the spares; returns at once."""
        if self._thread is None:
            self._room = Room()
            self._thread = threading.Thread(target=self._loop.run_forever, name="spare-kernels", daemon=True)
            self._thread.start()
            atexit.register(self.close)
            self._loop.call_soon_threadsafe(self.top_up)
        return self

    @property
    def room(self) -> Path:
        """The private directory of this pool's sockets."""
        assert self._room is not None
        return self._room.path

    def close(self) -> None:
        """Kill every kernel and leave nothing behind; may be called twice."""
        if self._thread is None:
            return
        atexit.unregister(self.close)
        try:
            self.submit(self._drain()).result(CLOSE_SECONDS_MAX)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(CLOSE_SECONDS_MAX)
            self._thread = None
            assert self._room is not None
            self._room.leave()

    def wait_ready(self, timeout_seconds: float | None = None) -> None:
        """Wait until the first spare is warm; a start that failed raises here."""
        self.submit(self._first_ready()).result(timeout_seconds)

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run *work* in the pool's thread."""
        if self._thread is None:
            work.close()
            raise TraderError("kernels: the pool is closed; open() it first")
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def take(self) -> tuple[SpareKernel, bool]:
        """A kernel nobody used, and whether it was waiting; one that died while waiting is passed over."""
        async with self._taking:
            while self._waiting:
                spare = self._waiting[0]
                await asyncio.wait({spare})  # cancelled here, the spare stays where it is
                self._waiting.popleft()
                kernel = spare.result()
                if await kernel.is_alive():
                    return kernel, True
                self.lost += 1
                await kernel.dispose()
            return await self._start(), False

    def retire(self, kernel: SpareKernel) -> None:
        """Kill *kernel*, start its successor, then clean up; in the pool's thread, without waiting."""
        kernel.kill()
        self.top_up()
        self._do(kernel.dispose())

    def top_up(self) -> None:
        """Start what is missing to *spares*; in the pool's thread."""
        while len(self._waiting) < self.spares:
            self._waiting.append(self._loop.create_task(self._start()))

    async def _start(self) -> SpareKernel:
        self.started += 1
        return await SpareKernel.start(self.settings, self.room, self.started)

    async def _first_ready(self) -> None:
        if self._waiting:
            await asyncio.shield(self._waiting[0])

    def _do(self, chore: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(chore)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    async def _drain(self) -> None:
        for spare in self._waiting:
            spare.cancel()
        ended = await asyncio.gather(*self._waiting, return_exceptions=True)
        self._waiting.clear()
        kernels = [kernel for kernel in ended if isinstance(kernel, SpareKernel)]
        await asyncio.gather(*(kernel.dispose() for kernel in kernels), *self._chores)

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
