"""What the clock may be off by is known and bounded, and beyond the bound nothing is entered; exits always leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import BTC, NOW, a_health, a_quote, an_intent
from tests.ops.test_venue_clock import Machine
from trader.errors import ExchangeUnreachable
from trader.market.coinbase_time import TIMES_AGAIN, ask_until_certain
from trader.model.market import Product
from trader.model.trading import Side
from trader.risk.freshness import Freshness
from trader.running import answers
from trader.running.clock import unsure, worth_saying
from trader.running.coinbase_ground import last_look
from trader.running.venue import venue_clock

pytestmark = pytest.mark.req("TIME1")

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
BOUND = timedelta(milliseconds=150)


def ms(count: float) -> timedelta:
    return timedelta(milliseconds=count)


class Line:
    """The way to a venue and back, with the journeys that are told, there and back in ms; *lies* by so much."""

    def __init__(self, clock: Machine, truth: datetime = NOON) -> None:
        self.clock, self.began, self.truth = clock, clock.at, truth
        self.journeys: list[tuple[float, float]] = []
        self.lies: list[float] = []
        self.asked = 0

    @property
    def now(self) -> datetime:
        return self.truth + timedelta(seconds=self.clock.at - self.began)

    def ask(self) -> datetime:
        self.asked += 1
        there, back = self.journeys.pop(0) if len(self.journeys) > 1 else self.journeys[0]
        asked = self.clock.at
        self.clock.passes(there / 1000)
        said = self.now + ms(self.lies.pop(0) if self.lies else 0)
        self.clock.passes(back / 1000)
        self.clock.heard(said, asked)
        return said

    def twice(self) -> None:
        self.ask()
        self.ask()

    def off(self) -> timedelta:
        return abs(self.clock.now() - self.now)


def a_line(*journeys: tuple[float, float], truth: datetime = NOON) -> Line:
    line = Line(Machine(NOON), truth)
    line.journeys = list(journeys)
    return line


def test_two_answers_that_agree_certify_half_a_journey_and_what_they_find_the_clock_off():
    line = a_line((20, 20))
    line.ask()
    assert line.clock.off_by is None

    line.ask()
    assert ms(21) <= line.clock.off_by <= ms(21.1)  # it was right before; and a venue tells whole milliseconds

    line = a_line((20, 20), truth=NOON + ms(15))
    line.twice()
    assert ms(36) <= line.clock.off_by <= ms(36.1)


@pytest.mark.parametrize(("journey", "certain"), [(298, True), (300, False), (2_000, False)])
def test_a_journey_of_more_than_twice_the_limit_certifies_nothing(journey, certain):
    line = a_line((journey / 2, journey / 2))
    for _ in range(3):
        line.ask()

    assert line.clock.certain is certain


def test_where_only_the_middle_of_a_journey_is_near_enough_the_clock_goes_there():
    line = a_line((120, 120), truth=NOON + ms(300))
    line.ask()
    assert line.off() == ms(120)  # nothing is certain yet: as late as may be

    line.ask()

    assert ms(120) <= line.clock.off_by <= ms(122)
    assert line.off() <= ms(1)


def test_what_was_certified_is_used_up_within_minutes():
    line = a_line((10, 10))
    line.twice()

    line.clock.passes(4 * 60)
    assert line.clock.certain
    line.clock.passes(60)
    assert not line.clock.certain
    assert "last was long ago" in unsure(line.clock)


def test_a_slow_answer_takes_nothing_from_what_a_quick_one_has_certified():
    line = a_line((10, 10), (10, 10), (4_000, 4_000))
    line.twice()

    line.ask()

    assert line.clock.certain
    assert line.off() <= line.clock.off_by


@pytest.mark.parametrize("lie", [-3_600_000, -900, 900, 3_600_000])
def test_an_answer_that_contradicts_what_was_certified_certifies_nothing_until_two_agree(lie):
    line = a_line((10, 10))
    line.twice()
    line.lies = [lie]

    line.ask()

    assert line.clock.off_by is None
    assert "contradicts" in unsure(line.clock)
    ask_until_certain(line.clock, line.ask)
    line.clock.passes(2)  # put back it stands still
    assert line.clock.certain
    assert line.off() <= BOUND


def test_while_it_stands_still_it_is_as_far_off_as_it_was_put_back():
    line = a_line((10, 10))
    line.lies = [1_000]
    line.ask()
    line.clock.now()

    ask_until_certain(line.clock, line.ask)

    assert line.clock.now() - line.now > BOUND
    assert not line.clock.certain
    line.clock.passes(1)
    assert line.clock.certain


@pytest.mark.parametrize("step", [-3_600.0, -0.2, 0.2, 3_600.0])
def test_a_clock_that_leaves_the_hosts_other_one_is_not_believed_until_the_venue_was_asked(step):
    """As when the machine sleeps and only one of them goes on."""
    line = a_line((10, 10))
    line.twice()

    line.clock.ahead = step
    assert not line.clock.certain

    ask_until_certain(line.clock, line.ask)
    assert line.clock.certain


def test_where_the_venues_time_runs_faster_so_does_the_limit():
    clock = Machine(NOON, speed=60.0)
    for _ in range(2):
        clock.heard(NOON, asked=clock.at)
    assert clock.limit == BOUND * 60
    clock.passes(60)
    assert clock.certain


def test_the_time_is_asked_for_a_few_times_and_the_best_answer_counts():
    line = a_line((900, 100), (400, 20), (30, 30), (2, 2))
    line.ask()

    ask_until_certain(line.clock, line.ask)

    assert line.clock.certain
    assert line.asked <= 1 + TIMES_AGAIN


def test_no_more_is_asked_than_a_few_times_nor_for_long_nor_where_it_is_certain():
    line = a_line((200, 200))
    ask_until_certain(line.clock, line.ask)
    slow, sure = a_line((2_000, 2_000)), a_line((1, 1))
    ask_until_certain(slow.clock, slow.ask)
    sure.twice()
    ask_until_certain(sure.clock, sure.ask)

    assert (line.asked, slow.asked, sure.asked) == (TIMES_AGAIN, 1, 2)


def test_an_answer_that_does_not_come_makes_nothing_worse():
    class Silent:
        asked = 0

        def ask(self):
            self.asked += 1
            raise ExchangeUnreachable("venue: does not answer")

    silent = Silent()
    ask_until_certain(Machine(NOON), silent.ask)

    assert silent.asked == 1


STEPS = st.tuples(
    st.floats(0, 400),  # seconds until it is asked
    st.floats(0, 2_000),  # ms there
    st.floats(0, 2_000),  # ms back
    st.floats(-0.0004, 0.0004),  # how much too fast the host is
    st.sampled_from((0.0,) * 8 + (-86_400_000.0, -1_500.0, -150.0, 60.0, 700.0, 86_400_000.0)),  # a lie
)


def is_broken(clock: Machine, steps: list[tuple[float, ...]]) -> bool:
    """Whether *clock* was ever further off than it said, one lie among the answers."""
    truth, lied = NOON, False
    for passes, there, back, drift, lie in steps:
        truth += timedelta(seconds=passes)
        clock.passes(passes * (1 + drift))
        asked = clock.at
        said = truth + ms(there + (0.0 if lied else lie))
        lied = lied or lie != 0
        truth += ms(there + back)
        clock.passes((there + back) / 1000 * (1 + drift))
        clock.heard(said, asked)
        off = clock.off_by
        if off is not None and abs(clock.now() - truth) > off + ms(0.001):
            return True
    return False


@given(st.lists(STEPS, max_size=30))
def test_it_is_never_further_off_than_it_says(steps):
    assert not is_broken(Machine(NOON), steps)


HONEST = [(0.0, 5.0, 5.0, 0.0, 0.0)] * 2
LIAR = [*HONEST, (60.0, 5.0, 5.0, 0.0, 700.0)]


def test_one_that_believes_whatever_it_hears_is_further_off_than_it_says(monkeypatch):
    def of_one(spans):
        return spans[-1] if spans else None

    monkeypatch.setattr(answers, "all_but_one", of_one)
    monkeypatch.setattr(answers, "overlap", lambda one, other: True)

    assert is_broken(Machine(NOON), LIAR)


def test_one_that_takes_what_all_contain_is_further_off_than_it_says(monkeypatch):
    def all_of_them(spans):
        if len(spans) < 2:
            return None
        found = max(early for early, _ in spans), min(late for _, late in spans)
        return found if found[0] <= found[1] else None

    monkeypatch.setattr(answers, "all_but_one", all_of_them)

    assert is_broken(Machine(NOON), [*HONEST, (0.0, 0.0, 284.0, 0.0, 290.0)])


class Feed:
    """A market of which everything is known."""

    exchange_down = False

    def __init__(self):
        self.products = {BTC: Product(BTC, *[a_quote().bid] * 4)}

    def quote(self, symbol):
        return a_quote()

    def health(self, symbol):
        return a_health()


def test_while_the_clock_is_uncertain_nothing_is_entered_and_every_exit_leaves():
    clock = Machine(NOW)
    look = last_look(Feed(), clock, Freshness(), lambda: unsure(clock))
    buy, sell = an_intent(), an_intent(Side.SELL)

    assert "no two answers" in look(buy)
    for _ in range(2):
        clock.heard(NOW, clock.at)
    assert (look(buy), look(sell)) == (None, None)

    clock.ahead = 0.2
    assert "may be 201 ms off the venue's, limit 150 ms" in look(buy)
    assert look(sell) is None

    clock.heard(NOW - timedelta(seconds=1), clock.at)
    assert "contradicts the ones before" in look(buy)
    assert look(sell) is None


@pytest.mark.parametrize(("journey", "says"), [(40, ""), (120, "62 ms off the venue's; above 150"), (400, "202 ms")])
def test_a_start_tells_of_a_clock_that_is_more_than_a_little_off(journey, says):
    line = a_line((journey / 2, journey / 2))
    line.twice()

    said = worth_saying(line.clock)

    assert says in said
    assert bool(said) is bool(says)


def test_what_a_start_waits_for_until_it_is_answered_is_no_journey_of_the_answer_that_counts():
    """The first answer comes at the third attempt, eight seconds later."""
    lines: list[Line] = []

    def machine(now: datetime, speed: float) -> Machine:
        lines.append(Line(Machine(now, speed), NOON + timedelta(seconds=8)))
        return lines[0].clock  # type: ignore[return-value]

    def ask() -> datetime:
        if not lines:
            return NOON + timedelta(seconds=8) - ms(20)
        lines[0].clock.passes(0.02)
        said = lines[0].now
        lines[0].clock.passes(0.02)
        return said

    clock = venue_clock(ask, 1.0, machine)

    assert clock.certain
    assert lines[0].off() <= ms(20)


@pytest.mark.parametrize("lie", [-3_600, 3_600])
def test_a_start_whose_first_answer_was_a_mistake_does_not_wait_for_that_time(lie):
    line = a_line((10, 10), truth=NOON - timedelta(seconds=lie))

    ask_until_certain(line.clock, line.ask)

    assert line.clock.certain
    assert line.off() <= BOUND


def test_what_the_clock_was_put_forward_by_has_not_passed():
    """A token that was made before the machine slept uncounted still lives for as long as it did."""
    line = a_line((10, 10))
    line.twice()
    before = line.clock.now()
    line.truth += timedelta(minutes=5)  # the machine slept, and its ticks stood still
    behind = line.clock.now()
    line.twice()
    line.twice()
    after = line.clock.now()
    line.clock.passes(30)

    assert line.off() <= BOUND
    assert line.clock.passed(behind) <= timedelta(seconds=31)
    assert line.clock.passed(before) <= timedelta(seconds=31)
    assert line.clock.passed(after) == timedelta(seconds=30)
