"""
`python -m tests.notebooks.refresh`: run every notebook and store what its contract cell says now.

For a change that is meant: look at the difference in git before you keep it.
"""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from trader.ops.notebook_shape import CONTRACT_COUNT, CONTRACT_TAG

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"


def refreshed(path: Path) -> str:
    """The text of the notebook at *path* with the outputs of its contract cell as they are now."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": FOLDER}}).execute()
    document = json.loads(path.read_text(encoding="utf-8"))
    for cell, executed in zip(document["cells"], notebook.cells, strict=True):
        if CONTRACT_TAG in cell["metadata"].get("tags", []):
            said = "".join(output.text for output in executed.outputs if output.output_type == "stream")
            cell["execution_count"] = CONTRACT_COUNT
            cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": said.splitlines(keepends=True)}]
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    for notebook_path in sorted(FOLDER.glob("*.ipynb")):
        notebook_path.write_text(refreshed(notebook_path), encoding="utf-8")
        print(f"{notebook_path.name}: stored")
