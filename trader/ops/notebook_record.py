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
    nb: NotebookNode, account: Mapping[str, Any], statuses: Mapping[int, str], paths: Mapping[str, str], redact: Redact
) -> bytes:
    """
    The bytes of the record of *nb*, whose cell i really came to *statuses[i]* or was never run.

    *account* is ours and clean already; it is not redacted, lest its hashes be taken for keys.
    """
    nb = remove_error_markers(nb)
    _correct(nb, account, statuses, paths)
    clean = redacted(nb, redact)
    clean["metadata"]["trader"] = dict(account)
    on_top = {"cell_type": "markdown", "id": "verdict", "metadata": {"tags": [BANNER_TAG]}, "source": banner(account)}
    clean["cells"].insert(0, on_top)
    text = json.dumps(clean, indent=1, sort_keys=True, ensure_ascii=False)
    return f"{text}\n".encode()


def banner(account: Mapping[str, Any]) -> str:
    """The verdict in a line of Markdown; the error's text is foreign and cannot be more than text."""
    where = f" at cell [{account['cell']}]" if account["cell"] else ""
    line = f"**{MARK[account['status']]}{'' if account['status'] == 'complete' else where}** · "
    line += f"cycle `{account['cycle_id']}` · as of {account['as_of']} · {account['seconds']:.2f} s"
    if account["error"]:
        line += f"\n\n<pre>{html.escape(account['error'])}</pre>"
    return line


def _correct(
    nb: NotebookNode, account: Mapping[str, Any], statuses: Mapping[int, str], paths: Mapping[str, str]
) -> None:
    is_complete = account["status"] == "complete"
    for index, cell in enumerate(nb.cells):
        status = statuses.get(index, "pending")
        status = "failed" if status == "running" else status
        claim = cell.metadata.setdefault("papermill", {})
        claim["status"] = status
        claim["exception"] = None if status == "pending" else status == "failed"
        if status == "pending":
            claim.update(start_time=None, end_time=None, duration=None)
    nb.metadata.papermill.update(paths, exception=not is_complete)


def redacted(value: Any, redact: Redact) -> Any:
    """*value* with every text in it, keys too, passed through *redact*."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {redact(key): redacted(item, redact) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(item, redact) for item in value]
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
