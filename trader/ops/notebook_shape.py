"""
What a notebook in the repository may look like.

Thin: a title, one cell of parameters, few short cells, no classes, functions or
plotting code; those belong in the package.  Stripped: no outputs but those of
the contract cell, which nbval compares, so that a promise is kept in git and
nothing else is.  Only JSON and syntax are looked at; nothing is run.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CODE_CELLS_MAX = 15
CODE_LINES_MAX = 15
PARAMETERS_TAG = "parameters"
CONTRACT_TAG = "contract"
KEPT_TAG = "keep_output"
CONTRACT_COUNT = 1
COMPARED = "# NBVAL_CHECK_OUTPUT"
PLOTTING = frozenset("plotly matplotlib seaborn bokeh altair holoviews hvplot plotnine pylab".split())
NOTEBOOK_METADATA = frozenset({"kernelspec", "language_info"})
CELL_METADATA = frozenset({"tags"})
CELL_KEYS = frozenset({"cell_type", "metadata", "source"})

Cell = dict[str, Any]


def objections(path: Path) -> list[str]:
    """Everything that is wrong with the notebook at *path*, one sentence each, with the cell counted from 1."""
    try:
        notebook = parsed(path.read_bytes())
    except ValueError:
        return [f"{path}: not a notebook (nbformat 4 JSON with cells)"]
    cells: list[Cell] = notebook["cells"]
    found = [*_of_the_whole(notebook, cells)]
    for number, cell in enumerate(cells, start=1):
        rules = (*_of_code(cell), *_of_rest(cell)) if cell["cell_type"] == "code" else _of_metadata(cell)
        found += [f"cell {number}: {said}" for said in rules]
    return [f"{path}: {said}" for said in found]


def parsed(data: bytes) -> dict[str, Any]:
    """The notebook in *data*; `ValueError` if it is none."""
    notebook: Any = json.loads(data)
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) and cell.keys() >= CELL_KEYS for cell in cells):
        raise ValueError("not a notebook")
    return {**notebook}


def source_of(cell: Cell) -> str:
    """The text of *cell*, which a file may hold as lines."""
    return "".join(cell["source"])


def tags_of(cell: Cell) -> list[str]:
    """The tags of *cell*."""
    return list(cell.get("metadata", {}).get("tags", []))


def _of_the_whole(notebook: dict[str, Any], cells: list[Cell]) -> Iterator[str]:
    if not cells or cells[0]["cell_type"] != "markdown" or not source_of(cells[0]).startswith("# "):
        yield "the first cell must be Markdown and begin with a title (# …)"
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    if len(code) > CODE_CELLS_MAX:
        yield f"{len(code)} code cells; at most {CODE_CELLS_MAX}: move work into the package"
    for tag in (PARAMETERS_TAG, CONTRACT_TAG):
        count = sum(tag in tags_of(cell) for cell in code)
        if count != 1:
            yield f"{count} code cells are tagged {tag}; there must be exactly one"
    if notebook.get("metadata", {}).get("kernelspec", {}).get("name") != "python3":
        yield "the kernelspec must be python3"
    extra = sorted(notebook.get("metadata", {}).keys() - NOTEBOOK_METADATA)
    if extra:
        yield f"not stripped: notebook metadata {', '.join(extra)}"


def _of_code(cell: Cell) -> Iterator[str]:
    source = source_of(cell)
    lines = len(source.splitlines())
    if lines > CODE_LINES_MAX:
        yield f"{lines} lines; at most {CODE_LINES_MAX}"
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        yield f"line {error.lineno}: not plain Python ({error.msg}); no magics, no shell"
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"line {node.lineno}: defines {node.name}; classes and functions live in the package"
        for module in _imported(node):
            if module.split(".")[0] in PLOTTING:
                yield f"line {getattr(node, 'lineno', 0)}: imports {module}; results know how to show themselves"
    if PARAMETERS_TAG in tags_of(cell) and not all(isinstance(node, ast.Assign | ast.AnnAssign) for node in tree.body):
        yield "the parameters cell may only assign"


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def _of_rest(cell: Cell) -> Iterator[str]:
    yield from _of_metadata(cell)
    if CONTRACT_TAG in tags_of(cell):
        yield from _of_contract(cell)
        return
    if cell.get("execution_count") is not None:
        yield "not stripped: execution count"
    if cell.get("outputs"):
        yield f"not stripped: {len(cell['outputs'])} output(s); only the contract cell keeps its own"


def _of_contract(cell: Cell) -> Iterator[str]:
    if source_of(cell).splitlines()[:1] != [COMPARED]:
        yield f"the contract cell must begin with {COMPARED}, or nbval compares nothing"
    if cell.get("execution_count") != CONTRACT_COUNT:
        yield f"the contract cell needs the execution count {CONTRACT_COUNT}: nbval compares no cell that was never run"
    if KEPT_TAG not in tags_of(cell):
        yield f"the contract cell needs the tag {KEPT_TAG}, or nbstripout takes its output away"
    outputs = cell.get("outputs", [])
    if not any(_text_of(output).strip() for output in outputs):
        yield "the contract cell has no stored text output, so there is nothing to compare with"
    for output in outputs:
        if not _text_of(output) or set(output.get("data", {})) - {"text/plain"}:
            yield f"the contract cell stores {output['output_type']} that is not text; print canonical JSON or numbers"
        if output.get("execution_count") is not None:
            yield "not stripped: execution count of an output"


def _of_metadata(cell: Cell) -> Iterator[str]:
    extra = sorted(cell.get("metadata", {}).keys() - CELL_METADATA)
    if extra:
        yield f"not stripped: metadata {', '.join(extra)}"


def _text_of(output: dict[str, Any]) -> str:
    if output["output_type"] == "stream":
        return "".join(output["text"])
    return "".join(output.get("data", {}).get("text/plain", ""))
