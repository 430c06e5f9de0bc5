"""
Many seeds, on as many cores as asked, and what they have seen together.

    python -m tests.simulation.runner 0 1000        # seeds 0 … 999; failures with the command that repeats them
    python -m tests.simulation.runner 299 --trace   # one seed, told step by step
"""

from __future__ import annotations

import gc
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context

from tests.simulation.weather import PROFILES
from tests.simulation.world import Outcome, World

CHUNK = len(PROFILES)


@dataclass(slots=True)
class Failure:
    """A seed that broke a promise, or the trader."""

    seed: int
    profile: str
    cycle: int
    what: str

    def __str__(self) -> str:
        return f"seed {self.seed} ({self.profile}, cycle {self.cycle}): {self.what}"


@dataclass(slots=True)
class Tally:
    """What a range of seeds came to."""

    seeds: int = 0
    cycles: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, other: Tally) -> None:
        """Take another range in."""
        self.seeds += other.seeds
        self.cycles += other.cycles
        self.seen.update(other.seen)
        self.failures += other.failures

    @property
    def cycles_per_second(self) -> float:
        """On the clock, all cores together."""
        return self.cycles / self.seconds


def one(seed: int, cycles: int = 120, **options: object) -> Outcome | Failure:
    """Live through *seed*; a failure instead of an exception."""
    world = World(seed, cycles, **options)  # type: ignore[arg-type]
    try:
        return world.run()
    except Exception as fault:  # noqa: BLE001 (whatever a seed breaks with is its finding)
        return Failure(seed, world.started_as, world.cycle_number, f"{type(fault).__name__}: {fault}")


def some(seeds: Iterable[int], cycles: int = 120) -> Tally:
    """Live through *seeds*, one after the other."""
    tally = Tally()
    began = time.perf_counter()
    for seed in seeds:
        outcome = one(seed, cycles)
        tally.seeds += 1
        tally.cycles += cycles
        if isinstance(outcome, Failure):
            tally.failures.append(outcome)
        else:
            tally.seen.update(outcome.seen)
    tally.seconds = time.perf_counter() - began
    return tally


def many(first: int, count: int, workers: int = 2, cycles: int = 120, seconds: float = 1e9) -> Tally:
    """Seeds from *first* on, *count* of them or as many as *seconds* allow."""
    began = time.perf_counter()
    tally = Tally()
    with get_context("spawn").Pool(workers, initializer=_quiet) as pool:
        for part in pool.imap_unordered(_chunk, _jobs(first, count, cycles, began + seconds)):
            tally.add(part)
    tally.seconds = time.perf_counter() - began
    return tally


def _jobs(first: int, count: int, cycles: int, deadline: float) -> Iterator[tuple[range, int, float]]:
    for start in range(first, first + count, CHUNK):
        yield range(start, min(start + CHUNK, first + count)), cycles, deadline


def _chunk(job: tuple[range, int, float]) -> Tally:
    """One job, unless its time is up: the clock is the machine's, the same in every process."""
    seeds, cycles, deadline = job
    return some(seeds, cycles) if time.perf_counter() < deadline else Tally()


def _quiet() -> None:
    gc.set_threshold(100_000, 20, 100)


def main(arguments: list[str]) -> int:
    """The command line above."""
    if "--trace" in arguments:
        world = World(int(arguments[0]), traced=True)
        try:
            world.run()
        finally:
            print("\n".join(world.trace))
        return 0
    first, count = (int(argument) for argument in arguments[:2])
    tally = many(first, count)
    for failure in tally.failures:
        print(failure)
    for name, times in sorted(tally.seen.items()):
        print(f"{times:9} {name}")
    speed = f"{tally.seconds:.0f} s, {tally.cycles_per_second:.0f} cycles/s"
    print(f"{tally.seeds} seeds, {len(tally.failures)} failures, {speed}")
    return bool(tally.failures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
