"""
Reports on disk: valid, and whole or not there.

What is written is checked against the published schema first and replaces the
old file in one step; where that fails the old file is intact.  What is read is
checked too, and every fault is a sentence that names the file.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NoReturn

from trader.errors import TraderError
from trader.reporting.canonical import Json, dumps

SCHEMA_PATH = Path(__file__).with_name("report.schema.json")
REPORT_NAME = "report.json"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"


class ReportInvalid(TraderError):
    """A document that is not a report: says where and why."""


class ReportUnwritable(TraderError):
    """The report could not be written; an older one is intact."""


def schema() -> Json:
    """The published JSON Schema of `report.json`."""
    document: Json = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
    return document


@cache
def _checker() -> Callable[[object], object]:
    """The schema compiled, which is ten times as fast; of draft 2020-12 it uses only what draft 7 means alike."""
    from fastjsonschema import compile as compile_schema

    checker: Callable[[object], object] = compile_schema(schema() | {"$schema": DRAFT_7})
    return checker


def validate(report: object, name: str = REPORT_NAME) -> None:
    """Raise `ReportInvalid` with the first fault where *report* breaks the schema."""
    from fastjsonschema import JsonSchemaValueException

    try:
        _checker()(report)
    except JsonSchemaValueException as fault:
        raise ReportInvalid(f"{name}: not a report: {_short(str(fault.message))}") from fault


def read_report(path: Path) -> Json:
    """The valid report in *path*, a file or a folder that holds `report.json`."""
    file = path / REPORT_NAME if path.is_dir() else path
    report = read_json(file)
    validate(report, str(file))
    return report


def read_json(path: Path) -> Json:
    """The JSON object in *path*; what is no such thing is a `ReportInvalid`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except OSError as error:
        raise ReportInvalid(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ReportInvalid(f"{path}: not JSON: {_short(str(error))}") from error
    if not isinstance(document, dict):
        raise ReportInvalid(f"{path}: not a report: a JSON object is needed, not a {type(document).__name__}")
    return document


def write_report(folder: Path, report: Json) -> Path:
    """Check *report* and put it into *folder* as `report.json`; returns the file."""
    validate(report)
    return write_whole(folder / REPORT_NAME, dumps(report))


def write_whole(path: Path, content: bytes) -> Path:
    """*content* in *path*, durably and in one step."""
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise ReportUnwritable(
            f"{path}: not written: {error.strerror}; "
            f"{'the file that was there is intact' if path.exists() else 'nothing was left behind'}"
        ) from error
    return path


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number JSON knows")


def _short(message: str, room: int = 200) -> str:
    return message if len(message) <= room else f"{message[: room - 1]}…"
