"""A notebook for a test that says only what the test is about: the cells between parameters and the last one."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat

PARAMETERS = 'cycle_id = ""\nas_of = ""\nwanted = 1'
RESULT = "import json\nprint('trader-result ' + json.dumps({'cycle_id': cycle_id, 'wanted': wanted}))"


def a_notebook(folder: Path, *cells: str, parameters: str = PARAMETERS, last: str | None = RESULT) -> Path:
    """A notebook file with the code cells parameters, *cells*, *last*.  In a record cells[0] is `[3]`."""
    new = nbformat.v4
    code = [new.new_code_cell(source) for source in [*cells, *([last] if last else [])]]
    tagged = new.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    notebook = new.new_notebook(
        cells=[new.new_markdown_cell("# A cycle"), tagged, *code], metadata={"kernelspec": kernel}
    )
    path = folder / "cycle.ipynb"
    path.write_text(json.dumps(notebook))
    return path


def read(path: Path) -> nbformat.NotebookNode:
    """The notebook at *path*, valid."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Its code cells; number k is `[k + 1]`."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(notebook: nbformat.NotebookNode) -> str:
    """Everything its cells printed."""
    streams = (output for cell in code_cells(notebook) for output in cell.outputs if output.output_type == "stream")
    return "".join(output.text for output in streams)
