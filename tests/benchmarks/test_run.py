"""The frame of the benchmarks: it finds them, keeps going past a broken one, and fails on a missed target."""

from __future__ import annotations

import json

import pytest

from benchmarks import run


@pytest.fixture
def root(tmp_path):
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks/__init__.py").touch()
    return tmp_path


def bench(root, name, body):
    (root / f"benchmarks/bench_{name}.py").write_text(f"def run():\n    {body}\n")


def target(ok, hard=True):
    return f"return {{'targets': {{'speed': {{'value': 1, 'limit': 2, 'ok': {ok}, 'hard': {hard}}}}}}}"


def test_all_targets_met_is_0_and_the_figures_are_written(root, capsys):
    bench(root, "a", target(True))
    bench(root, "b", "print('noise'); return {'figure': 7}")

    assert run.main([], root) == 0
    written = json.loads((root / "reports/bench.json").read_text())
    assert written["results"]["b"]["figure"] == 7
    assert written["machine"]["cores"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param(target(False), "a: speed: 1 misses 2", id="a missed target"),
        pytest.param("raise ValueError", "a: left with 1", id="a broken benchmark"),
    ],
)
def test_a_miss_is_1_and_the_others_still_run(root, body, says, capfd):
    bench(root, "a", body)
    bench(root, "b", target(True))

    assert run.main([], root) == 1
    assert says in capfd.readouterr().out
    assert "targets" in json.loads((root / "reports/bench.json").read_text())["results"]["b"]


def test_an_unknown_name_and_no_benchmark_at_all_are_wrong_usage(root):
    assert run.main([], root) == 2
    bench(root, "a", target(True))
    assert run.main(["b"], root) == 2


def test_a_missed_aim_is_told_and_no_more(root, capsys):
    bench(root, "a", target(False, hard=False))

    assert run.main([], root) == 0
    assert "a: speed: 1 misses 2 (an aim)" in capsys.readouterr().out
