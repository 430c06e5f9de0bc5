"""Nothing tracked names a registry or somebody's machine, and no rule goes without its papers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.repository import FORBIDDEN_WORDS, addresses_in, rules_without_their_papers, tracked_files

ROOT = Path(__file__).resolve().parents[2]


def test_no_tracked_file_names_a_registry_or_a_machine():
    tracked = tracked_files(ROOT)

    assert ROOT / "pyproject.toml" in tracked
    assert addresses_in(tracked) == []


@pytest.mark.parametrize("word", FORBIDDEN_WORDS)
def test_a_planted_address_is_seen(word, tmp_path):
    path = tmp_path / "README.md"
    path.write_text(f"fine\nas in {word}x\n")

    assert addresses_in([path])[0].startswith(f"{path}:2: names ")


def test_every_risk_rule_has_its_stanza_its_test_and_its_requirement():
    assert rules_without_their_papers(ROOT) == []


@pytest.fixture
def house(tmp_path):
    for path, text in {
        "config/policy.yaml": "risk:\n  cash: {}\nbreakers:\n  drawdown: {}\n",
        "trader/risk/rules/__init__.py": "",
        "trader/risk/rules/cash.py": "",
        "trader/risk/breakers/drawdown.py": "",
        "tests/risk/test_cash.py": '@pytest.mark.req("E1")\n',
        "tests/risk/test_drawdown.py": '@pytest.mark.req("DD1")\n',
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_a_rule_with_its_papers_passes(house):
    assert rules_without_their_papers(house) == []


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        pytest.param(
            "config/policy.yaml", "risk: {}\nbreakers:\n  drawdown: {}\n", "no stanza risk.cash", id="no stanza"
        ),
        pytest.param("tests/risk/test_cash.py", None, "no test_cash.py", id="no test"),
        pytest.param("tests/risk/test_drawdown.py", "def test_it(): pass\n", "names no requirement", id="no marker"),
    ],
)
def test_a_missing_paper_is_seen(path, text, says, house):
    if text is None:
        (house / path).unlink()
    else:
        (house / path).write_text(text)

    found = rules_without_their_papers(house)

    assert len(found) == 1
    assert says in found[0]
