"""
The kill drill: a live run in a process of its own, 200 orders at the venue, one more on its way, a venue that fails.

The venue judges: its orders say what works and its log says what arrived, whatever the trader believes.
"""

from __future__ import annotations

import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from requests import RequestException

from tests.gateway.live import LiveAccount
from tests.gateway.sessions import ROOT
from tests.simulator.conftest import on_stage

SPEED = 60
ORDERS = 200
FUNDS = {"USD": Decimal(200_000)}
HELD_SECONDS = 5.0
"""How long the venue takes to accept the order that is on its way at the moment of the kill."""
DETECT_SECONDS, EMPTY_SECONDS = 3.0, 10.0
"""What K1 allows."""
FAILING = [
    {"route": "*", "kind": "status_before", "probability": 0.2, "status": 503},
    {"route": "*", "kind": "slow", "probability": 0.5, "seconds": 0.4},
    {"route": "*", "kind": "late", "probability": 0.2, "seconds": 0.8},
    {"route": "*", "kind": "late", "probability": 0.06, "seconds": 2.0},
]
"""One answer in five is a 503, one in twenty takes more than two seconds; half of the slow are slow in doing it."""


@dataclass
class Console:
    """What a process says on its error channel, line by line with the monotonic time of each."""

    process: subprocess.Popen[str]
    lines: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append((time.monotonic(), line.rstrip()))

    def text(self) -> str:
        return "\n".join(line for _, line in self.lines)

    def first(self, words: str) -> float | None:
        return next((at for at, line in self.lines if words in line), None)


@dataclass(frozen=True)
class Figures:
    """Seconds after the press; *late* after the late order appeared; *creates* are those that reached the venue."""

    told: float
    detected: float
    empty: float
    late: float
    creates: int
    pressed_at: datetime
    """By the venue's clock."""

    def until_recorded(self, time: datetime) -> float:
        """Seconds of ours from the press to *time*."""
        return (time - self.pressed_at).total_seconds() / SPEED

    def line(self) -> str:
        return (
            f"told {self.told:.2f} s, first cancel {self.detected:.2f} s, all {ORDERS} over {self.empty:.2f} s, "
            f"late one over {self.late:.2f} s, creates after it {self.creates}"
        )


def until(seen: Any, seconds: float, console: Console, what: str) -> float:
    """The monotonic time at which *seen* first says yes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if seen():
            return time.monotonic()
        if console.process.poll() is not None:
            raise AssertionError(f"{what}: the run is over ({console.process.returncode}):\n{console.text()}")
        time.sleep(0.01)
    raise AssertionError(f"{what}: not within {seconds} s:\n{console.text()}")


def calls(stage: Any, *routes: str) -> int:
    return sum(stage.simulator.station.asked[route] for route in routes)


def working(stage: Any, prefix: str) -> int:
    return sum(
        not order.done for order in list(stage.venue.orders.values()) if order.client_order_id.startswith(prefix)
    )


def fill_the_book(stage: Any, console: Console) -> None:
    """Two hundred orders that rest, while the trader waits for the answer to one of its own."""
    stage.direct("/faults", faults=[{"route": "create_order", "kind": "late", "seconds": HELD_SECONDS, "times": 1}])
    fault = stage.simulator.station.plan.faults[0]
    until(lambda: fault.fired, 60, console, "an order on its way")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: stage.limit_buy(f"rest-{n}", below=0.5), range(ORDERS)))
    assert all(answer["success"] for answer in answers)


def drill(folder: Path, seed: int, faults: list[dict[str, Any]] = FAILING) -> tuple[Figures, LiveAccount, str]:
    """One drill; its figures, the account, and what the run said."""
    papers = folder / "stage"
    papers.mkdir(parents=True)
    with on_stage(papers, speed=SPEED, deposits=FUNDS) as stage:
        account = LiveAccount(folder / "account", stage)
        account.arm()
        run = subprocess.Popen(
            account.run_command(10_000), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT
        )
        console = Console(run)
        try:
            until(lambda: stage.venue.fills, 120, console, "a first fill")
            fill_the_book(stage, console)
            stage.direct("/faults", faults=faults, seed=seed)
            figures = pressed(stage, account, console)
        finally:
            run.terminate()
            try:
                run.wait(30)
            except subprocess.TimeoutExpired:
                run.kill()
        stage.direct("/faults", faults=[])
        again(stage, account)
        return figures, account, console.text()


def pressed(stage: Any, account: LiveAccount, console: Console) -> Figures:
    """Press, and watch the venue."""
    assert working(stage, "rest-") == ORDERS
    seen, creates = calls(stage, "cancel_orders"), calls(stage, "create_order")
    at, pressed_at = time.monotonic(), stage.simulator.station.clock.now()
    (account.folder / "var/run/KILL").write_text("drill")
    detected = until(lambda: calls(stage, "cancel_orders") > seen, 30, console, "a cancel")
    empty = until(lambda: working(stage, "") == 0, 60, console, "an empty venue")
    told = console.first("CRITICAL")
    assert told is not None, console.text()
    until(lambda: time.monotonic() > at + HELD_SECONDS + 2.0, 30, console, "the order on its way")
    after = calls(stage, "create_order") - creates
    threading.Thread(target=place_late, args=(stage,), daemon=True).start()
    appeared = until(lambda: late_ones(stage), 30, console, "a late order")
    late = until(lambda: working(stage, "late-") == 0, 30, console, "the end of the late one")
    return Figures(told - at, detected - at, empty - at, late - appeared, after, pressed_at)


def late_ones(stage: Any) -> bool:
    return any(order.client_order_id.startswith("late-") for order in list(stage.venue.orders.values()))


def place_late(stage: Any) -> None:
    """An order of somebody else's, after the kill; the venue fails for him too."""
    while not late_ones(stage):
        with suppress(RequestException):
            stage.limit_buy("late-1", below=0.5)


def again(stage: Any, account: LiveAccount) -> None:
    """Started again without the flag it is killed still, and sends nothing."""
    (account.folder / "var/run/KILL").unlink()
    seen = calls(stage, "create_order")
    done = account.run(1)
    assert done.returncode == 4, done.stderr
    assert "pressed before this start" in done.stderr
    assert calls(stage, "create_order") == seen
