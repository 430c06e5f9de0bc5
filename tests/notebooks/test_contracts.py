"""nbval really compares: each notebook's contract cell fails when its stored output is changed by one figure."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

pytestmark = pytest.mark.slow


def nbval(folder):
    """What `make notebooks` does, on the notebooks of *folder*."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax", "--nbval-cell-timeout=60",
               "--rootdir", str(folder), "-c", os.devnull, str(folder)]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=280)


def put(notebook, folder, change=None):
    """A copy of *notebook* in *folder*, its contract's stored output passed through *change*."""
    document = json.loads(notebook.read_text())
    for cell in document["cells"]:
        if change is not None and "contract" in cell["metadata"].get("tags", []):
            before = "".join(cell["outputs"][0]["text"])
            after = change(before)
            assert after != before
            cell["outputs"][0]["text"] = after.splitlines(keepends=True)
    folder.mkdir(exist_ok=True)
    (folder / notebook.name).write_text(json.dumps(document))


def one_figure(text):
    """*text* with its last digit another."""
    last = list(re.finditer(r"\d", text))[-1]
    return f"{text[: last.start()]}{(int(last[0]) + 1) % 10}{text[last.end() :]}"


@pytest.fixture
def in_the_house(tmp_path, monkeypatch):
    """A folder from which the house is found, though the notebooks lie elsewhere."""
    for name in ("config", "strategies"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path / "notebooks"


def test_a_changed_figure_fails_its_cell_and_no_other(in_the_house):
    """`make notebooks` runs them as they are."""
    for notebook in NOTEBOOKS:
        put(notebook, in_the_house, one_figure)

    done = nbval(in_the_house)

    failed = re.findall(r"FAILED \S*?(\w+\.ipynb)::Cell (\d+)", done.stdout)
    assert sorted(name for name, _ in failed) == [notebook.name for notebook in NOTEBOOKS], done.stdout
    assert done.returncode == 1
    for name, cell in failed:
        code = [c for c in json.loads((in_the_house / name).read_text())["cells"] if c["cell_type"] == "code"]
        assert "contract" in code[int(cell)]["metadata"]["tags"]
