"""What was found once is found again: by a seed, by a story, or the record says why by one of them only (R20)."""

from __future__ import annotations

import pytest

from tests.simulation.found import FOUND, Bug
from tests.simulation.hunt import killed_by
from tests.simulation.mutants import FAULTS
from tests.simulation.scenarios import BY_NAME

WORLDS = [
    pytest.param(bug, world, id=f"{bug.mutant} {world}", marks=pytest.mark.slow if isinstance(world, int) else [])
    for bug in FOUND
    for world in (bug.seed, bug.story or None)
    if world is not None
]


@pytest.mark.req("X1", "X2")
@pytest.mark.parametrize(("bug", "world"), WORLDS)
def test_a_bug_that_was_found_does_not_come_back_unseen(bug: Bug, world: int | str):
    assert killed_by(lambda patch: None, world) == ""
    assert killed_by(FAULTS[bug.mutant], world).startswith(("I-", "L-", "T"))


def test_each_has_a_fault_a_seed_and_a_story_or_says_why_not():
    assert len(FOUND) >= 20
    assert len({bug.mutant for bug in FOUND}) == len(FOUND)
    for bug in FOUND:
        assert bug.mutant in FAULTS
        assert not bug.story or bug.story in BY_NAME
        assert bug.seed is not None or bug.story
        assert bool(bug.why) == (bug.seed is None or not bug.story), bug
