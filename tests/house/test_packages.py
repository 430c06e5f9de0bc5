"""pyproject.toml, the lock, environment.yml and the installed set tell one story, and a changed word is noticed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.house import packages

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(tmp_path):
    for name in ("pyproject.toml", "requirements.lock", "environment.yml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_environment_yml_is_what_would_be_rendered():
    assert packages.environment_out_of_step(ROOT) == []


def test_every_direct_requirement_is_in_the_lock_inside_its_bounds():
    assert packages.outside_the_lock(ROOT) == []


def test_what_is_installed_is_what_is_locked():
    assert packages.installed_differs(ROOT) == []


def test_the_lock_has_a_hash_for_every_pin_and_no_address():
    lock = (ROOT / "requirements.lock").read_text()

    assert "://" not in lock
    assert all("--hash=sha256:" in pin for pin in lock.replace("\\\n", " ").splitlines() if "==" in pin)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        pytest.param("environment.yml", "python=3.11", "python=3.12", id="environment edited by hand"),
        pytest.param("pyproject.toml", ">=3.11,<3.14", ">=3.12,<3.14", id="another python"),
        pytest.param("requirements.lock", "pandas==3.", "pandas==4.", id="another lock"),
    ],
)
def test_an_environment_out_of_step_is_seen(name, old, new, copy):
    edit(copy / name, old, new)

    assert packages.environment_out_of_step(copy)


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        pytest.param("pyproject.toml", "plotly>=7.0,<8", "plotly>=8.0,<9", "outside", id="a bound moved"),
        pytest.param("pyproject.toml", "plotly>=7.0,<8", "plotly>=7.0", "lower and an upper", id="a bound dropped"),
        pytest.param("requirements.lock", "plotly==", "plotli==", "plotly is missing", id="not locked"),
    ],
)
def test_a_requirement_outside_the_lock_is_seen(name, old, new, says, copy):
    edit(copy / name, old, new)

    found = packages.outside_the_lock(copy)

    assert len(found) == 1
    assert says in found[0]


def test_another_installed_version_is_seen():
    pinned = {name: min(versions) for name, versions in packages.locked(ROOT, here_only=True).items()}

    assert packages.installed_differs(ROOT, pinned) == []
    assert packages.installed_differs(ROOT, pinned | {"plotly": "0.1"}) == [
        f"plotly: 0.1 installed, {pinned['plotly']} locked; `make setup` mends it"
    ]
    assert packages.installed_differs(ROOT, pinned | {"left-pad": "1.0"})
