"""The process dies at every point of every story, also while it takes up again, and ends where it would have."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import replace

import pytest

from tests.simulation.core_process import CoreProcess
from tests.simulation.oracle import Violation
from tests.simulation.restarts import CAUSES, differences
from tests.simulation.scenarios import BY_NAME, SCENARIOS, Scenario
from tests.simulation.wire import SimulatedWire
from tests.simulation.world import Fate, World
from trader.execution.wire_engine import WireExecution
from trader.model.orders import OrderStatus
from trader.model.trading import Side

POINTS = {
    "commit",
    "committed",
    "place",
    "placed",
    "cancel",
    "cancelled",
    "products",
    "orders",
    "order",
    "fills",
    "balances",
    "terms",
}
NOT_FROM_HERE = {"preview"}
"""Asked before an order is stored as sent: a death there is a death before `commit`; random seeds die there too."""


def clean(scenario: Scenario) -> World:
    world = scenario.world()
    world.run()
    return world


def died(scenario: Scenario, fate: Fate, undisturbed: World, causes: Counter[str] | None = None) -> World:
    """*scenario* with a death; whatever is otherwise than in the *undisturbed* world has a cause by name."""
    world = scenario.world(fate)
    world.run()
    unexplained, found = differences(scenario, undisturbed, world)
    assert not unexplained, f"{scenario.name}, {fate}: {'; '.join(unexplained)}"
    if causes is not None:
        causes += found
        causes["as it would have been"] += not found
    return world


def swept(
    stride: int, nested: tuple[tuple[int, ...], ...], every: bool = True
) -> tuple[int, Counter[str], Counter[str]]:
    """
    How many runs, where they died, and why they came out otherwise; at every point all deaths of *nested* follow, or
    one of them in turn.
    """
    runs, seen, causes = 0, Counter[str](), Counter[str]()
    for number, scenario in enumerate(SCENARIOS):
        undisturbed = clean(scenario)
        for at in range(number % stride, undisturbed.points_lived, stride):
            for again in ((), *(nested if every else [nested[(at + number) % len(nested)]])):
                seen += died(scenario, Fate(at, again), undisturbed, causes).seen
                runs += 1
    return runs, seen, causes


@pytest.mark.slow
@pytest.mark.req("STOP", "X1", "X2")
def test_a_process_that_dies_at_some_points_of_every_story_doubles_and_loses_nothing():
    runs, seen, causes = swept(stride=5, nested=((2,),))

    assert runs >= 700
    assert causes["as it would have been"] >= runs * 6 // 10
    assert set(causes) <= CAUSES | {"as it would have been"}
    assert causes["the cycle was missed"] >= 20
    assert causes["given up before it left"] >= 20
    assert len({name for name in POINTS if seen[f"died at {name}"]}) >= len(POINTS) - 2


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.req("STOP", "X1", "X2")
def test_a_process_that_dies_at_any_point_of_any_story_doubles_and_loses_nothing():
    runs, seen, causes = swept(stride=1, nested=((0,), (1,), (3,), (6,)), every=False)

    assert runs >= 2_000
    assert causes["as it would have been"] >= runs * 6 // 10
    rare = {name for name in POINTS if seen[f"died at {name}"] < len(SCENARIOS)}
    assert rare <= {"cancel", "cancelled", "order", "terms"}
    assert seen["died taking up"] >= 1_000


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
@pytest.mark.req("STOP", "X1", "X2")
def test_a_process_that_dies_three_times_in_a_row_doubles_and_loses_nothing():
    nested = tuple((first, second) for first in range(0, 12, 2) for second in range(0, 12, 3))

    runs, _, _ = swept(stride=1, nested=nested)

    assert runs >= 50_000


def test_every_point_at_which_a_process_can_die_is_in_a_story():
    """A new call or commit point shows up here before anybody forgets to die at it."""
    named = {name for scenario in SCENARIOS for name in clean(scenario).point_names}
    asked = {
        name for name in vars(SimulatedWire) if not name.startswith("_") and callable(getattr(SimulatedWire, name))
    }
    fields = {field.name for field in dataclasses.fields(SimulatedWire)}

    assert named == POINTS
    assert asked - fields - {"may_arrive", "told_terms", "time"} <= POINTS | NOT_FROM_HERE


def send_again(execution: WireExecution) -> None:
    """Take what was sent for unsent, and send it once more."""
    lives = execution.lives.live
    for life in lives.values():
        if life.status is OrderStatus.SENT:
            life.status = OrderStatus.STORED
    execution.sync()
    for life in list(lives.values()):
        if life.status is OrderStatus.STORED:
            execution.send([life.intent], execution.clock.now())


@pytest.mark.slow
def test_a_process_that_sends_again_after_a_death_is_caught(monkeypatch):
    scenario = SCENARIOS[0]
    undisturbed = clean(scenario)
    monkeypatch.setattr(WireExecution, "take_up", send_again)
    caught = set()
    for at in range(undisturbed.points_lived):
        try:
            died(scenario, Fate(at), undisturbed)
        except Violation as violation:
            caught.add(violation.invariant)

    assert {"I-6", "I-14"} & caught


class WantsTwice(CoreProcess):
    """After a death it wants everything twice over; no cap minds."""

    def cycle(self, number, proposed):
        twice = 2.0 if self.world.lives > 1 else 1.0
        wished = (
            replace(one, notional_pct=one.notional_pct * twice) if one.side is Side.BUY else one for one in proposed
        )
        super().cycle(number, tuple(wished))


class HearsNothing(CoreProcess):
    """After a death it decides as if its strategies were silent."""

    def cycle(self, number, proposed):
        super().cycle(number, proposed if self.world.lives <= 1 else ())


@pytest.mark.parametrize(
    ("story", "making", "said"),
    [
        ("a second entry above a stop", WantsTwice, "3) bought 0.0666"),
        ("a second entry above a stop", HearsNothing, "3) bought 0 "),
        ("an entry and its exit", HearsNothing, "1.0000 of it is left instead of 0"),
    ],
)
def test_a_restart_that_loses_or_doubles_something_and_breaks_no_promise_is_told(story, making, said):
    """The negative control: the oracle finds nothing wrong with these, the comparison does."""
    scenario, told = BY_NAME[story], []
    undisturbed = clean(scenario)
    for at in range(0, undisturbed.points_lived, 4):
        world = scenario.world(Fate(at), making)
        world.run()
        told += differences(scenario, undisturbed, world)[0]

    assert any(said in one for one in told), told
