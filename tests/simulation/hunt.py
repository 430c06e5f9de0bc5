"""
Find a killer for every mutant: stories first, then seeds; prints what `mutants.KILLERS` should say.

    python -m tests.simulation.hunt [name …]
"""

from __future__ import annotations

import sys

import pytest

from tests.simulation.mutants import FAULTS, Fault
from tests.simulation.oracle import Violation
from tests.simulation.scenarios import BY_NAME, SCENARIOS
from tests.simulation.weather import PROFILES
from tests.simulation.world import World

SEEDS = 150


def killed_by(plant: Fault, killer: int | str) -> str:
    """What the world *killer* says of the trader with *plant*; empty where it finds nothing wrong."""
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        world = World(killer) if isinstance(killer, int) else BY_NAME[killer].world()
        try:
            world.run()
        except Violation as violation:
            return str(violation)
        except Exception as crash:  # noqa: BLE001 (a mutant may break in any way)
            return f"crash: {type(crash).__name__}: {crash}"
    return ""


def hunt(plant: Fault) -> tuple[int | str | None, str]:
    """The first killer whose oracle names an invariant, a mere crash where there is no better one."""
    second: tuple[int | str | None, str] = (None, "")
    for killer in [*(one.name for one in SCENARIOS), *range(SEEDS), *range(SEEDS + 6, 900, len(PROFILES))]:
        said = killed_by(plant, killer)
        if said.startswith(("I-", "L-", "T")):
            return killer, said
        if said and second[0] is None:
            second = killer, said
    return second


def main(names: list[str]) -> int:
    """Hunt for all, or for *names*."""
    for name in names or FAULTS:
        killer, said = hunt(FAULTS[name])
        print(f"    {name!r}: {killer!r},  # {said[:90]}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
