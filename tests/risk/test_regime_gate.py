from decimal import Decimal

import pytest

from tests.builders import a_book, a_buy, a_sell
from trader.risk.rules.regime_gate import RegimeGate


@pytest.mark.req("U3")
@pytest.mark.parametrize(
    ("multiplier", "open_"),
    [
        pytest.param("1.2", True, id="bull"),
        pytest.param("0.6", True, id="bear"),
        pytest.param("0.0", False, id="crash"),
        pytest.param("-1", False, id="nonsense"),
    ],
)
def test_a_regime_that_multiplies_by_nothing_admits_no_entry(multiplier, open_):
    objection = RegimeGate().check(a_buy(multiplier=Decimal(multiplier)), a_book())

    assert (objection is None) is open_
    assert objection is None or objection.permitted_usd == 0


@pytest.mark.req("U3")
def test_exits_run_in_a_crash():
    assert RegimeGate().check(a_sell(multiplier=Decimal(0)), a_book()) is None
