"""Staleness of bars: of the last interval known to be closed, traded in or not."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.builders import NOW, a_book, a_buy, a_health, a_sell
from trader.model.market import FeedHealth
from trader.model.trading import RiskReason
from trader.risk.rules.stale_bar import StaleBar

NINETY_SECONDS = StaleBar(max_ohlcv_age_seconds=Decimal(90))
LENIENT = StaleBar(max_ohlcv_age_seconds=Decimal(90), exits_when_stale="allow")
TICK = timedelta(microseconds=1)

AGES = [
    pytest.param(60, timedelta(0), None, id="a minute that closed just now"),
    pytest.param(60, timedelta(seconds=90) - TICK, None, id="one tick before the threshold"),
    pytest.param(60, timedelta(seconds=90), "90", id="at the threshold"),
    pytest.param(60, timedelta(seconds=90) + TICK, "90.000001", id="one tick later"),
    pytest.param(60, -TICK, "-0.000001", id="a minute that closes in the future"),
    pytest.param(300, timedelta(seconds=450) - TICK, None, id="5m: before one and a half lengths"),
    pytest.param(300, timedelta(seconds=450), "450", id="5m: at one and a half lengths"),
    pytest.param(3600, timedelta(minutes=90) - TICK, None, id="1h: before one and a half lengths"),
    pytest.param(3600, timedelta(minutes=90), "5400", id="1h: at one and a half lengths"),
    pytest.param(86_400, timedelta(hours=36), "129600", id="1d: at one and a half lengths"),
]


def seconds_old(rule, proposal):
    """What the rule observed; None where it was silent."""
    objection = rule.check(proposal, a_book(position_usd=300))
    if objection is None:
        return None
    assert (objection.risk_reason, objection.unit, objection.permitted_usd) == (RiskReason.STALE_BAR, "seconds", 0)
    return objection.observed


@pytest.mark.req("ST1")
@pytest.mark.parametrize(("bar_seconds", "age", "observed"), AGES)
@pytest.mark.parametrize("wish", [a_buy, a_sell])
def test_ageing_bars_halt_at_the_threshold_of_their_length(wish, bar_seconds, age, observed):
    health = a_health(watermark=NOW - age, bar_seconds=bar_seconds)

    assert seconds_old(NINETY_SECONDS, wish(health=health)) == (None if observed is None else Decimal(observed))


@pytest.mark.req("ST1")
def test_the_limit_for_longer_bars_is_told_in_their_own_terms():
    objection = NINETY_SECONDS.check(a_buy(health=a_health(watermark=None, bar_seconds=3600)), a_book())

    assert (objection.limit, objection.field) == (5400, "watermark")


@pytest.mark.req("ST1")
@pytest.mark.parametrize("wish", [a_buy, a_sell])
def test_a_feed_that_vouches_for_nothing_is_stale(wish):
    assert seconds_old(NINETY_SECONDS, wish(health=FeedHealth())) == 0


@pytest.mark.req("ST1")
def test_policy_may_let_exits_pass_and_lets_no_entry_pass():
    old = a_health(watermark=NOW - timedelta(hours=1))

    assert seconds_old(LENIENT, a_sell(health=old)) is None
    assert seconds_old(LENIENT, a_buy(health=old)) == 3600


@pytest.mark.req("ST1")
def test_history_is_complete():
    assert seconds_old(NINETY_SECONDS, a_buy(health=None)) is None
