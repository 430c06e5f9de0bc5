"""Ending all that works at a venue that is slow, fails, forgets, and shows some things late."""

from __future__ import annotations

import random
from functools import partial
from types import SimpleNamespace

import pytest

from tests.gateway.sweeping import FakeVenue, SharedTime, WrittenTime, swept
from trader.gateway.sweep import AGAIN_MAX_SECONDS, AT_ONCE, Sweep
from trader.gateway.watchdog import WORKERS

LIMIT_SECONDS = 10.0
NEVER = 1e8


@pytest.fixture
def clock():
    return WrittenTime()


@pytest.mark.req("K1")
def test_everything_is_ended_in_every_status_and_entries_before_exits(clock):
    venue = FakeVenue(clock)
    venue.rest("stop", exits=True)
    venue.rest("entry")
    venue.rest("waiting", status="pending")
    sweep = Sweep(venue, clock)

    sweep.once()
    assert not sweep.is_clear  # asked to end is not over: only the next list says so
    sweep.once()

    assert venue.cancels == [["waiting"], ["entry", "stop"]]
    assert (venue.orders, sweep.is_clear, sweep.asked) == ({}, True, {"stop", "entry", "waiting"})


@pytest.mark.req("K1")
def test_what_is_ending_is_waited_for_and_not_asked_again(clock):
    venue = FakeVenue(clock)
    venue.rest("going", status="ending")
    sweep = Sweep(venue, clock)

    sweep.once()
    assert (venue.cancels, sweep.is_clear, sweep.working) == ([], False, 1)
    venue.end("going")
    sweep.once()
    assert sweep.is_clear


@pytest.mark.req("K1")
@pytest.mark.parametrize("answer", ["", "COMMANDER_REJECTED_CANCEL_ORDER", None])
def test_what_the_venue_took_refused_or_left_out_is_asked_again_until_it_is_gone(clock, answer):
    class HalfHearted(FakeVenue):
        """It ends every other order it is asked to, and says what it likes of the rest."""

        def cancel(self, order_ids):
            self.cancels.append(list(order_ids))
            said = {one: self.end(one) for one in order_ids[::2]}
            return said if answer is None else {**said, **dict.fromkeys(order_ids[1::2], answer)}

    venue = HalfHearted(clock)
    venue.rest(*(f"{n:03}" for n in range(250)))
    sweep = Sweep(venue, clock)

    sweep.once()
    assert [len(batch) for batch in venue.cancels] == [AT_ONCE, AT_ONCE, 50]
    swept(sweep, venue, LIMIT_SECONDS)

    assert (venue.orders, sweep.is_clear) == ({}, True)


@pytest.mark.req("K1")
def test_a_part_that_cannot_be_read_keeps_nobody_from_the_next(clock):
    venue = FakeVenue(clock, fails=lambda what: what == "pending")
    venue.rest("entry")
    venue.rest("hidden", status="pending")
    sweep = Sweep(venue, clock)

    sweep.once()

    assert (venue.cancels, sweep.trouble) == ([["entry"]], "pending: 503")
    swept(sweep, venue, 30)
    assert not sweep.is_clear  # half a list never says that nothing works


@pytest.mark.req("K1")
def test_where_no_list_comes_what_is_known_by_name_is_ended(clock):
    venue = FakeVenue(clock, fails=lambda what: what != "cancel")
    venue.rest("ours", "theirs")
    sweep = Sweep(venue, clock, names=lambda: ["ours"])

    sweep.once()
    assert list(venue.orders) == ["theirs"]

    venue.fails = lambda what: False
    swept(sweep, venue, LIMIT_SECONDS)
    assert (venue.orders, sweep.is_clear) == ({}, True)
    before = len(venue.cancels)
    swept(sweep, venue, 60)
    assert len(venue.cancels) == before  # names are for the blind


@pytest.mark.req("K1")
def test_an_outage_is_not_answered_with_a_storm_and_its_end_is_not_missed(clock):
    venue = FakeVenue(clock, fails=lambda what: True)
    venue.rest("entry")
    sweep = Sweep(venue, clock)
    pauses = [sweep.once() for _ in range(8)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == AGAIN_MAX_SECONDS

    venue.fails = lambda what: False
    back = clock.seconds
    swept(sweep, venue, LIMIT_SECONDS)

    assert venue.over_at["entry"] - back <= AGAIN_MAX_SECONDS


@pytest.mark.req("K1")
def test_what_appears_minutes_later_is_ended_within_the_limit(clock):
    late = [(clock.seconds + at, f"late-{at}", status) for at, status in ((3, "open"), (95, "pending"), (400, "open"))]
    venue = FakeVenue(clock, takes=lambda: 0.7, appears=late)
    sweep = Sweep(venue, clock)

    swept(sweep, venue, 600)

    assert {one: venue.over_at[one] - at <= LIMIT_SECONDS for one, at in venue.appeared_at.items()} == {
        "late-3": True, "late-95": True, "late-400": True
    }  # fmt: skip


class OnlyOpen(Sweep):
    """The planted fault: PENDING is hidden by a list of OPEN (T4)."""

    def __init__(self, venue, clock, turn=0):
        open_alone = SimpleNamespace(parts=1, working=lambda part: venue.working(1), cancel=venue.cancel)
        super().__init__(open_alone, clock, turn=turn)


class AsksOnce(Sweep):
    """The planted fault: a cancel that left has ended its order."""

    def _end(self, some):
        super()._end([one for one in some if one.order_id not in self.asked])


class IsDoneOnce(Sweep):
    """The planted fault: an empty list is the end of it (T3)."""

    def once(self):
        return 1e6 if self.is_clear else super().once()


class BelievesHalf(Sweep):
    """The planted fault: a list that did not come shows nothing."""

    def once(self):
        pause = super().once()
        self.is_clear = not self.working
        return pause


class Sleeps(Sweep):
    """The planted fault: it backs off from a venue that fails, as from any question."""

    def once(self):
        pause = super().once()
        return 30.0 if self.trouble else pause


def a_drill(seed, workers=WORKERS, kind=Sweep):
    """Seconds until 200 orders were over, and of each late one since it appeared; p95 of a call 2 s, 20 % fail."""
    chance, clock = random.Random(seed), SharedTime()
    statuses = ["pending", "open"]
    appears = [(clock.seconds + chance.uniform(5, 40), f"late-{n}", chance.choice(statuses)) for n in range(2)]
    venue = FakeVenue(clock, lambda: chance.expovariate(3.0 / 2.0), lambda what: chance.random() < 0.2, appears)
    venue.rest(*map(str, range(150)))
    venue.rest(*map(str, range(150, 200)), status="pending")
    began = clock.seconds

    def is_over():
        return not (venue.orders or venue.appears)

    sweeps = [kind(venue, clock, turn=turn) for turn in range(workers)]
    clock.run(*(partial(swept, sweep, venue, 120, is_over) for sweep in sweeps))
    open_for = [
        venue.over_at.get(one, 2 * NEVER) - at for one, at in venue.appeared_at.items() if one.startswith("late")
    ]
    return max(venue.over_at.get(str(n), 2 * NEVER) for n in range(200)) - began, open_for


def drills(count, workers=WORKERS, kind=Sweep):
    """All their figures, sorted."""
    found = [a_drill(seed, workers, kind) for seed in range(count)]
    return sorted(first for first, _ in found), sorted(one for _, late in found for one in late)


def told(name, values):
    p99 = values[int(len(values) * 0.99)]
    return f"{name}: median {values[len(values) // 2]:.1f} s, p99 {p99:.1f} s, worst {values[-1]:.1f} s"


@pytest.mark.req("K1")
@pytest.mark.slow
def test_a_thousand_simulated_drills():
    first, late = drills(1000)

    print(told("all over", first), told("late", late), sep="; ")
    assert first[-1] <= LIMIT_SECONDS
    assert late[-1] <= LIMIT_SECONDS


@pytest.mark.slow
@pytest.mark.req("K1")
@pytest.mark.parametrize(
    ("kind", "workers", "beyond_seconds"),
    [
        (OnlyOpen, WORKERS, NEVER),
        (IsDoneOnce, WORKERS, NEVER),
        (AsksOnce, 1, NEVER),
        (Sleeps, WORKERS, LIMIT_SECONDS),
        (Sweep, 1, LIMIT_SECONDS),
    ],
)
def test_the_drills_catch_what_is_planted(kind, workers, beyond_seconds):
    first, late = drills(20, workers, kind)

    assert max(first[-1], late[-1]) >= beyond_seconds
    assert drills(20, 1)[0][-1] < NEVER  # one that is merely alone gets there


@pytest.mark.req("K1")
@pytest.mark.parametrize(("kind", "clear"), [(Sweep, False), (BelievesHalf, True)])
def test_a_list_that_does_not_come_is_no_empty_one(clock, kind, clear):
    venue = FakeVenue(clock, fails=lambda what: True)
    venue.rest("entry")
    sweep = kind(venue, clock)

    swept(sweep, venue, 30)

    assert sweep.is_clear is clear
