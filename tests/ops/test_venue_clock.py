"""The venue's clock follows the venue: it drifts with no machine, sleeps with none, and believes no single mistake."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.running.clock import VenueClock

pytestmark = pytest.mark.req("ST1")

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


class Machine(VenueClock):
    """A venue clock on a machine whose ticks are told."""

    at, ahead = 100.0, 0.0

    def ticks(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.at + self.ahead

    def passes(self, count: float) -> None:
        self.at += count


def test_it_goes_on_by_itself_as_fast_as_time_passes_there():
    clock = Machine(NOON, speed=60.0)
    clock.passes(2.0)

    assert clock.now() == NOON + seconds(120)


def test_an_answer_within_its_own_journey_changes_nothing():
    clock = Machine(NOON)
    clock.passes(10)

    clock.heard(NOON + seconds(9.5), asked=clock.at - 1)  # it is between 9.5 and 10.5 s past noon

    assert clock.now() == NOON + seconds(10)


def test_drift_is_mended_and_time_never_steps_back():
    ahead, behind = Machine(NOON), Machine(NOON)
    for clock in (ahead, behind):
        clock.passes(3_600)
        clock.now()

    ahead.heard(NOON + seconds(3_598.5), asked=ahead.at - 0.1)
    behind.heard(NOON + seconds(3_601.5), asked=behind.at - 0.1)

    assert behind.now() == NOON + seconds(3_601.6)
    assert ahead.now() == NOON + seconds(3_600)  # stands still until it is that late
    ahead.passes(1)
    assert ahead.now() == NOON + seconds(3_600)
    ahead.passes(1)
    assert ahead.now() == NOON + seconds(3_600.6)


def test_a_machine_that_was_paused_for_an_hour_is_told_by_two_answers():
    """As when a virtual machine is frozen: no clock of its own has gone on."""
    clock = Machine(NOON)
    clock.heard(NOON + seconds(3_600), asked=clock.at - 0.05)
    assert clock.now() == NOON

    clock.passes(1)
    clock.heard(NOON + seconds(3_601), asked=clock.at - 0.05)

    assert NOON + seconds(3_601.05) <= clock.now() <= NOON + seconds(3_601.053)


def test_one_mistake_of_the_venue_moves_nothing():
    clock = Machine(NOON)
    for said in (3_600.0, 1.0, -7_200.0, 3.0):
        clock.heard(NOON + seconds(said), asked=clock.at - 0.05)
        clock.passes(1)

    assert clock.now() - NOON == seconds(4)


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 2), st.floats(-0.001, 0.001)), max_size=30))
def test_whatever_the_journeys_it_stays_within_one_of_them_of_the_truth(steps):
    """A machine up to one in a thousand too fast or slow, asked again and again."""
    clock, truth, latest = Machine(NOON), 0.0, NOON
    for passes, journey, drift in steps:
        truth += passes
        clock.passes(passes * (1 + drift))
        said, asked = truth + journey / 2, clock.at
        truth += journey
        clock.passes(journey * (1 + drift))
        clock.heard(NOON + seconds(said), asked)
        off = (clock.now() - NOON).total_seconds() - truth
        assert clock.now() >= latest
        latest = clock.now()
        assert abs(off) <= 2 + 0.06 + 1e-6  # the longest journey, and what is lost between two answers


def test_the_systems_clock_that_counts_sleep_is_the_one_used_where_there_is_one():
    clock = VenueClock(NOON)
    counts = getattr(time, "CLOCK_BOOTTIME", None)

    expected = time.monotonic() if counts is None else time.clock_gettime(counts)

    assert clock.ticks() == pytest.approx(expected, abs=1.0)
