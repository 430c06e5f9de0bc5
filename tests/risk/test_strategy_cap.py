from decimal import Decimal

import pytest

from tests.builders import ALPHA, BETA, BTC, ETH, SOL, a_book, a_buy, a_sell
from trader.model.trading import RiskReason
from trader.policy import Budget
from trader.risk.engine import RiskEngine
from trader.risk.rules.strategy_cap import StrategyCap
from trader.risk.rules.total_cap import TotalCap

THREE_PCT = StrategyCap(budgets={ALPHA: Budget(Decimal(3), 2), BETA: Budget(Decimal(1), 2)})


@pytest.mark.req("STR3", "E2")
@pytest.mark.parametrize(
    ("held", "working", "strategy", "wanted", "permitted"),
    [
        pytest.param({}, {}, ALPHA, 300, None, id="exactly the budget"),
        pytest.param({(ALPHA, ETH): 150}, {(ALPHA, SOL): 100}, ALPHA, 100, 50, id="its own, held and working"),
        pytest.param({(ALPHA, BTC): 400}, {}, ALPHA, 10, 0, id="already over"),
        pytest.param({(BETA, BTC): 900}, {}, ALPHA, 300, None, id="others' holdings do not count"),
        pytest.param({}, {}, BETA, 300, 100, id="each its own budget"),
        pytest.param({}, {}, "stranger", 300, 0, id="no budget, nothing"),
    ],
)
def test_a_strategy_stays_within_its_budget(held, working, strategy, wanted, permitted):
    book = a_book(nlv=10_000, held=held, working=working)

    objection = THREE_PCT.check(a_buy(wanted, strategy=strategy), book)

    assert (objection and objection.permitted_usd) == permitted
    assert objection is None or (objection.risk_reason, objection.cap_type) == (RiskReason.STRATEGY_CAP, "strategy")


@pytest.mark.req("STR3")
def test_the_budget_holds_even_where_the_global_cap_has_room():
    verdict = RiskEngine([THREE_PCT, TotalCap(Decimal(15))]).review(a_buy(1000), a_book(nlv=10_000))

    assert verdict.approved_usd == 300
    assert [objection.risk_reason for objection in verdict.objections] == [RiskReason.STRATEGY_CAP]


@pytest.mark.req("STR3")
def test_where_both_are_short_both_are_reported_the_strategys_first():
    verdict = RiskEngine([THREE_PCT, TotalCap(Decimal(2))]).review(a_buy(1000), a_book(nlv=10_000))

    assert verdict.approved_usd == 200
    assert [objection.cap_type for objection in verdict.objections] == ["strategy", "total"]


@pytest.mark.req("U3")
@pytest.mark.parametrize(("multiplier", "cap_usd"), [("0.6", 180), ("1.0", 300), ("1.2", 360)])
def test_a_regime_scales_the_budget_both_ways(multiplier, cap_usd):
    assert THREE_PCT.check(a_buy(2000, multiplier=Decimal(multiplier)), a_book(nlv=10_000)).permitted_usd == cap_usd


@pytest.mark.req("STR3")
def test_an_exit_needs_no_budget():
    assert THREE_PCT.check(a_sell(9, strategy="stranger"), a_book(nlv=10_000)) is None
