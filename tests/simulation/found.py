"""
The bugs that were found while this was built, and what brings each of them back (R20).

Whoever mends a bug of execution, state or clock adds a line: the fault that plants it again, the smallest seed whose
world it breaks, and a story that tells it in a few cycles.  `test_found.py` lives through all of them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bug:
    """
    *what* went wrong, until it was mended; *mutant* is the planted fault (`mutants.FAULTS`) that does it again.

    At least one of *seed* and *story* (`scenarios.BY_NAME`); where one is missing, *why* says why nobody can give it.
    """

    what: str
    mutant: str
    seed: int | None = None
    story: str = ""
    why: str = ""


FOUND = (
)
