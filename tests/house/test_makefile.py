"""Every command of the contract is a target with a line of help, and set-up says plainly what it lacks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TARGETS = """
help setup lab check fast test prove nightly bench demo backtest paper report clean lock env-file
""".split()
MAKE = shutil.which("make") or "make"


def make(*arguments, cwd=ROOT, path=None):
    environment = {
        name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PYTHON"}
    }
    environment |= {"PATH": path} if path else {}
    return subprocess.run(
        [MAKE, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("target", TARGETS)
def test_the_target_exists_and_help_tells_what_it_does(target):
    assert make("-n", target).returncode == 0
    assert re.search(rf"^  make {target} +\S", make("help").stdout, re.MULTILINE)


def test_a_target_that_is_not_there_is_noticed():
    assert make("-n", "no-such-target").returncode == 2


def test_set_up_without_a_fitting_python_is_a_sentence(tmp_path):
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    old = tmp_path / "bin/python3"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)

    run = make("setup", cwd=tmp_path, path=str(old.parent))

    assert run.returncode == 2
    assert "needs Python 3.11, 3.12 or 3.13" in run.stderr
    assert not (tmp_path / ".venv").exists()


def test_ci_runs_the_test_command_then_the_long_proofs_and_asks_nobody():
    script = ROOT / ".ci/run"

    assert os.access(script, os.X_OK)
    lines = script.read_text().splitlines()
    assert lines[-2:] == ["make test", "make prove"]
    assert "exec < /dev/null" in lines
    assert subprocess.run(["bash", "-n", script], check=False, timeout=10).returncode == 0


def test_hooks_are_local():
    repositories = re.findall(r"- repo: (\S+)", (ROOT / ".pre-commit-config.yaml").read_text())

    assert set(repositories) == {"local"}
