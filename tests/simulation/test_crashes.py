"""The process dies at every point of every story, also while it takes up again, and ends where it would have."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest

from tests.simulation.oracle import Violation
from tests.simulation.scenarios import SCENARIOS, Scenario
from tests.simulation.wire import SimulatedWire
from tests.simulation.world import Fate, World
from trader.execution.wire_engine import WireExecution
from trader.model.events import OrderChanged
from trader.model.orders import OrderStatus

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
GIVEN_UP = (OrderStatus.NOT_SENT, OrderStatus.REJECTED)


def clean(scenario: Scenario) -> World:
    world = scenario.world()
    world.run()
    return world


def given_up(world: World) -> set[str]:
    """Orders that ended without ever having been at the venue."""
    return {
        event.client_order_id
        for event in world.disk.events
        if isinstance(event, OrderChanged) and event.status in GIVEN_UP
    }


def died(scenario: Scenario, fate: Fate, undisturbed: World) -> World:
    """*scenario* with a death; the account ends where it would have, or an order was given up before it was there."""
    world = scenario.world(fate)
    world.run()
    if world.venue.base != undisturbed.venue.base:
        lost = given_up(world) - given_up(undisturbed)
        fewer = len(world.venue.orders) != len(undisturbed.venue.orders)
        other = traded(world) != traded(undisturbed)
        assert lost or fewer or other, f"{fate}: {world.venue.base} instead of {undisturbed.venue.base}"
    return world


def traded(world: World) -> list[tuple[object, ...]]:
    """What every order came to."""
    return [(one.wire.symbol, one.wire.side, one.filled, one.value) for one in world.venue.orders]


def swept(stride: int, nested: tuple[tuple[int, ...], ...], every: bool = True) -> tuple[int, Counter[str]]:
    """How many runs, and where they died; at every point all deaths of *nested* follow, or one of them in turn."""
    runs, seen = 0, Counter[str]()
    for number, scenario in enumerate(SCENARIOS):
        undisturbed = clean(scenario)
        for at in range(number % stride, undisturbed.points_lived, stride):
            for again in ((), *(nested if every else [nested[(at + number) % len(nested)]])):
                seen += died(scenario, Fate(at, again), undisturbed).seen
                runs += 1
    return runs, seen


@pytest.mark.slow
@pytest.mark.req("STOP", "X1", "X2")
def test_a_process_that_dies_at_some_points_of_every_story_doubles_and_loses_nothing():
    runs, seen = swept(stride=5, nested=((2,),))

    assert runs >= 700
    assert len({name for name in POINTS if seen[f"died at {name}"]}) >= len(POINTS) - 2


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.req("STOP", "X1", "X2")
def test_a_process_that_dies_at_any_point_of_any_story_doubles_and_loses_nothing():
    runs, seen = swept(stride=1, nested=((0,), (1,), (3,), (6,)), every=False)

    assert runs >= 2_000
    rare = {name for name in POINTS if seen[f"died at {name}"] < len(SCENARIOS)}
    assert rare <= {"cancel", "cancelled", "order", "terms"}
    assert seen["died taking up"] >= 1_000


@pytest.mark.nightly
@pytest.mark.timeout(3_600)
@pytest.mark.req("STOP", "X1", "X2")
def test_a_process_that_dies_three_times_in_a_row_doubles_and_loses_nothing():
    nested = tuple((first, second) for first in range(0, 12, 2) for second in range(0, 12, 3))

    runs, _ = swept(stride=1, nested=nested)

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
