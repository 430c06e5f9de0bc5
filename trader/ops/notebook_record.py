"""
The executed notebook as it is kept: with our verdict, without secrets, whole or not there.

papermill's account is corrected (what never ran says pending), the verdict
stands on top for people and in the metadata for programs, every text passes
the redactor, and the file appears under its name only when all of it is on disk.
"""

from __future__ import annotations

import html
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from papermill.execute import remove_error_markers

Redact = Callable[[str], str]

MARK = {"complete": "✔ complete", "failed": "✘ failed", "deadline": "✘ deadline", "dead_kernel": "✘ dead kernel"}
BANNER_TAG = "trader-verdict"


def sealed(
    nb: NotebookNode, verdict: Mapping[str, Any], statuses: Mapping[int, str], paths: Mapping[str, str], redact: Redact
) -> bytes:
    """The bytes of the record of *nb*, whose cell i really came to *statuses[i]* or was never run."""
    nb = remove_error_markers(nb)
    _correct(nb, verdict, statuses, paths)
    nb.metadata["trader"] = dict(verdict)
    on_top = {"cell_type": "markdown", "id": "verdict", "metadata": {"tags": [BANNER_TAG]}, "source": banner(verdict)}
    nb.cells.insert(0, on_top)
    text = json.dumps(_redacted(nb, redact), indent=1, sort_keys=True, ensure_ascii=False)
    return f"{text}\n".encode()


def banner(verdict: Mapping[str, Any]) -> str:
    """The verdict in a line of Markdown; the error's text is foreign and cannot be more than text."""
    where = f" at cell [{verdict['cell']}]" if verdict["cell"] else ""
    line = f"**{MARK[verdict['status']]}{'' if verdict['status'] == 'complete' else where}** · "
    line += f"cycle `{verdict['cycle_id']}` · as of {verdict['as_of']} · {verdict['seconds']:.2f} s"
    if verdict["error"]:
        line += f"\n\n<pre>{html.escape(verdict['error'])}</pre>"
    return line


def _correct(
    nb: NotebookNode, verdict: Mapping[str, Any], statuses: Mapping[int, str], paths: Mapping[str, str]
) -> None:
    is_complete = verdict["status"] == "complete"
    for index, cell in enumerate(nb.cells):
        status = statuses.get(index, "pending")
        status = "failed" if status == "running" else status
        account = cell.metadata.setdefault("papermill", {})
        account["status"] = status
        account["exception"] = None if status == "pending" else status == "failed"
        if status == "pending":
            account.update(start_time=None, end_time=None, duration=None)
    nb.metadata.papermill.update(paths, exception=not is_complete)


def _redacted(value: Any, redact: Redact) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {redact(key): _redacted(item, redact) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(item, redact) for item in value]
    return value


def write_whole(path: Path, data: bytes) -> None:
    """Put *data* at *path* so that whoever looks sees nothing or all of it, also after a crash; `OSError` else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
