"""
What must not be in a tracked file: an address of a package registry, a path of somebody's machine, a rule nobody tests.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import yaml

# Spelt with a ~ in the place that would make them real, so that this file may be tracked too.
REGISTRIES = """
pypi~org pythonhosted~org anaconda~org anaconda~com registry.npmjs~org crates~io proxy.golang~org
""".replace("~", ".").split()
OWN_INDEX = "~~index-url ~~extra-index-url ~~find-links".replace("~", "-").split()
MACHINE_PATHS = "~root~ ~work~ ~home~ ~Users~".replace("~", "/").split()
FORBIDDEN_WORDS = [*REGISTRIES, *OWN_INDEX, *MACHINE_PATHS]
KINDS = {"rules": "risk", "breakers": "breakers"}


def tracked_files(root: Path) -> list[Path]:
    """Every file git knows of or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    paths = [root / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def addresses_in(paths: Iterable[Path]) -> list[str]:
    """Lines that name a package registry or a path of one machine."""
    found = []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="ignore").splitlines(), 1):
            found += [f"{path}:{number}: names {word}" for word in FORBIDDEN_WORDS if word in line]
    return found


def rules_without_their_papers(root: Path) -> list[str]:
    """Every rule and breaker has a stanza in policy.yaml, a test of its own, and a requirement it proves."""
    policy_path = root / "config/policy.yaml"
    if not policy_path.exists():
        return []
    policy, found = yaml.safe_load(policy_path.read_text(encoding="utf-8")), []
    for kind, section in KINDS.items():
        for path in sorted((root / "trader/risk" / kind).glob("[!_]*.py")):
            if path.stem not in (policy.get(section) or {}):
                found.append(f"{path.relative_to(root)}: no stanza {section}.{path.stem} in config/policy.yaml")
            tests = list((root / "tests/risk").rglob(f"test_{path.stem}.py"))
            if not tests:
                found.append(f"{path.relative_to(root)}: no test_{path.stem}.py in tests/risk")
            elif not any(re.search(r"mark\.req\(", test.read_text(encoding="utf-8")) for test in tests):
                found.append(f"{tests[0].relative_to(root)}: names no requirement (pytest.mark.req)")
    return found
