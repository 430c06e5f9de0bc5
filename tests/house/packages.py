"""
pyproject.toml, requirements.lock, environment.yml and what is installed: four tellings of one list.

`python -m tests.house.packages` prints environment.yml (`make env-file`).
"""

from __future__ import annotations

import hashlib
import re
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)(?:\s*;\s*(?P<marker>[^\\]+?))?\s*\\?$", re.MULTILINE
)
NOT_LOCKED = {"pip", "setuptools", "wheel", "247trader"}

ENVIRONMENT = """\
# Made by `make env-file` from pyproject.toml and requirements.lock; do not edit.
# conda env create -f environment.yml && conda activate 247trader && pip install --no-deps --no-build-isolation -e .
# requirements.lock sha256: {lock_sha256}
name: 247trader
channels:
  - conda-forge
dependencies:
  - python={python}
  - pip
  - pip:
      - -r requirements.lock
"""


def render_environment(root: Path) -> str:
    """environment.yml, as the other two files want it."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lowest = min(spec.version for spec in SpecifierSet(project["requires-python"]) if spec.operator == ">=")
    lock_sha256 = hashlib.sha256((root / "requirements.lock").read_bytes()).hexdigest()
    return ENVIRONMENT.format(python=lowest, lock_sha256=lock_sha256)


def environment_out_of_step(root: Path) -> list[str]:
    """Says so when environment.yml is not what would be rendered."""
    path = root / "environment.yml"
    if path.exists() and path.read_text(encoding="utf-8") == render_environment(root):
        return []
    return ["environment.yml: not what pyproject.toml and requirements.lock say; `make env-file` renders it"]


def locked(root: Path, here_only: bool = False) -> dict[str, set[str]]:
    """Every pinned package and its versions; *here_only* keeps those whose marker holds on this interpreter."""
    pins: dict[str, set[str]] = {}
    for pin in PIN.finditer((root / "requirements.lock").read_text(encoding="utf-8")):
        if here_only and pin["marker"] and not Marker(pin["marker"]).evaluate():
            continue
        pins.setdefault(canonicalize_name(pin["name"]), set()).add(pin["version"])
    return pins


def outside_the_lock(root: Path) -> list[str]:
    """Direct requirements that the lock does not fulfil, or that give no bound on either side."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    pins, found = locked(root), []
    for requirement in map(Requirement, wanted):
        operators = {spec.operator for spec in requirement.specifier}
        if not ({">=", "=="} & operators and {"<", "<=", "=="} & operators):
            found.append(f"pyproject.toml: {requirement}: wants a lower and an upper bound")
        versions = pins.get(canonicalize_name(requirement.name), set())
        if not versions:
            found.append(f"requirements.lock: {requirement.name} is missing; `make lock` compiles it")
        found += [
            f"requirements.lock: {requirement.name}=={version} is outside {requirement.specifier}"
            for version in sorted(versions)
            if Version(version) not in requirement.specifier
        ]
    return found


def installed_differs(root: Path, installed: dict[str, str] | None = None) -> list[str]:
    """Packages of this interpreter that are not what the lock pins for it."""
    here = {canonicalize_name(d.name): d.version for d in distributions()} if installed is None else installed
    pins = locked(root, here_only=True)
    wrong = [
        f"{name}: {here.get(name, 'not')} installed, {' or '.join(sorted(versions))} locked; `make setup` mends it"
        for name, versions in sorted(pins.items())
        if here.get(name) not in versions
    ]
    extra = [
        f"{name}: installed, but not in requirements.lock" for name in sorted(here.keys() - pins.keys() - NOT_LOCKED)
    ]
    return wrong + extra


if __name__ == "__main__":
    sys.stdout.write(render_environment(ROOT))
