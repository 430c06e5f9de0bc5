"""
`--set file.key.key=value`: the last word, checked like everything else.

The value is read as YAML would read it; what is wrong with it is told under
the name it was given on the command line.
"""

from __future__ import annotations

from collections.abc import Sequence

from trader.config.layers import Merged
from trader.config.problem import FILES, SET, Path, Problem
from trader.config.reading import Node, Unreadable, parse
from trader.config.wording import did_you_mean

_SHAPE = "allowed: file.key.key=value, like policy.risk.total_cap.max_total_at_risk_pct=10"


def lay_overrides(merged: Merged, overrides: Sequence[str]) -> None:
    """Lay every override over what the files say, in the order given."""
    for override in overrides:
        name, equals, text = override.partition("=")
        path: Path = tuple(name.strip().split("."))
        sentence = _misnamed(path) if equals else f"has no value; {_SHAPE}"
        if sentence:
            merged.problems.append(Problem(SET, path, sentence))
        elif path[0] not in merged.unusable:
            _lay(merged, path, text.strip())


def _misnamed(path: Path) -> str | None:
    if path[0] not in FILES:
        return f"no such file; {did_you_mean(str(path[0]), FILES)}"
    return None if len(path) > 1 and all(path) else f"names no key; {_SHAPE}"


def _lay(merged: Merged, path: Path, text: str) -> None:
    try:
        reading = parse(text, path)
    except Unreadable as unreadable:
        merged.problems.append(Problem(SET, path, str(unreadable)))
        return
    merged.problems += [Problem(SET, repeated, sentence) for repeated, sentence in reading.repeated]
    group: Node = merged.tree
    for depth, part in enumerate(path[:-1]):
        group = group.get(str(part), {}) if isinstance(group, dict) else group
        if not isinstance(group, dict):
            above = ".".join(map(str, path[: depth + 1]))
            merged.problems.append(Problem(SET, path, f"{above} is a single value; nothing is below it"))
            return
    merged.lay(path, reading.tree, SET)
