"""What is a price and what a mistake, on streams of mids whose answer is known."""

from __future__ import annotations

import random
import statistics
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import BTC, NOW, a_quote
from trader.model.market import NO_TIME, Quote
from trader.outliers import MidGuard
from trader.risk.rules.outlier import Outlier

LIMITS = Outlier()
AN_HOUR = NOW + timedelta(hours=1)


def at(seconds):
    return NOW + timedelta(seconds=seconds)


def tell(guard, mid, seconds):
    """The feed says *mid*; whether it was accepted."""
    guard.observe(a_quote(mid=round(mid, 8), time=at(seconds)), AN_HOUR)
    return not guard.suspect


def calm(seconds=60, mid=100.0, noise_bps=1.0, limits=LIMITS, kind=MidGuard, seed=1):
    """A guard that has seen a quiet market, a quote a second up to second 0."""
    rng, guard = random.Random(seed), kind(limits)
    for second in range(-seconds, 1):
        quote = a_quote(mid=round(mid * (1 + rng.gauss(0, noise_bps) / 1e4), 8), time=at(second))
        guard.observe(quote, AN_HOUR)
        guard.second(quote)
    assert not guard.suspect
    return guard


@pytest.mark.req("O1")
@pytest.mark.parametrize(
    ("jump_bps", "accepted"),
    [(0, True), (20, True), (-20, True), (35, False), (-35, False), (500, False), (-5_000, False), (90_000, False)],
)
def test_a_jump_beyond_six_sigma_is_not_accepted_and_has_its_measure(jump_bps, accepted):
    guard = calm()

    assert guard.sigma_bps == 5, "a quiet market: the floor"
    assert tell(guard, 100 * (1 + jump_bps / 1e4), 1) is accepted
    assert (guard.jump_sigmas > 6) is not accepted


@pytest.mark.req("O1")
def test_exactly_at_the_limit_is_no_outlier_and_a_tick_beyond_is():
    """σ is the floor of 5 bps, so six of them are a factor of e^0.003 = 1.0030045…"""
    for mid, accepted in ((Decimal("100.3004504"), True), (Decimal("100.3004506"), False)):
        guard = calm(noise_bps=0)
        guard.observe(Quote(BTC, mid, mid, at(1)), AN_HOUR)
        assert (not guard.suspect) is accepted


@pytest.mark.req("O1")
def test_sigma_widens_with_the_market_and_so_does_what_passes():
    wild = calm(noise_bps=40)

    assert 25 < wild.sigma_bps < 60
    assert tell(wild, 100 * (1 + 100 / 1e4), 1)
    assert not tell(wild, 100 * (1 + 900 / 1e4), 2)


@pytest.mark.req("O1")
def test_a_spike_leaves_no_trace():
    guard = calm()
    before = guard.sigma_bps

    assert not tell(guard, 150, 1)
    assert tell(guard, 100, 2)
    assert guard.sigma_bps == before
    assert not tell(guard, 150, 3), "nor does it make the next one pass"


class Poisoned(MidGuard):
    """Takes σ from whatever came, outliers included, and as a plain standard deviation."""

    def observe(self, quote, now):
        super().observe(quote, now)
        if self.suspect:
            self._accepted.append((int(quote.time.timestamp()), float(quote.mid)))
        self._measure()

    def _measure(self):
        mids = [mid for _, mid in self._accepted]
        spread = statistics.pstdev(mids) / statistics.fmean(mids) * 10_000 if len(mids) > 1 else 0
        self._sigma = max(self._floor, spread)


def second_bad_tick_is_refused(kind):
    guard = calm(kind=kind)
    assert not tell(guard, 150, 1)
    assert not tell(guard, 140, 2)


@pytest.mark.req("O1")
def test_the_second_bad_tick_is_refused_as_well():
    second_bad_tick_is_refused(MidGuard)
    with pytest.raises(AssertionError):
        second_bad_tick_is_refused(Poisoned)


@pytest.mark.req("O1")
def test_a_fast_move_is_accepted_once_enough_quotes_agree_and_another_source_bears_them_out():
    guard = calm()

    assert not tell(guard, 105, 1)
    assert not guard.wants_confirmation
    guard.second(a_quote(mid=105, time=at(1)))
    assert not tell(guard, 105.02, 2), "one source and two quotes are not three quotes"
    assert tell(guard, 105.04, 3)
    assert (guard.jump_sigmas, guard.sigma_bps) == (0, 5)
    assert tell(guard, 105.05, 4)
    assert not tell(guard, 100, 5), "the old level is now the jump"


@pytest.mark.req("O1")
def test_quotes_that_agree_with_each_other_alone_want_another_source():
    guard = calm()

    for second in range(1, 30):
        assert not tell(guard, 105, second)
    assert guard.wants_confirmation
    guard.second(a_quote(mid=105.05, time=at(29)))
    assert (guard.suspect, guard.jump_sigmas) == (False, 0)


@pytest.mark.req("O1")
def test_without_another_source_a_whole_window_of_agreement_is_enough_so_nothing_locks_out_for_ever():
    guard = calm()

    answers = [tell(guard, 105, second) for second in range(1, 63)]

    assert answers == [False] * 60 + [True] * 2


@pytest.mark.req("O1")
def test_a_source_that_stands_by_the_old_price_takes_back_all_agreement():
    guard = calm()
    for second in range(1, 60):
        assert not tell(guard, 105, second)

    guard.second(a_quote(mid=100, time=at(59)))

    assert not guard.wants_confirmation
    assert not tell(guard, 105, 61)
    assert guard.suspect


@pytest.mark.req("O1")
def test_scattered_nonsense_confirms_nothing():
    guard, rng = calm(), random.Random(7)

    for second in range(1, 200):
        assert not tell(guard, 100 * rng.choice([0.5, 1.5, 2, 3, 0.1]) * (1 + second / 100), second)


@pytest.mark.req("O1")
def test_until_something_is_confirmed_all_is_suspect():
    guard = MidGuard(LIMITS)

    assert [tell(guard, 100, second) for second in range(3)] == [False] * 3
    assert guard.jump_sigmas == 0
    guard.second(a_quote(mid=100))
    assert not guard.suspect


@pytest.mark.req("O1")
@pytest.mark.parametrize(
    "quote",
    [
        pytest.param(Quote(BTC, Decimal("NaN"), Decimal(100), at(1)), id="NaN"),
        pytest.param(Quote(BTC, Decimal(0), Decimal(0), at(1)), id="zero"),
        pytest.param(Quote(BTC, Decimal(101), Decimal(99), at(1)), id="crossed"),
        pytest.param(a_quote(mid=150, time=NO_TIME), id="without a time"),
        pytest.param(a_quote(mid=150, time=at(1).replace(tzinfo=None)), id="in no zone"),
        pytest.param(a_quote(mid=150, time=at(-1)), id="older than the last"),
        pytest.param(a_quote(mid=150, time=at(0)), id="as old as the last: a repetition"),
        pytest.param(a_quote(mid=150, time=at(3_601)), id="from the future"),
    ],
)
def test_what_cannot_be_judged_changes_nothing(quote):
    guard = calm()
    guard.observe(quote, AN_HOUR)
    guard.second(quote)

    assert not guard.suspect
    assert tell(guard, 100, 2), "and does not make the guard deaf"


@pytest.mark.req("O1")
def test_a_steady_trend_is_no_jump_however_far_it_goes():
    guard, mid = calm(), 100.0
    for second in range(1, 300):
        mid *= 1.001
        assert tell(guard, mid, second)


@pytest.mark.req("O1")
def test_after_a_long_silence_another_level_wants_confirmation():
    guard = calm()

    assert not tell(guard, 102, 1_800)
    assert guard.sigma_bps == 5


steps = st.lists(
    st.tuples(st.integers(1, 30), st.sampled_from([1.0, 1.0, 1.0005, 0.9995, 1.02, 0.97, 5.0])), max_size=80
)


@pytest.mark.req("O1")
@settings(max_examples=150, deadline=None)
@given(steps)
def test_whatever_comes_an_accepted_mid_is_near_the_last_or_confirmed_and_sigma_never_leaves_its_floor_below(walk):
    guard, second, mid, last = calm(), 0, 100.0, 100.0
    for pause, factor in walk:
        second, mid = second + pause, mid * factor
        before = float(guard.sigma_bps)
        accepted = tell(guard, mid, second)
        assert guard.sigma_bps >= 5
        if accepted and guard.jump_sigmas > 0:
            assert abs(mid / last - 1) * 1e4 <= 6.1 * max(before, float(guard.sigma_bps)) * 1.05
        if accepted:
            last = mid
