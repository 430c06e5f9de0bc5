"""
papermill's engine `trader-spare`: a notebook on a warm kernel nobody used before.

The whole notebook has one deadline.  When it passes the kernel is interrupted,
so that the record shows where it was, and killed if it does not stop.  What
really ran is written on the `CycleRun`, for papermill's own account is not
reliable: it calls the cells a dead kernel never saw completed.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NotebookExecutionManager

from trader.errors import TraderError
from trader.ops.output_cap import CELL_CHARS_MAX, OutputCap
from trader.ops.spare_kernel import SpareKernel
from trader.ops.spare_pool import SparePool

GLANCE_SECONDS = 0.05
RESCUE_SECONDS = 2.0
RESCUE_GLANCE_SECONDS = 1.0
PASSED_ON = ("log_output", "stdout_file", "stderr_file")
NO_DEADLINE_SECONDS = 10 * 365 * 86_400.0


class DeadlinePassed(TraderError):
    """The notebook did not end in time and was stopped."""


@dataclass(slots=True)
class CycleRun:
    """One execution: what the runner asks, and what the engine saw.  Cells count as in `In [k]`, from 1."""

    deadline: float = field(default_factory=lambda: time.monotonic() + NO_DEADLINE_SECONDS)
    interrupt_grace_seconds: float = 1.0
    cell_chars_max: int = CELL_CHARS_MAX
    nb: NotebookNode | None = None
    cell: int | None = None
    error: str | None = None
    is_cut: bool = False
    statuses: dict[int, str] = field(default_factory=dict)
    kernel: SpareKernel | None = None
    last_words: str = ""
    was_waiting: bool = False

    @property
    def seconds_left(self) -> float:
        """Until the deadline; never negative."""
        return max(0.0, self.deadline - time.monotonic())

    def hurry(self, seconds: float) -> None:
        """Be over in *seconds* at the latest; from any thread."""
        self.deadline = min(self.deadline, time.monotonic() + seconds)


class SpareClient(PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client, in the pool's event loop, with outputs held within bounds as they arrive."""

    def __init__(self, nb_man: NotebookExecutionManager, run: CycleRun, kernel: SpareKernel, **options: Any) -> None:
        super().__init__(
            nb_man, km=kernel.manager, timeout=None, raise_on_iopub_timeout=False, kernel_name="python3", **options
        )
        self.kc = kernel.client
        self.run = run
        self.cap = OutputCap(run.cell_chars_max)

    async def run_cells(self) -> None:
        """Every cell in turn, to the end, the first exception or the deadline."""
        self.reset_execution_trackers()
        for index, cell in enumerate(self.nb.cells):
            if not self.run.seconds_left:
                raise DeadlinePassed("deadline: the notebook was stopped between two cells")
            if cell.cell_type == "code" and cell.source.strip():
                self.run.cell = (self.run.cell or 0) + 1
            if not await self._run_cell(index, cell):
                return
        self.set_widgets_metadata()

    async def _run_cell(self, index: int, cell: NotebookNode) -> bool:
        self.cap = OutputCap(self.run.cell_chars_max)
        self.run.statuses[index] = self.nb_man.RUNNING
        self.nb_man.cell_start(cell, index)
        try:
            await self.async_execute_cell(cell, index)
        except CellExecutionError as error:
            self.nb_man.cell_exception(cell, cell_index=index, exception=error)
            self.run.error = f"{error.ename}: {error.evalue}"
        finally:
            if cell.cell_type == "code":
                self.cap.finish(cell.outputs)
                self.run.is_cut |= self.cap.is_cut
        self.run.statuses[index] = self.nb_man.FAILED if self.run.error else self.nb_man.COMPLETED
        self.nb_man.cell_complete(cell, cell_index=index)
        return self.run.error is None

    def output(self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int) -> Any:
        """Add what *msg* shows to *outs*, unless an earlier output takes it or there is no room."""
        if self.clear_before_next_output or self.output_hook_stack[msg["parent_header"].get("msg_id")]:
            return super().output(outs, msg, display_id, cell_index)
        if msg["msg_type"] == "stream":
            if self.cap.absorbs(outs, msg["content"]["name"], msg["content"]["text"]):
                return None
        elif msg["msg_type"] != "error" and self.cap.refuses(outs):
            return None
        return super().output(outs, msg, display_id, cell_index)


class SpareKernelEngine(Engine):  # type: ignore[misc]
    """The engine papermill finds by name; without *pool* it starts a kernel for this one run."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        pool: SparePool | None = None,
        run: CycleRun | None = None,
        **options: Any,
    ) -> None:
        """Run the notebook, or raise `DeadlinePassed`, `DeadKernelError`, `KernelStartFailed`."""
        run = run or CycleRun()
        run.nb = nb_man.nb
        wanted = {name: value for name, value in options.items() if name in PASSED_ON}
        pool = pool or _unprepared()
        _await(pool.submit(_execute(pool, nb_man, run, wanted)), run)


def _await(execution: Future[None], run: CycleRun) -> None:
    """Wait for *execution* from outside its thread, and end the kernel from here should that thread be stuck."""
    overdue = -run.interrupt_grace_seconds - RESCUE_SECONDS
    while True:
        try:
            return execution.result(RESCUE_GLANCE_SECONDS)
        except TimeoutError:
            if execution.done():
                raise
        if run.deadline - time.monotonic() < overdue:
            if run.kernel is not None:
                run.kernel.kill()
            raise DeadlinePassed("deadline: the notebook was stopped from outside")


async def _execute(pool: SparePool, nb_man: NotebookExecutionManager, run: CycleRun, options: dict[str, Any]) -> None:
    try:
        async with asyncio.timeout(run.seconds_left):
            run.kernel, run.was_waiting = await pool.take()
    except TimeoutError:
        raise DeadlinePassed("deadline: no kernel was ready in time") from None
    try:
        await _until_deadline(SpareClient(nb_man, run, run.kernel, **options), run, run.kernel)
    except DeadKernelError:
        run.last_words = run.kernel.last_words()
        raise
    finally:
        pool.retire(run.kernel)


async def _until_deadline(client: SpareClient, run: CycleRun, kernel: SpareKernel) -> None:
    cells = asyncio.ensure_future(client.run_cells())
    while not cells.done() and run.seconds_left:
        await asyncio.wait({cells}, timeout=min(run.seconds_left, GLANCE_SECONDS))
    if cells.done():
        return cells.result()
    kernel.interrupt()
    await asyncio.wait({cells}, timeout=run.interrupt_grace_seconds)
    if not cells.done():
        kernel.kill()
        cells.cancel()
    await asyncio.gather(cells, return_exceptions=True)
    raise DeadlinePassed("deadline: the notebook was stopped")


@cache
def _unprepared() -> SparePool:
    """For papermill's own command line: no spare, as there is no next cycle."""
    return SparePool(spares=0).open()
