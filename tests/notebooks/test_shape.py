"""Every notebook is thin and stripped, and the check that says so notices each fault when it is planted."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest

from trader.ops.notebook_check import main
from trader.ops.notebook_shape import objections

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.mark.skipif(not FOLDER.exists(), reason="there is no notebooks/ yet")
def test_there_are_notebooks_to_look_at():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_thin_and_stripped(path):
    assert objections(path) == []


def code(source, *tags, outputs=()):
    return {
        "cell_type": "code",
        "execution_count": 1 if "contract" in tags else None,
        "id": f"c{abs(hash(source))}",
        "metadata": {"tags": list(tags)} if tags else {},
        "outputs": list(outputs),
        "source": source.splitlines(keepends=True),
    }


STORED = {"name": "stdout", "output_type": "stream", "text": ['{"trades": 3}\n']}
COUNTED = {"output_type": "execute_result", "execution_count": 2, "metadata": {}, "data": {"text/plain": "3"}}
FIGURE = {"output_type": "display_data", "metadata": {}, "data": {"text/html": "x"}}
GOOD = {
    "cells": [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": ["# One question"]},
        code('symbol = "BTC-USD"\ndays: int = 3', "parameters"),
        code("from trader.research import backtest\nresult = backtest(symbol, days)"),
        code("# NBVAL_CHECK_OUTPUT\nprint(result.summary)", "contract", "keep_output", outputs=[STORED]),
    ],
    "metadata": {"kernelspec": {"name": "python3"}, "language_info": {"name": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def a_file(tmp_path, notebook):
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps(notebook))
    return path


def planted(change):
    notebook = copy.deepcopy(GOOD)
    change(notebook, notebook["cells"])
    return notebook


def with_code(source):
    return lambda notebook, cells: cells.insert(2, code(source))


def on(cell, **values):
    return lambda notebook, cells: cells[cell].update(values)


FAULTS = [
    ("no title", on(0, source=["Some words"]), "title"),
    ("a title that is code", lambda notebook, cells: cells.pop(0), "title"),
    ("no parameters", on(1, metadata={}), "0 code cells are tagged parameters"),
    ("parameters twice", lambda notebook, cells: cells.insert(1, code("a = 1", "parameters")), "2 code cells"),
    ("parameters that compute", on(1, source=["import os\n", "a = 1"]), "may only assign"),
    ("too many cells", lambda notebook, cells: cells.extend(code(f"a = {i}") for i in range(13)), "16 code cells"),
    ("a long cell", with_code("a = 1\n" * 16), "16 lines"),
    ("a class", with_code("class A: pass"), "defines A"),
    ("a function", with_code("if True:\n    def f(): pass"), "defines f"),
    ("an async function", with_code("async def f(): pass"), "defines f"),
    ("plotting", with_code("import plotly.express as px"), "imports plotly.express"),
    ("plotting from", with_code("from matplotlib import pyplot"), "imports matplotlib"),
    ("a magic", with_code("%autoreload 2"), "not plain Python"),
    ("a shell line", with_code("!pip install x"), "not plain Python"),
    ("outputs elsewhere", on(2, outputs=[STORED]), "not stripped: 1 output"),
    ("an execution count", on(2, execution_count=7), "not stripped: execution count"),
    ("a count in an output", on(3, outputs=[COUNTED]), "execution count of an output"),
    ("papermill's account", on(2, metadata={"papermill": {}}), "not stripped: metadata papermill"),
    ("an executed notebook", lambda notebook, cells: notebook["metadata"].update(trader={}), "metadata trader"),
    ("markdown metadata", on(0, metadata={"collapsed": True}), "not stripped: metadata collapsed"),
    ("another kernel", lambda notebook, cells: notebook["metadata"].update(kernelspec={"name": "mine"}), "python3"),
    ("no contract", lambda notebook, cells: cells.pop(3), "0 code cells are tagged contract"),
    ("a contract not compared", on(3, source=["print(1)"]), "nbval compares nothing"),
    ("a contract compared too late", on(3, source=["\n", "# NBVAL_CHECK_OUTPUT"]), "nbval compares nothing"),
    ("a contract nbval would not compare", on(3, execution_count=None), "compares no cell that was never run"),
    ("a contract with any count", on(3, execution_count=7), "needs the execution count 1"),
    ("a contract without output", on(3, outputs=[]), "nothing to compare"),
    ("a contract with an empty output", on(3, outputs=[{**STORED, "text": ["\n"]}]), "nothing to compare"),
    ("a contract with a figure", on(3, outputs=[STORED, FIGURE]), "not text"),
    ("a contract nbstripout would empty", on(3, metadata={"tags": ["contract"]}), "keep_output"),
]  # fmt: skip


def test_a_good_notebook_has_no_objection(tmp_path):
    assert objections(a_file(tmp_path, GOOD)) == []


@pytest.mark.parametrize(("change", "says"), [pytest.param(*rest, id=name) for name, *rest in FAULTS])
def test_a_planted_fault_is_named(tmp_path, change, says):
    said = objections(a_file(tmp_path, planted(change)))

    assert any(says in sentence for sentence in said), said


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}', '{"cells": [{}]}', "\x80"])
def test_what_is_no_notebook_is_said_to_be_none(tmp_path, text):
    path = tmp_path / "n.ipynb"
    path.write_text(text)

    assert "not a notebook" in objections(path)[0]


def test_the_command_is_0_when_all_are_well_1_when_one_is_not_2_when_there_is_none(tmp_path, capsys):
    good = a_file(tmp_path, GOOD)
    bad = tmp_path / "bad.ipynb"
    bad.write_text(json.dumps(planted(with_code("class A: pass"))))

    assert main([str(good)]) == 0
    assert main([str(good), str(bad)]) == 1
    assert f"{bad}: cell 3: line 1: defines A" in capsys.readouterr().out
    assert main([]) == 2
    assert main([str(tmp_path / "*.ipynb")]) == 2


def test_it_runs_as_a_module(tmp_path):
    command = [sys.executable, "-m", "trader.ops.notebook_check", str(a_file(tmp_path, GOOD))]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "1 notebook(s) thin and stripped\n")
