from decimal import Decimal

import pytest

from tests.builders import a_book, a_buy, a_sell
from trader.model.trading import RiskReason, Unit
from trader.risk.rules.cash import Cash


@pytest.mark.req("E2")
@pytest.mark.parametrize(
    ("cash", "working", "min_cash_pct", "wanted", "permitted"),
    [
        pytest.param(500, 0, 0, 500, None, id="all of it"),
        pytest.param(500, 0, 0, 600, 500, id="trimmed to it"),
        pytest.param(500, 200, 0, 400, 300, id="working buys have spent theirs"),
        pytest.param(1500, 0, 10, 600, 500, id="the floor stays untouched"),
        pytest.param(900, 0, 10, 50, 0, id="below the floor"),
        pytest.param(-20, 0, 0, 50, 0, id="overdrawn, never negative"),
    ],
)
def test_only_free_cash_can_be_spent(cash, working, min_cash_pct, wanted, permitted):
    book = a_book(nlv=10_000, cash=cash, working_usd=working)

    objection = Cash(min_cash_pct=Decimal(min_cash_pct)).check(a_buy(wanted), book)

    assert (objection and objection.permitted_usd) == permitted
    assert objection is None or (objection.risk_reason, objection.unit) == (RiskReason.CASH, Unit.USD)


@pytest.mark.req("E2")
def test_fee_and_slippage_are_paid_too():
    objection = Cash().check(a_buy(500, cost_factor=Decimal("1.01")), a_book(cash=500))

    assert objection.permitted_usd == Decimal("495.04950495")
    assert objection.observed == 505


@pytest.mark.req("E2")
def test_an_exit_needs_no_cash():
    assert Cash(Decimal(50)).check(a_sell(), a_book(cash=0)) is None
