"""
Which floor a module stands on, read from the import-linter contract in pyproject.toml: one list, two readers.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

FLOORS = 9


def floors_of(pyproject: Path) -> dict[str, int]:
    """Every listed room and its floor, 0 the lowest."""
    contracts = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "floors")
    assert len(layers) == FLOORS
    return {
        room.strip(" ()"): floor
        for floor, layer in enumerate(reversed(layers))
        for room in layer.replace("|", ":").split(":")
    }


def module_name(path: Path, root: Path) -> str:
    """`trader/risk/engine.py` → `trader.risk.engine`."""
    parts = list(path.relative_to(root).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor_of(module: str, floors: dict[str, int]) -> int | None:
    """The floor of *module*: that of the closest listed room around it."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        floor = floors.get(".".join(parts[:length]))
        if floor is not None:
            return floor
    return None


def homeless(root: Path, floors: dict[str, int]) -> list[str]:
    """Modules of trader/ that stand on no floor; a package that only holds rooms may have a bare `__init__`."""
    holders = {room.rpartition(".")[0] for room in floors} | {"trader"}
    return [
        f"{path.relative_to(root)}: stands on no floor; give it one in pyproject.toml, [tool.importlinter]"
        for path in sorted((root / "trader").rglob("*.py"))
        if floor_of(module_name(path, root), floors) is None
        and not (path.name == "__init__.py" and module_name(path, root) in holders)
    ]
