"""
Which requirement is proved by which test, and how that test last ended.

The test run records what happened to every test that names a requirement; this module merges the records (the latest
word on a test wins) and judges them.  A requirement is green only when a test that names it passed and none failed:
a skip proves nothing, an empty record proves nothing, and a test file that is gone proves nothing any more.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from trader.errors import TraderError

RECORD = Path("reports/.rtm/outcomes.json")
LOCK_WAIT_SECONDS = 30
NAMED_MAX = 3
JUDGED_SOURCES = ("trader/**/*.py", "strategies/*.py", "config/**/*.yaml", "notebooks/*.ipynb")


class NoEvidence(TraderError):
    """There is nothing to judge; that is never green."""

    exit_code = 1


class BadRequirements(TraderError):
    """tests/requirements.toml contradicts itself."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Requirements:
    """Every ID with its title, and those whose part is not built yet."""

    titles: Mapping[str, str]
    not_yet: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one test that names requirements last ended, and on which code."""

    test: str
    requirements: tuple[str, ...]
    outcome: str
    time: str
    code: str


@dataclass(frozen=True, slots=True)
class Row:
    """One requirement, judged."""

    requirement: str
    title: str
    status: str
    why: str
    tests: tuple[Outcome, ...]


def read_requirements(path: Path) -> Requirements:
    """The IDs of *path*; an ID that is not yet due must be one that exists."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadRequirements(f"{path}: there is no such file; run this in the checkout, or name it") from error
    except OSError as error:
        raise BadRequirements(f"{path}: cannot be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise BadRequirements(f"{path}: not TOML: {error}") from error

    requirements = Requirements(content.get("requirements", {}), frozenset(content.get("not_yet", [])))
    unknown = sorted(requirements.not_yet - requirements.titles.keys())
    if unknown:
        raise BadRequirements(f"{path}: not_yet names {', '.join(unknown)}, which is no requirement")
    if not requirements.titles:
        raise BadRequirements(f"{path}: lists no requirement at all")
    return requirements


def code_hash(root: Path) -> str:
    """One hash over the code, the configuration and the notebooks that a run judges."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in JUDGED_SOURCES for path in root.glob(pattern)):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def read_outcomes(record: Path) -> dict[str, Outcome]:
    """What has been recorded so far, by test."""
    try:
        rows = json.loads(record.read_text(encoding="utf-8"))
        return {row["test"]: Outcome(**{**row, "requirements": tuple(row["requirements"])}) for row in rows}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise NoEvidence(f"{record}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise NoEvidence(f"{record}: is not what a test run records; remove it and run make test") from error


def merge_outcomes(record: Path, outcomes: Iterable[Outcome]) -> None:
    """Add *outcomes* to the record; safe against runs side by side and against being cut off."""
    record.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(record.with_suffix(".lock"), timeout=LOCK_WAIT_SECONDS):
        known = read_outcomes(record) | {outcome.test: outcome for outcome in outcomes}
        text = json.dumps([asdict(known[test]) for test in sorted(known)], indent=1)
        temporary = record.with_suffix(".tmp")
        temporary.write_text(text + "\n", encoding="utf-8")
        os.replace(temporary, record)


def judge(requirements: Requirements, outcomes: Iterable[Outcome], root: Path) -> list[Row]:
    """A row per requirement, in the order of the list."""
    standing = [outcome for outcome in outcomes if (root / outcome.test.partition("::")[0]).exists()]
    if not standing:
        raise NoEvidence("no test that names a requirement has been recorded; `make test` records them")

    return [
        _judge_one(requirement, title, requirement in requirements.not_yet, standing)
        for requirement, title in requirements.titles.items()
    ]


def _judge_one(requirement: str, title: str, not_yet: bool, outcomes: list[Outcome]) -> Row:
    tests = tuple(outcome for outcome in outcomes if requirement in outcome.requirements)
    failed = [outcome.test for outcome in tests if outcome.outcome == "failed"]
    passed = sum(outcome.outcome == "passed" for outcome in tests)

    if failed:
        more = f" and {len(failed) - NAMED_MAX} more" if len(failed) > NAMED_MAX else ""
        return Row(requirement, title, "red", f"failed: {', '.join(failed[:NAMED_MAX])}{more}", tests)
    if not_yet:
        return Row(requirement, title, "not yet", f"not due; {passed} passed already", tests)
    if not passed:
        return Row(requirement, title, "red", "only skipped tests" if tests else "no test names it", tests)
    return Row(requirement, title, "green", f"{passed} passed", tests)


def as_document(rows: list[Row], code_now: str) -> dict[str, object]:
    """The matrix for machines."""
    return {
        "code": code_now,
        "evidence": RECORD.as_posix(),
        "red": [row.requirement for row in rows if row.status == "red"],
        "outdated": sum(test.code != code_now for test in {test for row in rows for test in row.tests}),
        "requirements": [asdict(row) for row in rows],
    }


def as_markdown(rows: list[Row], code_now: str) -> str:
    """The matrix for people."""
    counts = {status: sum(row.status == status for row in rows) for status in ("green", "red", "not yet")}
    total = ", ".join(f"{count} {status}" for status, count in counts.items())
    lines = [
        "# Requirements, their tests and the last result",
        "",
        f"{total} · code `{code_now}` · evidence `{RECORD.as_posix()}`",
        "",
        "| ID | what | status | why | tests |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        tests = "<br>".join(
            f"`{test.test}` {test.outcome}{'' if test.code == code_now else ' (on other code)'}" for test in row.tests
        )
        lines.append(f"| {row.requirement} | {row.title} | **{row.status}** | {row.why} | {tests} |")
    return "\n".join(lines) + "\n"
