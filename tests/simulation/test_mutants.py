"""Every planted fault is caught by the world pinned to it; a suite that misses one proves nothing."""

from __future__ import annotations

import pytest

from tests.simulation.hunt import killed_by
from tests.simulation.mutants import EQUIVALENT, FAULTS, KILLERS
from tests.simulation.scenarios import BY_NAME


@pytest.mark.req("X1", "X2")
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if isinstance(KILLERS.get(name), str) else pytest.mark.slow) for name in FAULTS],
)
def test_a_planted_fault_is_caught(name):
    said = killed_by(FAULTS[name], KILLERS[name])

    assert said.startswith(("I-", "L-", "T")), said or "nobody noticed"


@pytest.mark.parametrize(
    "killer",
    [
        pytest.param(one, marks=pytest.mark.slow if isinstance(one, int) else [])
        for one in sorted({*KILLERS.values()}, key=str)
    ],
)
def test_what_catches_a_fault_finds_nothing_wrong_with_the_trader(killer):
    assert killed_by(lambda patch: None, killer) == ""


def test_there_are_enough_of_them_and_each_is_pinned():
    assert len(FAULTS) >= 99
    assert set(KILLERS) == set(FAULTS)
    assert not set(EQUIVALENT) & set(FAULTS)
    assert all(isinstance(killer, int) or killer in BY_NAME for killer in KILLERS.values())
