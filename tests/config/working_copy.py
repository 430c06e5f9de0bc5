"""
The shipped configuration, copied so that a test can break it.

Paths are relative to the test's own folder, so messages read as they do for a user: `config/policy.yaml: …`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from trader.config import Config, ConfigError, load_config

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "config"
STRATEGIES = tuple(sorted(path.stem for path in (ROOT / "strategies").glob("*.py") if not path.stem.startswith("_")))
"""Whatever there is: a user's own has its stanza in config/ as well."""


class WorkingCopy:
    """`config/` and `strategies/` under the current folder."""

    def __init__(self) -> None:
        self.folder = Path("config")
        self.strategies = Path("strategies")
        shutil.copytree(SHIPPED, self.folder)
        self.strategies.mkdir()
        for name in STRATEGIES:
            (self.strategies / f"{name}.py").touch()

    def path(self, file: str) -> Path:
        return self.folder / f"{file}.yaml"

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace *old*, which must stand there once at least (its first place counts)."""
        text = self.path(file).read_text(encoding="utf-8")
        assert old in text, f"{file}.yaml no longer holds {old!r}"
        self.path(file).write_text(text.replace(old, new, 1), encoding="utf-8")

    def line_of(self, file: str, text: str) -> int:
        """The line *text* first stands on, from 1."""
        before, found, _ = self.path(file).read_text(encoding="utf-8").partition(text)
        assert found
        return before.count("\n") + 1

    def append(self, file: str, text: str) -> None:
        with self.path(file).open("a", encoding="utf-8") as handle:
            handle.write(text)

    def load(self, *overrides: str, folder: str | None = None) -> Config:
        return load_config(folder or self.folder, overrides, strategies_dir=self.strategies)

    def problems(self, *overrides: str, folder: str | None = None) -> list[str]:
        """Every line the user would see."""
        with pytest.raises(ConfigError) as caught:
            self.load(*overrides, folder=folder)
        assert caught.value.exit_code == 2
        return str(caught.value).splitlines()


Change = Callable[[WorkingCopy], None]
