"""
One cycle's notebook, run through papermill, with a verdict one can trust.

Complete means: every cell ran and the last one printed this cycle's result.
Whatever happens — an exception, a dead kernel, a deadline, a full disk — `run`
returns a verdict; only a wrong call (a misspelt parameter) raises, and before
anything runs.  A record that could not be written is kept and written later.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import papermill
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from trader.errors import TraderError
from trader.ops.notebook_record import Redact, redacted, sealed, write_whole
from trader.ops.notebook_source import NotebookSource, Parameters
from trader.ops.output_cap import CELL_CHARS_MAX
from trader.ops.result_marker import find_result
from trader.ops.spare_engine import CycleRun, DeadlinePassed
from trader.ops.spare_kernel import KernelStartFailed
from trader.ops.spare_pool import SparePool
from trader.ops.verdict import NotebookVerdict, Status
from trader.reporting.wording import plural

ENGINE = "trader-spare"
CYCLE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
ERROR_CHARS_MAX = 1_000
UNWRITTEN_MAX = 20

__all__ = ["NotebookRunner", "NotebookVerdict", "Status"]


class NotebookRunner:
    """Runs *notebook* once per call on a kernel of *pool*, within *deadline_seconds*, and keeps the record."""

    def __init__(
        self,
        notebook: Path,
        out_dir: Path,
        deadline_seconds: float,
        *,
        pool: SparePool,
        redact: Redact,
        interrupt_grace_seconds: float = 1.0,
        cell_chars_max: int = CELL_CHARS_MAX,
    ) -> None:
        self.notebook = notebook
        self.out_dir = out_dir
        self.deadline_seconds = deadline_seconds
        self.pool = pool
        self.redact = redact
        self.interrupt_grace_seconds = interrupt_grace_seconds
        self.cell_chars_max = cell_chars_max
        self.unwritten: deque[tuple[Path, bytes]] = deque()
        self.lost: list[str] = []
        """A sentence for each record that was given up: as many as may wait were waiting."""
        self._current: CycleRun | None = None
        NotebookSource.read(notebook).check({"cycle_id": ""})

    def run(self, cycle_id: str, as_of: datetime, parameters: Parameters | None = None) -> NotebookVerdict:
        """Execute the notebook for *cycle_id*; `TraderError` if the call itself is wrong."""
        begun = time.monotonic()
        source = NotebookSource.read(self.notebook)
        given = self._parameters(source, cycle_id, as_of, parameters or {})
        run = CycleRun(begun + self.deadline_seconds, self.interrupt_grace_seconds, self.cell_chars_max)
        self._current = run
        try:
            status, error, result = self._execute(source, given, run)
        finally:
            self._current = None
        verdict = NotebookVerdict(
            cycle_id=cycle_id,
            as_of=as_of.astimezone(UTC),
            status=status,
            cell=None if status is Status.COMPLETE else run.cell,
            error=self._shown(error),
            seconds=round(time.monotonic() - begun, 4),
            path=self.path_of(cycle_id, as_of),
            result=redacted(result, self.redact),
            is_cut=run.is_cut,
        )
        return self._keep(verdict, run, source)

    def path_of(self, cycle_id: str, as_of: datetime) -> Path:
        """Where the record of a cycle goes."""
        utc = as_of.astimezone(UTC)
        return self.out_dir / f"{utc:%Y-%m-%d}" / f"{utc:%H%M%S}-{cycle_id}.ipynb"

    def hurry(self, seconds: float) -> None:
        """Let the run in progress, if any, be over in *seconds*; from any thread or a signal handler."""
        if (run := self._current) is not None:
            run.hurry(seconds)

    def _parameters(
        self, source: NotebookSource, cycle_id: str, as_of: datetime, parameters: Parameters
    ) -> dict[str, Any]:
        if not CYCLE_ID.fullmatch(cycle_id):
            raise TraderError(f"cycle id {cycle_id!r}: letters, digits, dot, dash and underscore, at most 80")
        if as_of.tzinfo is None:
            raise TraderError(f"cycle {cycle_id}: as_of {as_of} has no time zone")
        given = {**parameters, "cycle_id": cycle_id}
        if "as_of" in source.parameter_names:
            given["as_of"] = as_of.astimezone(UTC).isoformat()
        source.check(given)
        return given

    def _execute(
        self, source: NotebookSource, given: Parameters, run: CycleRun
    ) -> tuple[Status, str | None, dict[str, Any] | None]:
        escaped = str(source.path).replace("{", "{{").replace("}", "}}")  # papermill formats paths
        try:
            papermill.execute_notebook(
                escaped, None, dict(given), engine_name=ENGINE, kernel_name="python3", language="python",
                progress_bar=False, autosave_cell_every=0, pool=self.pool, run=run,
            )  # fmt: skip
        except PapermillExecutionError:
            return Status.FAILED, run.error, None
        except DeadlinePassed as failure:
            return Status.DEADLINE, str(failure), None
        except DeadKernelError:
            return Status.DEAD_KERNEL, f"the kernel died while the cell ran\n{run.last_words}".strip(), None
        except KernelStartFailed as failure:
            return Status.DEAD_KERNEL, str(failure), None
        return self._judge(given["cycle_id"], run)

    def _judge(self, cycle_id: str, run: CycleRun) -> tuple[Status, str | None, dict[str, Any] | None]:
        assert run.nb is not None
        if run.error:
            return Status.FAILED, f"{run.error} (ended the notebook before its last cell)", None
        code = [cell for cell in run.nb.cells if cell.cell_type == "code" and cell.source.strip()]
        result = find_result(code[-1].outputs, cycle_id) if code else None
        if result is None:
            return Status.FAILED, f"no result: the last cell printed no result line for cycle {cycle_id}", None
        return Status.COMPLETE, None, result

    def _shown(self, error: str | None) -> str | None:
        return self.redact(error)[:ERROR_CHARS_MAX] if error else None

    def _keep(self, verdict: NotebookVerdict, run: CycleRun, source: NotebookSource) -> NotebookVerdict:
        assert run.nb is not None
        account = verdict.account() | {
            "deadline_seconds": self.deadline_seconds,
            "source_sha256": source.sha256,
            "kernel": "spare" if run.was_waiting else "started",
        }
        output = f"{verdict.path.parent.name}/{verdict.path.name}"
        paths = {"input_path": self.notebook.name, "output_path": output}
        data = sealed(run.nb, account, run.statuses, paths, self.redact)
        self.unwritten.append((verdict.path, data))
        return replace(verdict, sha256=hashlib.sha256(data).hexdigest(), record_error=self.write_pending())

    def write_pending(self) -> str | None:
        """Write the records that are not on disk yet, oldest first; the sentence why not, if one cannot be."""
        failed = ""
        while self.unwritten and not failed:
            failed = _not_written(*self.unwritten[0])
            if not failed:
                self.unwritten.popleft()
        if not failed:
            return None
        if len(self.unwritten) > UNWRITTEN_MAX:
            self.unwritten.popleft()
            self.lost.append(f"{failed}; given up, as {plural(UNWRITTEN_MAX, 'later one')} cannot be written either")
        given_up = f"{plural(len(self.lost), 'record')} GIVEN UP, " if self.lost else ""
        return f"{given_up}{plural(len(self.unwritten), 'record')} kept to be written later: {failed}"

    def write_rest(self) -> list[str]:
        """Nothing comes after this: write whatever still fits, and give a sentence for every record that is lost."""
        tried = [_not_written(path, data) for path, data in self.unwritten]
        self.unwritten.clear()
        self.lost += filter(None, tried)
        return self.lost


def _not_written(path: Path, data: bytes) -> str:
    """Write the record; why that did not work, or nothing."""
    try:
        write_whole(path, data)
    except OSError as failure:
        return f"{path}: not written: {failure.strerror or failure}"
    return ""
