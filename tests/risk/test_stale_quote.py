"""Staleness of quotes at a decision: by the venue's time, and at the threshold, not one tick later."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from tests.builders import NOW, a_book, a_buy, a_quote, a_sell
from trader.model.market import NO_TIME
from trader.model.trading import RiskReason
from trader.risk.rules.stale_quote import StaleQuote

FIVE_SECONDS = StaleQuote(max_quote_age_seconds=Decimal(5))
LENIENT = StaleQuote(max_quote_age_seconds=Decimal(5), exits_when_stale="allow")
TICK = timedelta(microseconds=1)
NAIVE = datetime(2025, 1, 1, 12)
AT_THE_THRESHOLD = NOW - timedelta(seconds=5)

TIMES = [
    pytest.param(NOW, None, id="quoted just now"),
    pytest.param(AT_THE_THRESHOLD + TICK, None, id="one tick before the threshold"),
    pytest.param(AT_THE_THRESHOLD, "5", id="at the threshold"),
    pytest.param(AT_THE_THRESHOLD - TICK, "5.000001", id="one tick later"),
    pytest.param(NOW - timedelta(hours=1), "3600", id="an hour old"),
    pytest.param(NOW + TICK, "-0.000001", id="from the future, by a tick"),
    pytest.param(NOW + timedelta(days=1), "-86400", id="from tomorrow"),
    pytest.param(NO_TIME, str(int(NOW.timestamp())), id="without a time"),
    pytest.param(NAIVE, "0", id="in no zone, so at no instant"),
]


def seconds_old(rule, proposal, time):
    """What the rule observed; None where it was silent."""
    objection = rule.check(replace(proposal, quote=a_quote(time=time)), a_book(position_usd=300))
    if objection is None:
        return None
    assert (objection.risk_reason, objection.unit, objection.field) == (RiskReason.STALE_QUOTE, "seconds", "time")
    assert (objection.permitted_usd, objection.limit) == (0, 5)
    return objection.observed


@pytest.mark.req("ST1")
@pytest.mark.parametrize(("time", "observed"), TIMES)
def test_an_entry_on_an_ageing_quote_halts_at_the_threshold(time, observed):
    assert seconds_old(FIVE_SECONDS, a_buy(), time) == (None if observed is None else Decimal(observed))


@pytest.mark.req("ST1")
@pytest.mark.parametrize(("time", "observed"), TIMES)
def test_an_exit_waits_for_a_price_unless_policy_lets_it_pass(time, observed):
    assert seconds_old(FIVE_SECONDS, a_sell(), time) == (None if observed is None else Decimal(observed))
    assert seconds_old(LENIENT, a_sell(), time) is None


@pytest.mark.req("ST1")
def test_letting_exits_pass_lets_no_entry_pass():
    assert seconds_old(LENIENT, a_buy(), AT_THE_THRESHOLD) == 5


@pytest.mark.req("ST1")
def test_no_quote_at_all_is_stale():
    objection = FIVE_SECONDS.check(a_buy(quote=None), a_book())

    assert (objection.risk_reason, objection.field) == (RiskReason.STALE_QUOTE, "quote")


@pytest.mark.req("ST1")
def test_the_books_own_instant_counts_for_nothing():
    """Negative control of the measure: age is the decision's instant less the venue's time, whatever the book says."""
    old = a_buy(quote=a_quote(time=NOW - timedelta(seconds=6)))

    assert FIVE_SECONDS.check(old, a_book(as_of=NOW - timedelta(seconds=6))) is not None
