"""
The notebook to be run, read once and checked before anything starts.

A misspelt parameter is an error here; papermill would only warn and run the
default.  Values are those JSON knows, because others arrive as their text.
"""

from __future__ import annotations

import ast
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from trader.errors import TraderError
from trader.ops.notebook_shape import PARAMETERS_TAG, parsed, source_of, tags_of

Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NotebookSource:
    """A notebook file: the names its parameters cell assigns and the hash of its bytes."""

    path: Path
    parameter_names: tuple[str, ...]
    sha256: str

    @classmethod
    def read(cls, path: Path) -> NotebookSource:
        """The notebook at *path*; unreadable or without exactly one parameters cell is a `TraderError`."""
        try:
            data = path.read_bytes()
            cells = parsed(data)["cells"]
        except OSError as failure:
            raise TraderError(f"{path}: cannot be read: {failure.strerror}") from None
        except ValueError:
            raise TraderError(f"{path}: not a notebook (nbformat 4 JSON with cells)") from None
        tagged = [cell for cell in cells if PARAMETERS_TAG in tags_of(cell)]
        if len(tagged) != 1:
            raise TraderError(f"{path}: needs exactly one cell tagged parameters, has {len(tagged)}")
        names = _assigned_names(path, source_of(tagged[0]))
        return cls(path, names, hashlib.sha256(data).hexdigest())

    def check(self, parameters: Parameters) -> None:
        """Stop at the first name the notebook does not declare and the first value JSON does not know."""
        for name, value in parameters.items():
            if name not in self.parameter_names:
                near = get_close_matches(name, self.parameter_names, n=1)
                meant = f"; did you mean {near[0]}?" if near else ""
                known = ", ".join(self.parameter_names)
                raise TraderError(f"{self.path}: {name} is not a parameter (has {known}){meant}")
            if not _is_plain(value):
                kind = type(value).__name__
                raise TraderError(
                    f"{self.path}: {name}: a {kind} would arrive as text; "
                    "pass str, int, finite float, bool, None, or lists and string-keyed dicts of these"
                )


def _assigned_names(path: Path, code: str) -> tuple[str, ...]:
    try:
        statements = ast.parse(code).body
    except SyntaxError as error:
        raise TraderError(f"{path}: parameters cell, line {error.lineno}: {error.msg}") from None
    names: list[str] = []
    for statement in statements:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        names += [target.id for target in targets if isinstance(target, ast.Name)]
    return tuple(names)


def _is_plain(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list):
        return all(_is_plain(item) for item in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    return type(value) in (str, int, bool, type(None))
