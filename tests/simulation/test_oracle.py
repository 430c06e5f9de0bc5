"""The judge is judged: histories with a planted wrong, and each is named; the same without it passes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.simulation.clock import at
from tests.simulation.oracle import Violation
from tests.simulation.scenarios import BY_NAME
from tests.simulation.world import World
from trader.model.events import BooksDiffer, IntentStored, OrderChanged, OrderFilled, StateMoved, WireStored
from trader.model.orders import OrderStatus
from trader.model.trading import ExitReason, TradingState


def lived(name: str = "an entry and its exit") -> World:
    world = BY_NAME[name].world()
    world.run()
    return world


def first(world: World, kind: type):
    return next(event for event in world.disk.events if isinstance(event, kind))


def changed(world: World, status: OrderStatus, which: int = 0) -> OrderChanged:
    intent = [event.intent for event in world.disk.events if isinstance(event, IntentStored)][which]
    return OrderChanged(at(world.clock.ms), intent.client_order_id, status)


@pytest.mark.parametrize(
    ("invariant", "planted"),
    [
        ("I-15", lambda world: first(world, OrderFilled)),
        ("I-15", lambda world: OrderFilled(replace(first(world, OrderFilled).fill, fill_id="E99999"))),
        ("I-3", lambda world: first(world, IntentStored)),
        ("I-7", lambda world: changed(world, OrderStatus.CANCELLED)),
        ("I-7", lambda world: changed(world, OrderStatus.SENT)),
        ("I-7", lambda world: OrderChanged(at(world.clock.ms), "nobody", OrderStatus.SENT)),
        ("I-14", lambda world: BooksDiffer(at(world.clock.ms), "balance of USD", "1", "2")),
    ],
)
def test_a_wrong_event_is_named(invariant, planted):
    world = lived()

    with pytest.raises(Violation) as caught:
        world.oracle.committed([planted(world)])

    assert caught.value.invariant == invariant


def test_a_fill_with_other_figures_is_named():
    world = lived()
    event = first(world, OrderFilled)
    del world.oracle.ingested[event.fill.fill_id]

    with pytest.raises(Violation, match="I-15"):
        world.oracle.committed([OrderFilled(replace(event.fill, fee_usd=event.fill.fee_usd + Decimal("1e-12")))])


def stopped(world: World, wire):
    world.oracle.committed([StateMoved(at(world.clock.ms), TradingState.HALTED, "planted", "test")])
    return wire


def killed(world: World, wire):
    world.people.press_kill()
    return wire


@pytest.mark.parametrize(
    ("invariant", "planted"),
    [
        ("I-1", killed),
        ("I-1", stopped),
        ("I-5", lambda world, wire: replace(wire, client_order_id="never-stored")),
        ("I-5", lambda world, wire: wire),
    ],
)
def test_a_create_that_should_not_leave_is_named(invariant, planted):
    world = lived()
    wire = planted(world, first(world, WireStored).wire)

    with pytest.raises(Violation) as caught:
        world.oracle.sending(wire)

    assert caught.value.invariant == invariant


@pytest.mark.parametrize("cents", [1, -1])
def test_books_that_are_off_by_less_than_a_cent_are_named(cents):
    world = lived()
    world.oracle.finish()
    world.venue.cash += Decimal(cents) / 1_000_000

    with pytest.raises(Violation, match="I-14"):
        world.oracle.finish()


def test_a_fill_nobody_took_in_and_an_order_nobody_ended_are_named():
    world = lived()
    fill = first(world, OrderFilled).fill
    kept = world.oracle.ingested.pop(fill.fill_id)
    with pytest.raises(Violation, match="never taken in"):
        world.oracle.finish()

    world.oracle.ingested[fill.fill_id] = kept
    world.oracle.status[fill.client_order_id] = OrderStatus.UNKNOWN
    with pytest.raises(Violation, match="L-1"):
        world.oracle.finish()


def asked(world: World, size: str, exit_reason: ExitReason | None) -> IntentStored:
    """Another SELL of the same position, in another name."""
    intent = [event.intent for event in world.disk.events if isinstance(event, IntentStored)][1]
    again = replace(intent, client_order_id=f"planted-{size}", size=Decimal(size), exit_reason=exit_reason)
    return IntentStored(at(world.clock.ms), again)


def test_an_exit_that_nobody_asked_for_or_for_more_than_was_asked_is_named():
    words = lived("an exit refused").audit.words
    again = asked(lived("an exit refused"), "0.01", ExitReason.SIGNAL)
    with pytest.raises(Violation, match="nobody asks"):
        words.noted(again)

    words.held["alpha", "BTC-USD"] = words.asked["alpha", "BTC-USD"] = Decimal("0.009")
    with pytest.raises(Violation, match="owed are"):
        words.noted(again)


def test_an_exit_that_was_asked_for_and_never_sold_is_named():
    world = lived("an exit refused")
    world.audit.finish()

    world.audit.words.held["alpha", "BTC-USD"] = world.audit.words.asked["alpha", "BTC-USD"] = Decimal("0.009")
    with pytest.raises(Violation, match="never sold"):
        world.audit.finish()
