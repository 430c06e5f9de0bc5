"""Wide, crossed, zero and unreadable quotes are not bought at."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.builders import a_book, a_buy, a_quote, a_sell
from trader.model.trading import RiskReason
from trader.risk.rules.spread import Spread

HUNDRED_BPS = Spread(max_spread_bps=Decimal(100))


def quoted(bid, ask):
    return replace(a_quote(), bid=Decimal(bid), ask=Decimal(ask))


@pytest.mark.req("O1")
@pytest.mark.parametrize(
    ("bid", "ask", "observed"),
    [
        pytest.param("99.99", "100.01", None, id="2 bps"),
        pytest.param("100", "100", None, id="locked: no spread at all"),
        pytest.param("99.5", "100.5", None, id="at the limit"),
        pytest.param("99.49", "100.51", "102", id="above it"),
        pytest.param("50", "150", "10000", id="a quote nobody means"),
    ],
)
def test_an_entry_across_a_wide_spread_is_refused_with_the_spread_and_the_limit(bid, ask, observed):
    objection = HUNDRED_BPS.check(a_buy(quote=quoted(bid, ask)), a_book())

    if observed is None:
        assert objection is None
    else:
        assert (objection.risk_reason, objection.unit, objection.permitted_usd) == (RiskReason.SPREAD, "bps", 0)
        assert (objection.observed, objection.limit) == (Decimal(observed), 100)


@pytest.mark.req("O1")
@pytest.mark.parametrize(
    ("bid", "ask"),
    [
        pytest.param("100.01", "99.99", id="crossed"),
        pytest.param("0", "100", id="no bid"),
        pytest.param("100", "0", id="no ask"),
        pytest.param("0", "0", id="nothing"),
        pytest.param("-1", "1", id="negative"),
        pytest.param("NaN", "100", id="NaN"),
        pytest.param("sNaN", "100", id="signalling NaN"),
        pytest.param("100", "Infinity", id="infinite"),
    ],
)
def test_a_quote_that_means_nothing_is_refused_without_arithmetic(bid, ask):
    objection = HUNDRED_BPS.check(a_buy(quote=quoted(bid, ask)), a_book())

    assert (objection.risk_reason, objection.field) == (RiskReason.SPREAD, "quote")
    assert HUNDRED_BPS.check(a_buy(quote=None), a_book()).field == "quote"


@pytest.mark.req("O1")
def test_exits_stay_open():
    assert HUNDRED_BPS.check(a_sell(quote=quoted("50", "150")), a_book()) is None
