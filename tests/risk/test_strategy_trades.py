from decimal import Decimal

import pytest

from tests.builders import ALPHA, BETA, a_book, a_buy, a_sell
from trader.policy import Budget
from trader.risk.rules.strategy_trades import StrategyTrades

TWO = StrategyTrades(budgets={ALPHA: Budget(Decimal(5), max_trades_per_cycle=2), BETA: Budget(Decimal(5), 0)})


@pytest.mark.req("STR3")
@pytest.mark.parametrize(
    ("strategy", "entries_now", "passes"),
    [
        pytest.param(ALPHA, {}, True, id="the first"),
        pytest.param(ALPHA, {ALPHA: 1}, True, id="the second"),
        pytest.param(ALPHA, {ALPHA: 2}, False, id="one too many"),
        pytest.param(ALPHA, {BETA: 9}, True, id="others' entries do not count"),
        pytest.param(BETA, {}, False, id="a budget of none"),
        pytest.param("stranger", {}, False, id="no budget at all"),
    ],
)
def test_a_strategy_has_so_many_entries_an_instant(strategy, entries_now, passes):
    objection = TWO.check(a_buy(strategy=strategy), a_book(entries_now=entries_now))

    assert (objection is None) is passes
    assert objection is None or objection.permitted_usd == 0


@pytest.mark.req("STR3")
def test_exits_are_not_counted():
    assert TWO.check(a_sell(), a_book(entries_now={ALPHA: 9})) is None
