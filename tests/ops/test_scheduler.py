"""When cycles start: aligned, jittered by 0–10 %, one at a time, the missed ones counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trader.errors import TraderError
from trader.ops.scheduler import EPOCH, LeapPace, Scheduler, Tally, WallPace, aligned, next_start

pytestmark = pytest.mark.req("SCH1")

NOON = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
WINDOW = timedelta(seconds=90)


class Manual:
    """A clock, a pace and a stop in one: time moves when somebody waits or works."""

    def __init__(self, now=NOON):
        self.time = now
        self.stopped = False

    def now(self):
        return self.time

    def monotonic(self):
        return self.time.timestamp()

    def sleep(self, seconds):
        self.time += timedelta(seconds=seconds)

    def wait_until(self, instant, stop):
        self.time = max(self.time, instant)
        return not stop.is_set()

    def is_set(self):
        return self.stopped

    def wait(self, timeout_seconds):
        self.sleep(timeout_seconds)
        return self.stopped


def minutes(number):
    return timedelta(minutes=number)


@pytest.mark.parametrize(
    ("previous", "now", "as_of", "skipped"),
    [
        pytest.param(None, 0, 0, 0, id="at once, on a slot"),
        pytest.param(None, 1.4, 0, 0, id="at once, still within a slot's window"),
        pytest.param(None, 1.6, 15, 0, id="the first slot whose window is to come"),
        pytest.param(0, 0.1, 15, 0, id="never the same slot twice"),
        pytest.param(0, 15, 15, 0, id="an overrun that ends on the slot misses none"),
        pytest.param(0, 16.4, 15, 0, id="nor one that ends within its window"),
        pytest.param(0, 16.6, 30, 1, id="past the window it is missed, not run late"),
        pytest.param(0, 100, 105, 6, id="all that went by are counted"),
        pytest.param(30, 0, 45, 0, id="a clock set back runs nothing twice"),
    ],
)
def test_the_next_slot(previous, now, as_of, skipped):
    slot = next_start(None if previous is None else NOON + minutes(previous), QUARTER, NOON + minutes(now), Random(1))

    assert (slot.as_of, slot.skipped) == (NOON + minutes(as_of), skipped)


intervals = st.integers(1, 86_400).map(lambda seconds: timedelta(seconds=seconds))
instants = st.integers(0, 10**15).map(lambda microseconds: EPOCH + timedelta(microseconds=microseconds))


@given(intervals, instants, st.none() | st.integers(0, 40), st.integers())
def test_a_cycle_starts_in_its_window_on_an_aligned_slot_after_the_one_before(interval, now, ago, seed):
    previous = None if ago is None else aligned(now, interval) - ago * interval

    slot = next_start(previous, interval, now, Random(seed))

    assert aligned(slot.as_of, interval) == slot.as_of
    assert slot.as_of <= slot.starts_at <= slot.as_of + interval * 0.1 + timedelta(microseconds=1)
    assert slot.starts_at >= now
    if previous is not None:
        assert slot.as_of == previous + (slot.skipped + 1) * interval


def offsets_of(rng, cycles=3_000):
    """The share of the interval each recorded start came after its slot."""
    starts, clock = [], Manual()
    Scheduler(QUARTER, clock, rng).run(lambda slot: starts.append((slot.as_of, clock.now())), cycles, clock)
    return [(start - as_of) / QUARTER for as_of, start in starts]


def distance_from_uniform(offsets):
    """Kolmogorov's distance of *offsets* from the uniform distribution on 0–10 %."""
    ordered = [offset / 0.1 for offset in sorted(offsets)]
    count = len(ordered)
    return max(max(abs(share - at / count), abs(share - (at + 1) / count)) for at, share in enumerate(ordered))


LIMIT_AT_1_IN_1000 = 1.95 / 3_000**0.5


def test_recorded_starts_are_spread_evenly_over_the_tenth_of_the_interval():
    offsets = offsets_of(Random(247))

    assert min(offsets) >= 0
    assert max(offsets) <= 0.1
    assert distance_from_uniform(offsets) < LIMIT_AT_1_IN_1000


class Lopsided(Random):
    """The control: a jitter that prefers the beginning."""

    def random(self):
        return super().random() ** 1.2


def test_the_distribution_test_would_notice_a_lopsided_jitter():
    assert distance_from_uniform(offsets_of(Lopsided(247))) > LIMIT_AT_1_IN_1000


@given(st.lists(st.floats(0, 3_600), min_size=1, max_size=30), st.integers())
def test_cycles_never_overlap_and_every_slot_is_run_or_counted(works, seed):
    clock, spans, slots = Manual(), [], []

    def cycle(slot):
        begin = clock.now()
        clock.sleep(works[len(spans)])
        spans.append((begin, clock.now()))
        slots.append(slot.as_of)

    tally = Scheduler(QUARTER, clock, Random(seed)).run(cycle, len(works), clock)

    assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))
    assert tally == Tally(len(works), round((slots[-1] - slots[0]) / QUARTER) + 1 - len(works))


def test_a_leap_runs_every_slot_to_the_end_and_waits_for_nothing():
    slots = []

    tally = Scheduler(QUARTER, LeapPace(NOON), Random(1), end=NOON + minutes(60)).run(
        lambda slot: slots.append(slot.as_of), None, Manual()
    )

    assert slots == [NOON + minutes(at) for at in (0, 15, 30, 45)]
    assert tally == Tally(4, 0)


def test_slots_missed_before_the_end_are_counted_too():
    clock = Manual()

    tally = Scheduler(QUARTER, clock, Random(1), end=NOON + minutes(60)).run(
        lambda slot: clock.sleep(3_000), None, clock
    )

    assert tally == Tally(1, 3)


def test_stop_ends_the_wait_and_starts_no_cycle():
    stop, ran = Manual(), []
    stop.stopped = True

    tally = Scheduler(QUARTER, WallPace(Manual()), Random(1)).run(ran.append, None, stop)

    assert (tally, ran) == (Tally(), [])


def test_a_stop_during_a_cycle_lets_it_finish_and_is_the_last():
    clock, ran = Manual(), []

    def cycle(slot):
        clock.stopped = True
        ran.append(slot)

    assert Scheduler(QUARTER, clock, Random(1)).run(cycle, None, clock) == Tally(1, 0)
    assert len(ran) == 1


def test_what_a_cycle_raises_passes_through():
    def cycle(slot):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Scheduler(QUARTER, LeapPace(NOON), Random(1)).run(cycle, None, Manual())


@pytest.mark.parametrize(("speed", "naps_seconds"), [(1.0, 90.0), (60.0, 1.5), (0.5, 180.0)])
def test_market_time_runs_speed_times_as_fast(speed, naps_seconds):
    wall = Manual(datetime(2030, 1, 1, tzinfo=UTC))
    pace = WallPace(wall, start=NOON, speed=speed)
    begin = wall.monotonic()

    assert pace.wait_until(NOON + WINDOW, wall)

    assert pace.now() >= NOON + WINDOW
    assert wall.monotonic() - begin == pytest.approx(naps_seconds, abs=0.01)


def test_a_clock_that_goes_faster_itself_is_waited_for_as_much_less():
    """The venue's, in a rehearsal: a quarter of an hour there is fifteen seconds here."""
    wall = Manual()

    class Venue:
        def now(self):
            return NOON + 60 * timedelta(seconds=wall.monotonic() - begin)

        monotonic = wall.monotonic

    begin = wall.monotonic()

    assert WallPace(Venue(), speed=60.0).wait_until(NOON + QUARTER, wall)

    assert wall.monotonic() - begin == pytest.approx(15.0, abs=0.01)


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
def test_a_speed_that_goes_nowhere_is_refused(speed):
    with pytest.raises(TraderError, match="speed"):
        WallPace(Manual(), NOON, speed)


def test_an_interval_of_nothing_is_refused():
    with pytest.raises(TraderError, match="interval"):
        Scheduler(timedelta(0), LeapPace(NOON), Random(1))
