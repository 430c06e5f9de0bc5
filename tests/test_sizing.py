"""What sizing writes down as a defect, and what the rules make of it."""

from decimal import Decimal

import pytest

from tests.builders import a_book, a_proposal, a_snapshot, a_universe_policy
from tests.risk.worlds import every_rule
from trader.model.market import Regime
from trader.model.trading import RiskReason, Side
from trader.policy import ExecutionPolicy, RegimePolicy
from trader.risk.engine import RiskEngine
from trader.sizing import Sizer

BUY, SELL = Side.BUY, Side.SELL
SHORT, SCHEMA = RiskReason.SHORTING_DISALLOWED, RiskReason.SCHEMA
SIZER = Sizer(a_universe_policy(), RegimePolicy({regime: Decimal(1) for regime in Regime}), ExecutionPolicy())
HOUSE = RiskEngine(every_rule(40, 90))


def verdict_on(side, book=None, **changes):
    book = a_book(position_usd=300) if book is None else book
    return HOUSE.review(SIZER.size(a_proposal(side, **changes), a_snapshot(), book), book)


@pytest.mark.req("R1", "R2")
@pytest.mark.parametrize(
    ("side", "notional_pct", "reason", "limit"),
    [
        pytest.param(BUY, -3.0, SHORT, 0, id="a negative buy"),
        pytest.param(SELL, -3.0, SHORT, 0, id="a negative sell"),
        pytest.param(SELL, 150.0, SHORT, 100, id="a sell of more than all"),
        pytest.param(SELL, 101, SHORT, 100, id="in whole numbers too"),
        pytest.param(BUY, 150.0, SCHEMA, 100, id="a buy of more than all is no short"),
        pytest.param(BUY, 0.0, SCHEMA, 0, id="a buy of nothing"),
        pytest.param(SELL, 0.0, SCHEMA, 0, id="a sell of nothing"),
        pytest.param(SELL, float("nan"), SCHEMA, 0, id="no number"),
    ],
)
def test_a_size_that_would_be_a_short_is_refused_as_one(side, notional_pct, reason, limit):
    verdict = verdict_on(side, notional_pct=notional_pct)

    objection = verdict.objections[0]
    assert verdict.denied
    assert (objection.risk_reason, objection.field, objection.limit) == (reason, "notional_pct", limit)
    assert objection.observed == (0 if notional_pct != notional_pct else notional_pct)


@pytest.mark.req("R1")
def test_a_sell_of_what_is_not_held_is_refused_as_a_short():
    assert SHORT in {one.risk_reason for one in verdict_on(SELL, a_book(), notional_pct=50.0).objections}
    assert not verdict_on(SELL, notional_pct=100.0).denied
