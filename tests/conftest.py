"""
Every test that names a requirement leaves its outcome in reports/.rtm, whatever way the tests are run.

An ID that is not in tests/requirements.toml stops the collection: a typo must not look like a proof.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from trader.ops.traceability import RECORD, Outcome, code_hash, merge_outcomes, read_requirements

ROOT = Path(__file__).resolve().parent.parent
PROPERTY = "req"
WORSE = {"passed": 0, "skipped": 1, "failed": 2}
OUTCOMES = pytest.StashKey[dict[str, tuple[tuple[str, ...], str]]]()


# A busy machine must not make a property fail, and the same code must meet the same examples everywhere.
settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[OUTCOMES] = {}
    config.pluginmanager.register(Recorder(config), "requirements-recorder")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    known = read_requirements(ROOT / "tests/requirements.toml").titles.keys()
    # Whole processes take longest: begun first, no worker is left alone with them at the end.
    items.sort(key=lambda item: not item.path.name.startswith(("test_live", "test_wire_killed")))
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("slow")  # a property asks a hundred questions
        ids = sorted({str(requirement) for mark in item.iter_markers("req") for requirement in mark.args})
        unknown = sorted(set(ids) - known)
        if unknown:
            raise pytest.UsageError(f"{item.nodeid}: {', '.join(unknown)} is not in tests/requirements.toml")
        if ids:
            item.user_properties.append((PROPERTY, ids))


class Recorder:
    """Collects outcomes where reports arrive (with xdist: the controller) and merges them at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.code = code_hash(ROOT)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        ids = next((tuple(value) for name, value in report.user_properties if name == PROPERTY), ())  # type: ignore[arg-type]
        if not ids:
            return
        outcomes = self.config.stash[OUTCOMES]
        _, before = outcomes.get(report.nodeid, ((), "passed"))
        now = "skipped" if hasattr(report, "wasxfail") else report.outcome
        outcomes[report.nodeid] = (ids, max(before, now, key=WORSE.__getitem__))

    def pytest_sessionfinish(self) -> None:
        outcomes = self.config.stash[OUTCOMES]
        if hasattr(self.config, "workerinput") or not outcomes:
            return
        now = datetime.now(UTC).isoformat(timespec="seconds")
        merge_outcomes(
            ROOT / RECORD, [Outcome(test, ids, outcome, now, self.code) for test, (ids, outcome) in outcomes.items()]
        )
