"""The one layer that retries: how often, how long it waits, and when it does not."""

from __future__ import annotations

import random
import statistics

import pytest

from tests.exchange.coinbase_worlds import WrittenTime, an_order, wire_to
from tests.simulator.conftest import on_stage
from trader.exchange.coinbase_failures import Failed, Why
from trader.exchange.coinbase_retry import BUDGET_BURST, Retries
from trader.exchange.coinbase_settings import RetryRules
from trader.ports import NotAccepted, WireDown
from trader.simulator.station import DESK

BROKEN = Failed(Why.SERVER, "it failed")
PATIENT = RetryRules(retries=8, deadline_seconds=1e9, budget_per_second=1e6)
ROUNDS = 400
MAY_PASS = {Why.UNSENT, Why.THROTTLED, Why.LOST, Why.SERVER, Why.GARBLED}


class Highest:
    """Chance that always draws the upper end."""

    def uniform(self, low, high):
        assert low == 0
        return high


class Answers:
    """Gives one after the other, the last for ever, and counts."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), 0

    def __call__(self):
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def retries(rules=PATIENT, rng=None, clock=None):
    clock = clock or WrittenTime()
    return Retries(rules, clock, rng or Highest()), clock


@pytest.mark.req("CB1")
def test_the_upper_end_doubles_up_to_the_cap():
    ask, clock = retries()

    assert ask(Answers(BROKEN)) == BROKEN
    assert clock.slept == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


def drawn_by(chance):
    """The pauses of many outages, with the chance that *chance* makes of a seed."""
    drawn = []
    for seed in range(ROUNDS):
        ask, clock = retries(rng=chance(seed))
        ask(Answers(BROKEN))
        drawn.append(clock.slept)
    return drawn


def full_and_even(drawn):
    for attempt, waits in enumerate(zip(*drawn, strict=True)):
        bound = min(30.0, 2.0**attempt)
        shares = [wait / bound for wait in waits]
        assert all(0 <= share <= 1 for share in shares)
        assert statistics.fmean(shares) == pytest.approx(0.5, abs=4 / (12 * ROUNDS) ** 0.5)  # four sigma of U(0, 1)
        assert min(shares) < 0.03
        assert max(shares) > 0.97
        fifths = [sum(int(share * 5) == part for share in shares) for part in range(5)]
        assert sum((found - ROUNDS / 5) ** 2 / (ROUNDS / 5) for found in fifths) < 23.5  # chi², 4 degrees, p = 1e-4


class Half(random.Random):
    """Equal jitter, planted: never less than half the bound."""

    def uniform(self, low, high):
        return super().uniform(high / 2, high)


@pytest.mark.slow
@pytest.mark.req("CB1")
def test_the_jitter_is_full_and_even():
    full_and_even(drawn_by(random.Random))


@pytest.mark.slow
@pytest.mark.req("CB1")
@pytest.mark.parametrize("planted", [lambda seed: Highest(), Half], ids=["no jitter", "equal jitter"])
def test_jitter_that_is_not_full_is_caught(planted):
    with pytest.raises(AssertionError):
        full_and_even(drawn_by(planted))


@pytest.mark.req("CB1")
@pytest.mark.parametrize("count", [0, 1, 3])
def test_at_most_so_many_retries(count):
    ask, _ = retries(RetryRules(retries=count))
    answers = Answers(BROKEN)

    assert ask(answers) == BROKEN
    assert answers.asked == count + 1
    assert ask.count == count


def test_three_is_what_is_meant_without_a_word():
    assert (RetryRules().retries, RetryRules().base_seconds, RetryRules().cap_seconds) == (3, 1.0, 30.0)


@pytest.mark.req("CB1")
@pytest.mark.parametrize("why", Why)
def test_only_what_may_pass_is_asked_again(why):
    ask, clock = retries()
    answers = Answers(Failed(why, "x"), {"fine": 1})

    reply = ask(answers)

    assert (reply == {"fine": 1}) is (why in MAY_PASS)
    assert answers.asked == 1 + (why in MAY_PASS)
    assert len(clock.slept) == (why in MAY_PASS)


@pytest.mark.req("CB1")
def test_retry_after_is_honoured_and_jitter_may_only_add():
    ask, clock = retries(rng=random.Random(1))
    told = Failed(Why.THROTTLED, "429", 429, retry_after_seconds=9.0)

    assert ask(Answers(told, told, {"fine": 1})) == {"fine": 1}
    assert clock.slept == [9.0, 9.0]


@pytest.mark.req("CB1")
def test_who_is_told_to_wait_beyond_the_deadline_does_not_wait_at_all():
    ask, clock = retries(RetryRules(deadline_seconds=20.0))
    told = Failed(Why.THROTTLED, "429", 429, retry_after_seconds=21.0)

    assert ask(Answers(told)) == told
    assert clock.slept == []


@pytest.mark.req("CB1")
def test_no_attempt_begins_after_the_deadline():
    clock = WrittenTime()
    ask, _ = retries(RetryRules(retries=9, deadline_seconds=10.0), clock=clock)
    began = []

    def slow():
        began.append(clock.seconds - 1000)
        clock.seconds += 3
        return BROKEN

    assert ask(slow) == BROKEN
    assert began == [0.0, 4.0, 9.0]


def retries_of_an_outage(rules):
    """Half an hour of ten questions a second from as many threads, none of them answered: how often it is retried."""
    clock = WrittenTime()
    ask, _ = retries(rules, clock=clock, rng=random.Random(3))
    asked = 0
    while clock.seconds < 1000 + 1800:
        answers = Answers(BROKEN)
        before = clock.seconds
        ask(answers)
        asked += answers.asked - 1
        clock.seconds = before + 0.1
    return asked, ask, clock


def within_the_budget(asked):
    assert asked <= BUDGET_BURST + 1800 * RetryRules().budget_per_second + 1


@pytest.mark.slow
@pytest.mark.req("CB1")
def test_an_outage_is_not_answered_with_a_storm():
    asked, ask, clock = retries_of_an_outage(RetryRules())

    within_the_budget(asked)
    assert ask(Answers(BROKEN, {"fine": 1})) in ({"fine": 1}, BROKEN)
    clock.seconds += 60
    assert ask(Answers(BROKEN, {"fine": 1})) == {"fine": 1}


@pytest.mark.slow
@pytest.mark.req("CB1")
def test_retries_without_a_budget_are_caught():
    asked, _, _ = retries_of_an_outage(RetryRules(budget_per_second=1e6))

    with pytest.raises(AssertionError):
        within_the_budget(asked)


@pytest.mark.req("CB1")
def test_nothing_that_changes_something_is_ever_sent_twice(tmp_path):
    with on_stage(tmp_path) as stage:
        clock = WrittenTime()
        wire = wire_to(stage, retries=3, clock=clock)
        stage.fault("throttled")

        answer = wire.place(an_order("once"))
        told = wire.cancel(["0-1"])
        with pytest.raises(WireDown):
            wire.balances()
        wire.close()

        assert isinstance(answer, NotAccepted)
        assert told == {"0-1": "not taken: 429, too many requests"}
        routes = [line.route for line in stage.simulator.station.log if line.route != DESK]
        assert routes == ["create_order", "cancel_orders", *["accounts"] * 4]
        assert len(clock.slept) == 3
        assert wire.counts()["retries"] == 3
