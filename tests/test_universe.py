from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import BTC, DOGE, NOW, SOL, a_membership, a_universe_policy
from trader.model.market import Membership
from trader.universe import (
    TIER_SPREAD,
    UNKNOWN_CENTS,
    Measure,
    changes,
    differs,
    dollar_volume_cents,
    membership_series,
    review,
    rolling_volume_cents,
)  # fmt: skip

POLICY = a_universe_policy()
"""Tier 2 (SOL): 10 million a day and at most 40 bps; in from 11 million, out below 8; three reviews in a row."""
MILLION = 1_000_000


def measure(millions=20, spread_bps=10, symbol=SOL):
    volume = None if millions is None else Decimal(str(millions)) * MILLION
    quoted = spread_bps is not None and spread_bps is not TIER_SPREAD
    return Measure(symbol, volume, Decimal(spread_bps) if quoted else spread_bps)


def once(one, before=None, policy=POLICY, as_of=NOW):
    previous = {} if before is None else {one.symbol: before}
    return review([one], previous, policy, as_of)[one.symbol]


def over_time(measures, policy=POLICY, before=None):
    answers = []
    for one in measures:
        before = once(one, before, policy)
        answers.append(before.eligible)
    return answers


@pytest.mark.req("U1")
@pytest.mark.parametrize(
    ("one", "eligible", "reason", "observed", "limit"),
    [
        pytest.param(measure(11), True, "", 11 * MILLION, 8 * MILLION, id="at the enter threshold"),
        pytest.param(measure("10.99"), False, "volume", 10_990_000, 11 * MILLION, id="just below it"),
        pytest.param(measure(20, 40), True, "", 20 * MILLION, 8 * MILLION, id="at the widest spread"),
        pytest.param(measure(20, 41), False, "spread", 41, 40, id="too wide"),
        pytest.param(measure(5, 41), False, "volume", 5 * MILLION, 11 * MILLION, id="both: the volume is named"),
        pytest.param(measure(None), False, "no_data", None, None, id="volume unknown"),
        pytest.param(measure(20, None), False, "no_data", None, None, id="spread unknown"),
        pytest.param(measure("NaN"), False, "no_data", None, None, id="volume no number"),
        pytest.param(measure(20, "Infinity"), False, "no_data", None, None, id="spread infinite"),
    ],
)
def test_the_first_review_decides_at_once_and_says_why_with_the_numbers(one, eligible, reason, observed, limit):
    member = once(one)

    assert (member.eligible, member.tier, member.exclusion_reason) == (eligible, "tier2", reason)
    assert (member.observed, member.limit) == (observed, limit)


IN, OUT, BETWEEN = measure(20), measure(5), measure(9)


@pytest.mark.req("U1")
@pytest.mark.parametrize(
    ("measures", "answers"),
    [
        pytest.param([IN, OUT, OUT, OUT], [1, 1, 1, 0], id="leaves at the third confirmation"),
        pytest.param([OUT, IN, IN, IN], [0, 0, 0, 1], id="enters at the third confirmation"),
        pytest.param([IN, OUT, OUT, IN, OUT, OUT], [1] * 6, id="a streak must not break"),
        pytest.param([IN, *[BETWEEN] * 5], [1] * 6, id="between the thresholds: stays in"),
        pytest.param([OUT, *[BETWEEN] * 5], [0] * 6, id="between the thresholds: stays out"),
        pytest.param([BETWEEN, BETWEEN], [0, 0], id="the first review asks for the enter threshold"),
        pytest.param([IN, measure(None), IN], [1, 0, 1], id="unknown is out at once, known decides at once"),
        pytest.param([IN, measure(None), BETWEEN], [1, 0, 0], id="known again: the enter threshold"),
        pytest.param([IN, *[measure(20, 99)] * 3], [1, 1, 1, 0], id="a wide spread must last, too"),
        pytest.param([IN, OUT, OUT, OUT, OUT, IN, IN], [1, 1, 1, 0, 0, 0, 0], id="turning starts a new count"),
    ],
)
def test_at_the_threshold_nothing_flaps(measures, answers):
    assert over_time(measures) == [bool(answer) for answer in answers]


@pytest.mark.req("U1")
def test_without_hysteresis_the_same_market_flaps():
    """The negative control: one threshold, one review."""
    jumpy = replace(POLICY, enter_multiplier=Decimal(1), exit_multiplier=Decimal(1), confirm_cycles=1)
    market = [measure("10.1"), measure("9.9")] * 5

    flips = [sum(a is not b for a, b in zip(over_time(market, it), over_time(market, it)[1:], strict=False))
             for it in (POLICY, jumpy)]  # fmt: skip

    assert flips == [0, 9]


@pytest.mark.req("U1")
def test_never_trade_and_bans_hold_at_once_and_a_ban_ends_by_itself():
    never = replace(POLICY, never_trade=frozenset({SOL}))
    banned = replace(POLICY, banned_until={SOL: NOW})
    inside = a_membership(SOL)

    assert once(IN, inside, never).exclusion_reason == "never_trade"
    last_instant = once(IN, inside, banned, NOW - timedelta(microseconds=1))
    assert (last_instant.eligible, last_instant.exclusion_reason) == (False, "banned")
    assert once(IN, last_instant, banned, NOW).eligible
    assert not once(BETWEEN, last_instant, banned, NOW).eligible


@pytest.mark.req("U1")
@pytest.mark.parametrize(
    ("millions", "tier", "eligible", "reason"),
    [
        pytest.param(150, "tier1", True, "", id="the best tier it reaches"),
        pytest.param(105, "tier2", True, "", id="not quite the best"),
        pytest.param(2, "tier3", True, "", id="the last"),
        pytest.param(1, "tier3", False, "unlisted_volume", id="none"),
    ],
)
def test_an_unlisted_symbol_gets_the_best_tier_its_volume_reaches(millions, tier, eligible, reason):
    member = once(measure(millions, symbol="NEW-USD"))

    assert (member.tier, member.eligible, member.exclusion_reason) == (tier, eligible, reason)


@pytest.mark.req("U1")
@pytest.mark.parametrize(("millions", "tier"), [(150, "tier1"), (50, "tier2"), (2, "tier3")])
def test_a_spread_that_nobody_quotes_is_that_of_the_tier_the_review_gives(millions, tier):
    """So it never decides; the last tier's, which a live feed might quote, would keep out the best."""
    dear = Decimal(35)
    policy = replace(POLICY, tiers=(*POLICY.tiers[:-1], replace(POLICY.tiers[-1], spread_bps=dear)))

    assumed = once(measure(millions, TIER_SPREAD, "NEW-USD"), policy=policy)

    assert (assumed.tier, assumed.eligible) == (tier, True)
    assert once(measure(150, dear, "NEW-USD"), policy=policy).exclusion_reason == "spread"
    assert once(measure(None, TIER_SPREAD, "NEW-USD")).exclusion_reason == "no_data"


@pytest.mark.req("U1")
def test_an_unlisted_symbol_keeps_its_tier_while_it_is_in():
    member = once(measure(15, symbol="NEW-USD"))
    tiers = []
    for millions in (500, 9, 3, 3, 3, 3, 3, 3):
        member = once(measure(millions, symbol="NEW-USD"), member)
        tiers.append((member.tier, member.eligible))

    sticky, outside, back = ("tier2", True), ("tier2", False), ("tier3", True)
    assert tiers == [sticky, sticky, sticky, sticky, outside, ("tier3", False), ("tier3", False), back]


@pytest.mark.req("U1")
def test_a_listed_symbol_has_its_listed_tier_whatever_its_volume():
    assert once(measure(900, symbol=DOGE)).tier == "tier3"
    assert once(measure(5, symbol=BTC)).tier == "tier1"


@pytest.mark.req("U1")
def test_every_measured_symbol_is_answered_and_only_changes_are_news():
    first = review([measure(20), measure(900, symbol=BTC), measure(1, symbol=DOGE)], {}, POLICY, NOW)
    second = review([measure(21), measure(None, symbol=BTC), measure(3, symbol=DOGE)], first, POLICY, NOW)

    assert set(first) == {SOL, BTC, DOGE}
    assert [member.symbol for member in changes({}, first)] == [BTC, DOGE, SOL]
    assert [member.symbol for member in changes(first, second)] == [BTC]


@pytest.mark.req("U1")
def test_a_window_of_cents_is_the_sum_of_its_entries():
    assert rolling_volume_cents(np.array([1, 2, 4, 8, 16]), 3).tolist() == [1, 3, 7, 14, 28]
    assert rolling_volume_cents(np.array([1, 2]), 5).tolist() == [1, 3]
    assert rolling_volume_cents(np.array([], dtype=np.int64), 5).tolist() == []
    assert dollar_volume_cents(np.array([2.0, 0.1]), np.array([3.0, 0.25])).tolist() == [600, 2]


cents = st.integers(0, 10**13)


@pytest.mark.req("U1")
@given(st.lists(cents, min_size=1, max_size=60), st.integers(1, 20), st.data())
def test_a_window_knows_nothing_of_what_was_before_it(entries, window, data):
    end = data.draw(st.integers(1, len(entries)))
    start = max(0, end - window)

    whole = rolling_volume_cents(np.array(entries, dtype=np.int64), window)
    alone = rolling_volume_cents(np.array(entries[start:end], dtype=np.int64), window)

    assert whole[end - 1] == alone[-1] == sum(entries[start:end])


around_thresholds = st.sampled_from([0, 8, 11, 80, 110, 9, 20, 1, 150]).flatmap(
    lambda millions: st.integers(-2, 2).map(lambda cent: max(0, millions * MILLION * 100 + cent))
)
runs = st.tuples(st.one_of(around_thresholds, around_thresholds, cents, st.just(UNKNOWN_CENTS)), st.integers(1, 6))
histories = st.lists(runs, max_size=15).map(lambda runs: [cents for cents, length in runs for _ in range(length)])
policies = st.builds(
    lambda confirm, banned, listed: replace(
        POLICY,
        confirm_cycles=confirm,
        banned_until={SOL: NOW + timedelta(hours=banned)} if banned else {},
        tier_of=POLICY.tier_of if listed else {},
        tiers=POLICY.tiers if listed else tuple(replace(tier, max_spread_bps=Decimal(30)) for tier in POLICY.tiers),
    ),
    st.integers(1, 4),
    st.sampled_from([0, 0, 3, 7.5]),
    st.booleans(),
)
inside, outside = a_membership(SOL), a_membership(SOL, eligible=False, exclusion_reason="volume")
befores = st.sampled_from(
    [None, inside, outside, replace(inside, streak=1), replace(outside, exclusion_reason="no_data")]
)


def stepped(history, policy, spread, before):
    """`review` at every instant, and of that what changed."""
    found = []
    for i, cents in enumerate(history):
        volume = None if cents == UNKNOWN_CENTS else Decimal(cents) / 100
        now = review([Measure(SOL, volume, spread)], {SOL: before} if before else {}, policy, NOW + timedelta(hours=i))
        if i == 0 or differs(before, now[SOL]):
            found.append((i, now[SOL]))
        before = now[SOL]
    return found


@pytest.mark.req("U1", "BT1")
@settings(max_examples=300, deadline=None)
@given(histories, policies, st.sampled_from([Decimal(10), Decimal(35), Decimal(99), TIER_SPREAD]), befores)
def test_the_series_is_the_review_at_every_instant(history, policy, spread, before):
    instants = int(NOW.timestamp()) + 3600 * np.arange(len(history))
    volumes = np.array(history, dtype=np.int64)

    series = membership_series(SOL, volumes, instants, policy, spread, before)

    assert list(series) == stepped(history, policy, spread, before)


@pytest.mark.req("U1")
@given(histories, st.data())
def test_the_series_does_not_see_the_future(history, data):
    """Cutting off the future must not change what the past looked like."""
    now = data.draw(st.integers(0, len(history)))
    instants = int(NOW.timestamp()) + 3600 * np.arange(len(history))

    def until(end):
        volumes = np.array(history[:end], dtype=np.int64)
        return membership_series(SOL, volumes, instants[:end], POLICY, Decimal(10))

    assert until(now) == tuple(change for change in until(len(history)) if change[0] < now)


def test_the_instants_of_a_series_are_utc_seconds():
    ban_ends = datetime(2025, 1, 1, 13, tzinfo=UTC)
    policy = replace(POLICY, banned_until={SOL: ban_ends})
    instants = int(NOW.timestamp()) + 1800 * np.arange(4)

    series = membership_series(SOL, np.full(4, 20 * MILLION * 100), instants, policy, Decimal(10))

    assert [(i, member.exclusion_reason) for i, member in series] == [(0, "banned"), (2, "")]
    assert isinstance(series[0][1], Membership)
