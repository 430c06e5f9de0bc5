"""The matrix: what turns it red.  Every case here is one that must not pass for green."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from trader.cli import main as cli
from trader.ops.traceability import (
    BadRequirements,
    NoEvidence,
    Outcome,
    Requirements,
    judge,
    merge_outcomes,
    read_outcomes,
    read_requirements,
)

ROOT = Path(__file__).resolve().parents[2]
TWO = Requirements({"A1": "one thing", "B1": "another"}, not_yet=frozenset({"B1"}))


@pytest.fixture
def root(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_a.py").touch()
    return tmp_path


def ended(outcome, *ids, test="tests/test_a.py::test_it"):
    return Outcome(test, ids, outcome, "2026-01-01T00:00:00+00:00", "abc")


def status_of(requirement, rows):
    return next(row.status for row in rows if row.requirement == requirement)


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        pytest.param([ended("passed", "A1")], "green", id="a passing test proves it"),
        pytest.param([ended("skipped", "A1")], "red", id="a skip proves nothing"),
        pytest.param([ended("failed", "A1")], "red", id="a failure"),
        pytest.param(
            [ended("passed", "A1"), ended("failed", "A1", test="tests/test_a.py::test_other")],
            "red",
            id="one failure outweighs a pass",
        ),
        pytest.param([ended("passed", "B1")], "red", id="no test names it"),
    ],
)
def test_a_requirement_is_green_only_when_its_tests_pass(outcomes, status, root):
    assert status_of("A1", judge(TWO, outcomes, root)) == status


def test_what_is_not_due_is_excused_until_one_of_its_tests_fails(root):
    assert status_of("B1", judge(TWO, [ended("passed", "A1")], root)) == "not yet"
    assert status_of("B1", judge(TWO, [ended("failed", "B1")], root)) == "red"


@pytest.mark.parametrize(
    "outcomes",
    [
        pytest.param([], id="nothing recorded"),
        pytest.param([ended("passed", "A1", test="tests/test_gone.py::test_it")], id="the file is gone"),
    ],
)
def test_no_evidence_is_an_error_and_never_green(outcomes, root):
    with pytest.raises(NoEvidence):
        judge(TWO, outcomes, root)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param('not_yet = ["Z9"]\n[requirements]\nA1 = "x"\n', "Z9", id="not_yet names what is no requirement"),
        pytest.param("not_yet = []\n", "no requirement at all", id="empty list"),
        pytest.param("not_yet = [", "not TOML", id="broken file"),
        pytest.param(None, "no such file", id="missing file"),
    ],
)
def test_a_list_that_contradicts_itself_is_refused(text, says, tmp_path):
    path = tmp_path / "requirements.toml"
    if text is not None:
        path.write_text(text)

    with pytest.raises(BadRequirements, match=says):
        read_requirements(path)


def test_the_latest_word_on_a_test_wins_and_the_others_stay(tmp_path):
    record = tmp_path / "rtm/outcomes.json"
    merge_outcomes(record, [ended("passed", "A1"), ended("passed", "B1", test="tests/test_a.py::test_b")])
    merge_outcomes(record, [ended("failed", "A1")])

    outcomes = {test: outcome.outcome for test, outcome in read_outcomes(record).items()}

    assert outcomes == {"tests/test_a.py::test_it": "failed", "tests/test_a.py::test_b": "passed"}


def rtm(capsys, *options):
    with pytest.raises(SystemExit) as left:
        cli.main(["rtm", *map(str, options)])
    return left.value.code, capsys.readouterr().err


def test_a_file_that_cannot_be_read_or_written_is_a_sentence(tmp_path, capsys):
    listed, record, blocked = tmp_path / "tests/ids.toml", tmp_path / "outcomes.json", tmp_path / "a file"
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_it.py").touch()
    listed.write_text('[requirements]\nA1 = "one"\n')
    blocked.touch()
    merge_outcomes(record, [ended("passed", "A1", test="tests/test_it.py::test_it")])
    given = ["--requirements", listed, "--record", record]

    assert rtm(capsys, *given, "--out", blocked / "reports")[0] == 2
    code, said = rtm(capsys, *given, "--out", blocked / "reports")
    assert (code, f"{blocked}/reports/rtm.json: not written: Not a directory" in said) == (2, True), said
    assert rtm(capsys, *given, "--requirements", tmp_path) == (1, f"{tmp_path}: cannot be read: Is a directory\n")
    assert rtm(capsys, *given, "--record", tmp_path) == (1, f"{tmp_path}: cannot be read: Is a directory\n")
    assert "is not what a test run records" in rtm(capsys, *given, "--record", listed)[1]
    assert rtm(capsys, *given, "--out", tmp_path / "reports")[0] == 0


@pytest.mark.slow
@pytest.mark.parametrize("workers", [["-p", "no:xdist"], ["-n", "2"]], ids=["one process", "two workers"])
def test_a_run_records_what_happened_and_the_verb_judges_it(workers, a_house):
    a_house.test("""
        import pytest

        @pytest.mark.req("A1")
        @pytest.mark.parametrize("n", [1, 2])
        def test_fine(n): pass

        @pytest.mark.req("B1")
        def test_breaks_in_its_teardown(request): request.addfinalizer(lambda: 1 / 0)
    """)

    a_house.pytest(*workers)
    verdict = a_house.rtm()

    assert verdict.returncode == 1, verdict.stderr
    matrix = json.loads((a_house.root / "reports/rtm.json").read_text())
    assert matrix["red"] == ["B1"]
    assert len(matrix["requirements"][0]["tests"]) == 2
    assert "B1: red, failed: tests/test_it.py::test_breaks_in_its_teardown" in verdict.stdout


@pytest.mark.slow
def test_the_verb_says_yes_when_all_is_proved_and_no_before_any_run(a_house):
    a_house.test("""
        import pytest

        @pytest.mark.req("A1", "B1")
        def test_fine(): pass
    """)

    before = a_house.rtm()
    a_house.pytest()
    after = a_house.rtm()

    assert (before.returncode, after.returncode) == (1, 0)
    assert "`make test` records them" in before.stderr
    assert "Traceback" not in before.stderr


@pytest.mark.slow
def test_a_marker_with_an_unknown_id_stops_the_collection(a_house):
    a_house.test("""
        import pytest

        @pytest.mark.req("A7")
        def test_fine(): pass
    """)

    run = a_house.pytest()

    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert "A7 is not in tests/requirements.toml" in run.stderr + run.stdout


class AHouse:
    """A small checkout with our conftest and two requirements."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "tests").mkdir(parents=True)
        (root / "tests/__init__.py").touch()
        (root / "tests/conftest.py").write_text((ROOT / "tests/conftest.py").read_text())
        (root / "tests/requirements.toml").write_text('not_yet = []\n[requirements]\nA1 = "one"\nB1 = "two"\n')
        (root / "pyproject.toml").write_text('[tool.pytest.ini_options]\nmarkers = ["req(*ids): ids"]\n')

    def test(self, text: str) -> None:
        lines = text.strip("\n").splitlines()
        indent = len(lines[0]) - len(lines[0].lstrip())
        (self.root / "tests/test_it.py").write_text("\n".join(line[indent:] for line in lines) + "\n")

    def pytest(self, *options: str) -> subprocess.CompletedProcess[str]:
        return self.run("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:nbval", *options)

    def rtm(self) -> subprocess.CompletedProcess[str]:
        return self.run("trader.cli", "rtm")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *arguments], cwd=self.root, capture_output=True, text=True, timeout=60, check=False
        )


@pytest.fixture
def a_house(tmp_path):
    return AHouse(tmp_path)
