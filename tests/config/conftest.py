"""A working copy of the shipped configuration in a folder called `config`, to be broken one edit at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.working_copy import WorkingCopy


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WorkingCopy:
    monkeypatch.chdir(tmp_path)
    return WorkingCopy()
